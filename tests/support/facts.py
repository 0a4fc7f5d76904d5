"""Facts as users yield them, and recorders and reports that were told some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import trio

from actors.errors import Outcome
from actors.events import Ending, Event, Execution, Interval, Measurement, Phase, Violation, ViolationKind
from sim.report.run_info import RunInfo
from tests.support.tallying import Recorder


def call(seconds: float = 0.1, outcome: Outcome = Outcome.OK, **fields: Any) -> Measurement:
    """A call of `note_share.read_note` that has just taken so long; fields as in `Measurement`."""
    now = trio.current_time()
    usual: dict[str, Any] = {
        "workflow": "note_share",
        "step": "read_note",
        "tool": "nc_notes_get_note",
        "user": "loadtest_user_1",
        "execution": 1,
        "started": now,
        "finished": now + seconds,
    }
    return Measurement(outcome=outcome, **(usual | fields))


def execution(seconds: float = 1.0, ending: Ending = Ending.SUCCEEDED, **fields: Any) -> Execution:
    """An execution of `note_share` that has just taken so long; fields as in `Execution`."""
    now = trio.current_time()
    usual: dict[str, Any] = {
        "workflow": "note_share",
        "number": 1,
        "cast": ("loadtest_user_1", "loadtest_user_2"),
        "started": now,
        "finished": now + seconds,
    }
    return Execution(ending=ending, **(usual | fields))


def violation(kind: ViolationKind, step: str = "read_note") -> Violation:
    return Violation(kind, "note_share", step, "loadtest_user_2", "the new", "the old", trio.current_time())


def propagation(lower_s: float, upper_s: float) -> Interval:
    return Interval("propagation", lower_s, upper_s, first_hit=lower_s == 0)


def recorder_of(facts: Iterable[Event]) -> Recorder:
    """A recorder to which all of it was measured."""
    recorder = Recorder(phase=Phase.MEASURED)
    for fact in facts:
        recorder(fact)
    return recorder


def run_info(**fields: Any) -> RunInfo:
    usual: dict[str, Any] = {
        "target": "a server",
        "clock": "virtual",
        "seed": 7,
        "config": {},
        "login": "nobody logged in",
        "protocols": {},
        "users": 2,
        "stopped": "the load profile ended",
        "cleanup": "Clean: nothing was created.",
        "left_behind": (),
        "exit_code": 0,
    }
    return RunInfo(**(usual | fields))
