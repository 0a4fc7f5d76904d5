"""Limits are judged on exactly what they name, and never hold where nothing was measured."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.errors import Outcome
from actors.measurement import (
    Ending,
    Execution,
    Interval,
    Measurement,
    Missed,
    NotStarted,
    Phase,
    Violation,
    ViolationKind,
)
from sim.grammar.threshold import parse_threshold
from sim.measure.recorder import Recorder
from sim.measure.thresholds import judge


def call(seconds: float, outcome: Outcome = Outcome.OK, **fields: Any) -> Measurement:
    named = {"workflow": "note_share", "step": "read", "tool": "t", "user": "ann", "execution": 1, **fields}
    now = trio.current_time()
    return Measurement(outcome=outcome, started=now, finished=now + seconds, **named)


def execution(seconds: float, ending: Ending = Ending.SUCCEEDED, **fields: Any) -> Execution:
    now = trio.current_time()
    named = {"workflow": "note_share", "number": 1, "cast": ("ann", "bob"), **fields}
    return Execution(ending=ending, started=now, finished=now + seconds, **named)


async def measured() -> Recorder:
    """Ten seconds in which something of everything happened."""
    recorder = Recorder()
    recorder(call(9.0))
    await trio.sleep(1)
    recorder.enter(Phase.MEASURED)
    for tenths in range(1, 11):
        recorder(call(tenths / 10, group="editors" if tenths > 5 else "readers", region="eu"))
    for _ in range(3):
        recorder(call(0.01, Outcome.TOOL_ERROR, status=412))
    recorder(call(0.01, Outcome.TOOL_ERROR, status=404))
    recorder(call(0.01, Outcome.TRANSPORT_ERROR, step="share", reason="cut"))
    recorder(call(0.01, Outcome.INTERRUPTED))
    lost = Violation(ViolationKind.LOST_UPDATE, "note_share", "read", "ann", "x", "y", 1.0)
    recorder(execution(2.0, intervals=(Interval("propagation", 0.0, 0.3, True),)))
    recorder(execution(4.0, violations=(lost, lost), ending=Ending.FAILED, conflicts=3))
    recorder(NotStarted("note_share", Missed.DROPPED, trio.current_time()))
    recorder.lateness.add(0.002)
    await trio.sleep(10)
    return recorder


CASES = [
    ("calls: max<=1s", True, 1.0),
    ("calls: min<100ms", False, 0.1),
    ("calls: med<560ms", True, 0.55),
    ("calls: avg<550ms", False, 0.55),
    ("calls: count==15", True, 15),
    ("calls: rate>1/s", True, 1.5),
    ("calls{group:readers}: max<=500ms", True, 0.5),
    ("calls{group:editors}: min>500ms", True, 0.6),
    ("calls{region:eu}: max<1s", False, 1.0),
    ("calls{group:editors,region:eu}: max<=1s", True, 1.0),
    ("note_share.read: max<=1s", True, 1.0),
    ("note_share.read: count==14", True, 14),
    ("note_share.share: rate<50%", False, 1.0),
    ("note_share: p(100)<=2s", True, 2.0),
    ("note_share: count==2", True, 2),
    ("note_share: rate<=50%", True, 0.5),
    ("executions: rate<1%", False, 0.5),
    ("executions: rate>0.1/s", True, 0.2),
    ("errors: count==2", True, 2),
    ("errors: rate<13%", False, 2 / 15),
    ("errors: rate<0.3/s", True, 0.2),
    ("propagation: p(99)<300ms", False, 0.3),
    ("propagation: count>=1", True, 1),
    ("lost_updates: count==0", False, 2),
    ("violations: count==2", True, 2),
    ("stale_reads: count==0", True, 0),
    ("conflicts: count<=3", True, 3),
    ("dropped: rate<34%", True, 1 / 3),
    ("postponed: count==0", True, 0),
    ("lateness: p(99)<5ms", True, 0.002),
]


@pytest.mark.parametrize(("text", "held", "value"), CASES)
async def test_a_limit_is_compared_with_what_it_names(
    autojump_clock: object, text: str, held: bool, value: float
) -> None:
    verdict = judge(parse_threshold(text), await measured())
    assert verdict.measured == pytest.approx(value)
    assert verdict.held is held
    assert str(verdict).startswith(f"{text}: ")


@pytest.mark.parametrize(
    "text",
    ["fan_out: p(95)<1s", "calls{region:mars}: max<1s", "response: max<9s", "note_share.gone: count<9"],
)
async def test_what_was_never_measured_does_not_hold(autojump_clock: object, text: str) -> None:
    verdict = judge(parse_threshold(text), await measured())
    assert verdict.measured is None
    assert not verdict.held
    assert str(verdict) == f"{text}: nothing was measured"


async def test_in_the_open_model_latency_counts_from_when_it_was_due(autojump_clock: object) -> None:
    recorder = Recorder(phase=Phase.MEASURED)
    await trio.sleep(5)
    now = trio.current_time()
    recorder(call(0.1, due=now - 2.0))
    recorder(execution(0.1, due=now - 3.0))
    assert judge(parse_threshold("response: max<1s"), recorder).measured == pytest.approx(2.1)
    assert judge(parse_threshold("note_share: max<1s"), recorder).measured == pytest.approx(3.1)
    assert judge(parse_threshold("calls: max<1s"), recorder).measured == pytest.approx(0.1)
