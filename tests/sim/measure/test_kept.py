"""Executions that are kept: few, whole, and the ones somebody will ask about."""

from __future__ import annotations

import pytest

from actors.errors import Outcome
from actors.events import Ending, Phase, ViolationKind
from sim.measure.kept import MAX_KEPT, MAX_PLAYING, MAX_SAMPLE, MAX_SPANS, Kept
from tests.support.facts import call, execution, violation


async def test_the_slowest_are_kept_with_all_their_calls_and_no_more_of_them(autojump_clock: object) -> None:
    kept = Kept()
    for number in range(1, 50):
        for step in ("one", "two"):
            kept.note_call(call(execution=number, step=step), "ok")
        kept.note_execution(execution(float(number), number=number), Phase.MEASURED)
    slowest = kept.stories["note_share"].slowest
    assert [each.execution.number for each in slowest] == [49, 48, 47, 46, 45][:MAX_KEPT]
    assert [span.step for span in slowest[0].spans] == ["one", "two"]


async def test_the_first_that_failed_and_those_that_saw_what_is_wrong_are_kept(
    autojump_clock: object,
) -> None:
    kept = Kept()
    for number in range(1, 20):
        violations = (violation(ViolationKind.STALE_READ),) if number % 2 else ()
        kept.note_call(call(execution=number, outcome=Outcome.TOOL_ERROR), "tool_error")
        kept.note_execution(
            execution(number=number, ending=Ending.FAILED, violations=violations), Phase.WARMUP
        )
    story = kept.stories["note_share"]
    assert [each.execution.number for each in story.violated] == [1, 3, 5, 7, 9][:MAX_KEPT]
    assert [each.execution.number for each in story.failed][:4] == [2, 4, 6, 8]
    assert story.slowest == []


async def test_a_story_that_calls_without_end_is_cut(autojump_clock: object) -> None:
    kept = Kept()
    for _ in range(3 * MAX_SPANS):
        kept.note_call(call(execution=1), "ok")
    kept.note_execution(execution(number=1), Phase.MEASURED)
    assert len(kept.stories["note_share"].slowest[0].spans) == MAX_SPANS


async def test_calls_told_after_the_end_of_their_execution_do_not_add_up(autojump_clock: object) -> None:
    kept = Kept()
    for number in range(1, MAX_PLAYING + 500):
        kept.note_call(call(execution=number), "ok")
    kept.note_call(call(execution=MAX_PLAYING + 500, step="last"), "ok")
    kept.note_execution(execution(number=1), Phase.MEASURED)
    kept.note_execution(execution(number=MAX_PLAYING + 500), Phase.MEASURED)
    spans = {each.execution.number: each.spans for each in kept.stories["note_share"].slowest}
    assert spans[1] == () and len(spans[MAX_PLAYING + 500]) == 1


async def test_a_usual_execution_is_kept_however_many_there_were(autojump_clock: object) -> None:
    kept = Kept()
    for number in range(1, 1001):
        kept.note_execution(execution(number / 100, number=number), Phase.MEASURED)
    story = kept.stories["note_share"]
    assert len(story.sample) <= MAX_SAMPLE
    usual = story.usual(5.0)
    assert usual is not None and usual.seconds == pytest.approx(5.0, abs=0.4)
    assert kept.stories["another"].usual(5.0) is None
