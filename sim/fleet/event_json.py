"""Events of a shard as JSON, with instants that count from its start, and back on the clock of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs
import msgspec

from actors.events import (
    Call,
    Event,
    Execution,
    Note,
    PhaseBegan,
    Removed,
    RunEnded,
    SetupTiming,
    StepBegan,
    StepEnded,
    Violation,
)
from actors.text import harmless
from sim.measure.snapshot import Snapshot

KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Call, Execution, Note, PhaseBegan, Removed, RunEnded, SetupTiming, StepBegan, StepEnded)
}
"""What is told one by one. Calls and executions are in the windows too: those are for who looks on alone."""
INSTANTS = ("at", "started", "finished", "due")
MAX_SHOWN = 200
Told = TypeVar("Told")


class BadEvent(ValueError):
    """It is none; the text says why, in one line."""


def event_to_json(event: Event) -> dict[str, Any]:
    """Plain values, as JSON has them; the arguments of calls stay where they are."""
    told = msgspec.structs.replace(event, arguments=None) if isinstance(event, Call) else event
    plain: dict[str, Any] = msgspec.to_builtins(told)
    return {**plain, "is": type(event).__name__}


def event_from_json(document: Mapping[str, Any]) -> Event:
    """Raises BadEvent."""
    kind = KINDS.get(str(document.get("is")))
    if kind is None:
        raise BadEvent(f"no such event: {harmless(str(document.get('is')), MAX_SHOWN)}")
    try:
        event: Event = msgspec.convert({k: v for k, v in document.items() if k != "is"}, kind)
        return event
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"{kind.__name__}: {harmless(str(error), MAX_SHOWN)}") from None


def shifted(event: Told, by_s: float) -> Told:
    """The same on a clock that shows so many seconds more."""
    instants = {name: value + by_s for name in INSTANTS if (value := getattr(event, name, None)) is not None}
    if isinstance(event, msgspec.Struct):
        return msgspec.structs.replace(event, **instants)
    if isinstance(event, Execution):
        violations = tuple(shifted(each, by_s) for each in event.violations)
        return attrs.evolve(event, violations=violations, **instants)
    return attrs.evolve(event, **instants) if instants else event  # type: ignore[misc]


def shifted_window(window: Snapshot, by_s: float) -> Snapshot:
    """The same, and all instants in it. Its leaves are changed: nobody else may have them."""
    leaves = window.leaves
    for place, due in enumerate(leaves.dropped_due):
        leaves.dropped_due[place] = due + by_s
    for story in leaves.stories.values():
        story.examples = [moved(each, by_s) for each in story.examples]
    return attrs.evolve(window, started=window.started + by_s)


def moved(violation: Violation, by_s: float) -> Violation:
    return attrs.evolve(violation, at=violation.at + by_s)
