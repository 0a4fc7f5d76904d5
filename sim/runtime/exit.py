"""How a run ended, as a number for the shell."""

from __future__ import annotations

import enum
import signal

import attrs


class ExitCode(enum.IntEnum):
    """Exit codes.

    Which of several that apply counts is said by `exit_code`. A run, or a workflow that was played, without
    one success is never OK.
    """

    OK = 0
    INTERNAL = 1
    """A bug: a traceback was printed."""
    USAGE = 2
    """What was asked for cannot be done; nothing was created."""
    SETUP_FAILED = 3
    """The run could not start, not one call succeeded, or some workflow failed each time."""
    LEFT_BEHIND = 4
    """Something that was created could not be removed; it was named."""
    VIOLATIONS = 5
    """Somebody saw what they must not see, or did not see what they must."""
    NOT_WRITTEN = 6
    """All is well, but the results could not be written where they were to go."""
    INCONCLUSIVE = 6
    """A comparison that was to be strict, and could not tell; a run that lost one of its shards, or in which
    a workflow never came to its end."""
    WORSE = 98
    """What was compared has become worse."""
    THRESHOLD = 99
    """A threshold was broken (the code that k6 uses)."""
    HUNG_UP = 129
    """Ended by SIGHUP (the terminal has gone), and clean (128 + SIGHUP)."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, and clean (128 + SIGINT)."""
    TERMINATED = 143
    """Ended by SIGTERM, and clean (128 + SIGTERM)."""


@attrs.frozen
class Trouble:
    """All that may be wrong at the end of a command, the worst first.

    Attributes:
        bug: nobody expected it.
        left_behind: something that was created is, or may be, still there.
        signal: the one that ended it.
        failed: it could not begin, or nothing at all succeeded.
        violated: a violation of consistency, where they are not allowed.
        broken: a threshold does not hold, or stopped the run.
        fruitless: some workflow came to its end, and never to a good one; or none was played.
        unfinished: all executions of some workflow were cut off by the end of the run.
        degraded: a part of the load was lost on the way.
        not_written: results are not where they were to go.
    """

    bug: bool = False
    left_behind: bool = False
    signal: signal.Signals | None = None
    failed: bool = False
    violated: bool = False
    broken: bool = False
    fruitless: bool = False
    unfinished: bool = False
    degraded: bool = False
    not_written: bool = False


def exit_code(trouble: Trouble) -> ExitCode:
    """Of all that is wrong, the worst."""
    codes = (
        (trouble.bug, ExitCode.INTERNAL),
        (trouble.left_behind, ExitCode.LEFT_BEHIND),
        (trouble.signal is not None, code_of_signal(trouble.signal)),
        (trouble.failed, ExitCode.SETUP_FAILED),
        (trouble.violated, ExitCode.VIOLATIONS),
        (trouble.broken, ExitCode.THRESHOLD),
        (trouble.fruitless, ExitCode.SETUP_FAILED),
        (trouble.degraded or trouble.unfinished, ExitCode.INCONCLUSIVE),
        (trouble.not_written, ExitCode.NOT_WRITTEN),
    )
    return next((code for applies, code in codes if applies), ExitCode.OK)


def code_of_signal(number: signal.Signals | None) -> ExitCode:
    """As a shell says it."""
    codes = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGHUP: ExitCode.HUNG_UP}
    return ExitCode.INTERRUPTED if number is None else codes.get(number, ExitCode.INTERRUPTED)
