"""A result with something in every part, for what is made of results. No server was asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import (
    CheckKind,
    Ending,
    Event,
    Lateness,
    OnStage,
    Phase,
    SetupStep,
    SetupTiming,
    Stalled,
    ViolationKind,
)
from sim.config.grammar.threshold import parse_threshold
from sim.measure.snapshot import GeneratorUsage
from sim.measure.thresholds import judge
from sim.report.result import Result
from tests.support.facts import call, execution, propagation, result_of, violation
from tests.support.tallying import Recorder

LIMITS = ("calls: p(95)<200ms", "errors: rate<50%", "lost_updates: count==0")
STEPS = (
    ("create_note", "nc_notes_create_note", 0),
    ("share_note", "nc_share_create", 0),
    ("list_shared_with_me", "nc_share_list", 1),
    ("read_shared_note", "nc_notes_get_note", 1),
)


def busy_result(seconds: int = 60, seed: int = 1, text: str = "no room", **fields: Any) -> Result:
    """Of a run of so many seconds, the same for the same arguments. `text` stands wherever a server's may."""

    async def play() -> Result:
        random, recorder = Random(f"{seed}/busy"), Recorder(phase=Phase.SETUP)
        for number in range(6):
            began = trio.current_time()
            recorder(
                SetupTiming(SetupStep.LOGIN, f"user_{number}", Outcome.OK, began, began + random.random())
            )
        recorder.close_window(trio.current_time(), GeneratorUsage(0.1, 90_000_000))
        recorder.enter(Phase.MEASURED)
        for second in range(seconds):
            for event in a_second(random, second, text):
                recorder(event)
            await trio.sleep(1)
            recorder.close_window(
                trio.current_time(), GeneratorUsage(random.random() / 4, 100_000_000 + second)
            )
        verdicts = tuple(judge(parse_threshold(limit), recorder.settled()) for limit in LIMITS)
        told = {"verdicts": verdicts, "users": 6, "clock": "wall", "command": ("simulate", "--users", "6")}
        return result_of(recorder, **(told | fields))

    return trio.run(play, clock=MockClock(autojump_threshold=0))


def a_second(random: Random, second: int, text: str) -> Iterator[Event]:
    """Executions of two groups in two regions; now and then an error, a conflict, a violation, a stall."""
    yield OnStage(trio.current_time(), "", 6.0, min(6, second))
    yield Lateness(trio.current_time(), random.random() / 1000)
    if second % 20 == 10:
        yield Stalled(trio.current_time(), 0.01)
    for place in range(5):
        number, where = (
            second * 5 + place + 1,
            {"region": ("eu", "ap")[place % 2], "group": ("a", "b")[place % 2]},
        )
        begun = at = trio.current_time() + place / 10
        for step, tool, role in STEPS:
            took = random.lognormvariate(-2.5 + second / 60, 0.5)
            yield call(
                **where,
                step=step,
                tool=tool,
                user=f"user_{role}",
                execution=number,
                started=at,
                finished=at + took,
            )
            at += took
        if second % 7 == 3:
            failed = {"outcome": Outcome.TOOL_ERROR, "status": 412 if place else 500, "text": text}
            yield call(0.02, **where, **failed, execution=number, is_expected=bool(place))
        seen = (violation(ViolationKind.LOST_UPDATE),) if number % 40 == 7 else ()
        yield execution(
            **where,
            number=number,
            cast=("user_0", "user_1"),
            started=begun,
            finished=at,
            ending=Ending.FAILED if seen else Ending.SUCCEEDED,
            violations=seen,
            conflicts=int(bool(place)),
            intervals=(propagation(0.0 if place else 0.02, 0.02 + took),),
            checks={CheckKind.CONTENT: 2, CheckKind.PROPAGATION: 1},
        )
