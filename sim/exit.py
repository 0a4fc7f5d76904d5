"""How a run ended, as a number for the shell."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit codes.

    Of several that apply the first of these counts: INTERNAL, LEFT_BEHIND, INTERRUPTED or TERMINATED,
    SETUP_FAILED, VIOLATIONS, THRESHOLD, OK. A run without one successful call is never OK.
    """

    OK = 0
    INTERNAL = 1
    """A bug: a traceback was printed."""
    USAGE = 2
    """What was asked for cannot be done; nothing was created."""
    SETUP_FAILED = 3
    """The run could not start, or not one call succeeded."""
    LEFT_BEHIND = 4
    """Something that was created could not be removed; it was named."""
    VIOLATIONS = 5
    """Somebody saw what he must not see, or did not see what he must."""
    THRESHOLD = 99
    """A threshold was broken (the code that k6 uses)."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, and clean (128 + SIGINT)."""
    TERMINATED = 143
    """Ended by SIGTERM, and clean (128 + SIGTERM)."""
