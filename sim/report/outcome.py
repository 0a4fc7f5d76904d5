"""How a run ended: from what happened to one exit code and one line on what is left."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from actors.secret import Secret
from sim.clean.remover import CleanupResult
from sim.config.model import Config
from sim.exit import ExitCode
from sim.measure.summary import Summary
from sim.measure.thresholds import Verdict


@attrs.define
class Ending:
    """What is known of a run's end, gathered as it comes."""

    problem: str = ""
    """Why the set-up failed, "" when it did not."""
    bug: Exception | None = None
    """What nobody expected, and ended the run."""
    signal: signal.Signals | None = None
    cleanup: CleanupResult | None = None
    """None: nothing was to be removed, or it was not tried."""
    ledger_path: str = ""
    kept: bool = False
    """Whether users were kept because that was asked for."""


def exit_code(
    config: Config,
    ending: Ending,
    summary: Summary,
    verdicts: Sequence[Verdict],
    succeeded: int,
    *,
    broken: bool,
) -> ExitCode:
    """The first that applies, in the order that `ExitCode` names."""
    if ending.bug is not None:
        return ExitCode.INTERNAL
    if ending.cleanup is not None and not ending.cleanup.is_clean:
        return ExitCode.LEFT_BEHIND
    if ending.signal is not None:
        return code_of_signal(ending.signal)
    if ending.problem or not succeeded:
        return ExitCode.SETUP_FAILED
    if summary.violations and not config.stories.allow_violations:
        return ExitCode.VIOLATIONS
    if broken or not all(verdict.held for verdict in verdicts):
        return ExitCode.THRESHOLD
    if without_success(summary):
        return ExitCode.SETUP_FAILED
    return ExitCode.OK


def code_of_signal(number: signal.Signals) -> ExitCode:
    """As a shell says it."""
    codes = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGHUP: ExitCode.HUNG_UP}
    return codes.get(number, ExitCode.INTERRUPTED)


def without_success(summary: Summary) -> list[str]:
    """Workflows that were played, and of which not one execution succeeded."""
    return [name for name, story in summary.stories.items() if story.total and not story.succeeded]


def cleanup_text(ending: Ending) -> str:
    """What became of what was created; "Clean" only when that is known."""
    command = f"simulate cleanup --ledger {ending.ledger_path}"
    if ending.kept:
        return f"Kept as asked. This removes everything: {command}"
    if ending.cleanup is None:
        return "Clean: nothing was created."
    if not ending.cleanup.is_clean:
        names = ", ".join(ending.cleanup.remaining)
        return f"LEFT BEHIND: {names}. To try again: {command}"
    expiring = "".join(
        f" An OAuth client named {name!r} may exist, and expires by itself."
        for name in ending.cleanup.expiring
    )
    return f"Clean: {ending.cleanup.removed} things created, {ending.cleanup.removed} removed.{expiring}"


def plain(value: Any) -> Any:
    """A configuration as JSON values, without secrets."""
    match value:
        case Secret():
            return None
        case Enum():
            return value.value
        case Path():
            return str(value)
        case dict():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case str() | int() | float() | bool() | None:
            return value
        case _ if attrs.has(type(value)) and "__str__" not in vars(type(value)):
            # What has a text of its own (a profile, a distribution, a threshold) is that text.
            return {
                f.name: plain(getattr(value, f.name))
                for f in attrs.fields(type(value))
                if f.name != "admin_password"
            }
        case _:
            return str(value)
