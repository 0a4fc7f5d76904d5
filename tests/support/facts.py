"""Facts as users yield them, and recorders and reports that were told some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import trio

from actors.errors import Outcome
from actors.events import Call, Ending, Event, Execution, Interval, Phase, Violation, ViolationKind
from sim.clean.end import CleanupEnd
from sim.config.model import Config, Load, LoginOptions, Output, StoryOptions, Target, UserOptions
from sim.measure.summary import Summary, summarize
from sim.report.building import build_result
from sim.report.facts import RunFacts
from sim.report.result import Result
from tests.support.tallying import Recorder


def call(seconds: float = 0.1, outcome: Outcome = Outcome.OK, **fields: Any) -> Call:
    """A call of `note_share.read_note` that has just taken so long; fields as in `Call`."""
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
    return Call(outcome=outcome, **(usual | fields))


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


CONFIG = Config(Target(), LoginOptions(), UserOptions(), Load(()), StoryOptions(), Output())


def run_facts(**fields: Any) -> RunFacts:
    """Of a run that went well; fields as in `RunFacts`."""
    usual: dict[str, Any] = {
        "target": "a server",
        "clock": "virtual",
        "login": "nobody logged in",
        "users": 2,
        "stopped": "the load profile ended",
        "cleanup": CleanupEnd(),
    }
    return RunFacts(**(usual | fields))


def result_of(known: Recorder | Summary, **fields: Any) -> Result:
    """The document of such a run; fields as in `RunFacts`, or as in the document itself."""
    names = {field.name for field in attrs.fields(RunFacts)}
    facts = run_facts(**{name: value for name, value in fields.items() if name in names})
    summary = summarize(known) if isinstance(known, Recorder) else known
    result = build_result(CONFIG, summary, facts)
    return attrs.evolve(result, **{name: value for name, value in fields.items() if name not in names})
