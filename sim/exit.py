"""How a run ended, as a number for the shell."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit codes.

    Of several that apply the first of these counts: INTERNAL; LEFT_BEHIND; HUNG_UP, INTERRUPTED or
    TERMINATED; SETUP_FAILED for the run; VIOLATIONS; THRESHOLD; SETUP_FAILED for a workflow; NOT_WRITTEN;
    OK. A run, or a workflow that was played, without one success is never OK.
    """

    OK = 0
    INTERNAL = 1
    """A bug: a traceback was printed."""
    USAGE = 2
    """What was asked for cannot be done; nothing was created."""
    SETUP_FAILED = 3
    """The run could not start, not one call succeeded, or not one execution of some workflow did."""
    LEFT_BEHIND = 4
    """Something that was created could not be removed; it was named."""
    VIOLATIONS = 5
    """Somebody saw what they must not see, or did not see what they must."""
    NOT_WRITTEN = 6
    """All is well, but the results could not be written where they were to go."""
    THRESHOLD = 99
    """A threshold was broken (the code that k6 uses)."""
    HUNG_UP = 129
    """Ended by SIGHUP (the terminal has gone), and clean (128 + SIGHUP)."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, and clean (128 + SIGINT)."""
    TERMINATED = 143
    """Ended by SIGTERM, and clean (128 + SIGTERM)."""
