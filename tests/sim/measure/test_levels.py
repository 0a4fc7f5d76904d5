"""What was measured at each load that was held for a while, and whether the thresholds held there."""

from __future__ import annotations

import pickle
import random

import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import OnStage, Phase
from sim.config.grammar.threshold import parse_threshold
from sim.measure.levels import LEVEL_BUFFER, MAX_LEVELS, LevelFigures
from sim.measure.thresholds import judge
from tests.support.facts import call
from tests.support.tallying import Recorder


async def seconds(
    recorder: Recorder, *wanted: float, slow_s: float = 0.1, group: str = "", unit: str = "users"
) -> None:
    """A window of a second for each, with ten calls in it."""
    for each in wanted:
        recorder(OnStage(trio.current_time(), group, each, 4, unit))
        for _ in range(10):
            recorder(call(slow_s))
        await trio.sleep(1)
        recorder.hub.close_window()


def levels(recorder: Recorder) -> list[tuple[float, float, float, int]]:
    return [
        (each.wanted, each.begun - recorder.started, each.seconds, each.calls)
        for each in recorder.levels.figures()
    ]


async def test_each_load_that_was_held_is_a_level_with_all_its_calls_wherever_they_were(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder(Phase.MEASURED)
    await seconds(recorder, 5, 5, 8, 9, 9)
    await seconds(recorder, 9, slow_s=0.3)
    await seconds(recorder, 5, 5)
    assert levels(recorder) == [(5, 0.0, 4.0, 40), (9, 3.0, 3.0, 30)]
    assert [level.service.max for level in recorder.levels.figures()] == pytest.approx([0.1, 0.3])


async def test_only_the_measured_phase_has_levels(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.WARMUP)
    assert levels(recorder) == []
    await seconds(recorder, 5, 5)
    recorder.enter(Phase.MEASURED)
    await seconds(recorder, 5, 5)
    recorder.enter(Phase.GRACE)
    await seconds(recorder, 5)
    assert [level.seconds for level in recorder.levels.figures()] == [2.0]


async def test_their_number_is_bounded_and_the_longest_stay(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.MEASURED)
    await seconds(recorder, *[1.0] * 5)
    for number in range(MAX_LEVELS + 20):
        await seconds(recorder, number + 2.0, number + 2.0)
    found = recorder.levels.figures()
    assert len(found) == MAX_LEVELS
    assert found[0].wanted == 1


async def test_arrivals_a_second_are_levels_of_their_own_beside_users(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.MEASURED)
    for rate in (2.5, 2.5, 2.5, 7.5, 7.5):
        recorder(OnStage(trio.current_time(), "open", rate, 9, "arrivals/s"))
        recorder(OnStage(trio.current_time(), "more", 1.0, 9, "arrivals/s"))
        await seconds(recorder, 4, group="closed")
    found = [(each.unit, each.wanted, each.seconds) for each in recorder.levels.figures()]
    assert found == [("arrivals/s", 3.5, 3.0), ("arrivals/s", 8.5, 2.0), ("users", 4, 5.0)]


async def test_a_level_of_many_calls_is_what_the_whole_run_says_of_them_in_few_points(
    autojump_clock: MockClock,
) -> None:
    recorder, draws = Recorder(Phase.MEASURED), random.Random(1)
    recorder(OnStage(trio.current_time(), "", 5, 5))
    for _ in range(20):
        for number in range(1_000):
            recorder(call(draws.lognormvariate(-3, 0.7), step=f"step_{number % 2}"))
        await trio.sleep(1)
        recorder.hub.close_window()
    (level,) = recorder.levels.figures()
    whole = recorder.settled()
    assert level.leaves.counts_in() == whole.counts_in()
    assert level.service.total == pytest.approx(whole.ended.total)
    for text in ("p(50)", "p(95)", "p(99)", "p(99.9)", "max"):
        limit = parse_threshold(f"calls: {text}<1s")
        assert judge(limit, level.leaves).measured == pytest.approx(judge(limit, whole).measured, rel=0.02)
    sizes = [len(pickle.dumps(leaf.service)) for leaf in level.leaves.steps.values()]
    assert max(sizes) < 8 * LEVEL_BUFFER + 4_000


async def level_of(*facts: tuple[float, Outcome]) -> LevelFigures:
    recorder = Recorder(Phase.MEASURED)
    recorder(OnStage(trio.current_time(), "", 5, 5))
    for seconds_, outcome in facts:
        recorder(call(seconds_, outcome))
    for _ in range(2):
        await trio.sleep(1)
        recorder.hub.close_window()
    return recorder.levels.figures()[0]


@pytest.mark.parametrize(
    ("texts", "held"),
    [
        (["calls: max<1s"], True),
        (["calls: max<0.05s"], False),
        (["calls: max<1s", "errors: rate<1%"], False),
        (["calls: rate>=1/s"], True),
        (["calls: rate>1.5/s"], False),
        (["violations: count==0"], None),
        (["calls: max<1s", "propagation: max<1s"], None),
        (["calls: max<0.05s", "propagation: max<1s"], False),
        # Of part of a run there are fewer than of the whole.
        (["calls: count>1000"], None),
        (["calls: max<1s", "calls: count>1000"], True),
        ([], None),
    ],
)
async def test_a_level_held_when_all_thresholds_did_that_can_be_judged_on_it(
    autojump_clock: MockClock, texts: list[str], held: bool | None
) -> None:
    level = await level_of((0.1, Outcome.OK), (0.1, Outcome.TOOL_ERROR))
    assert level.held([parse_threshold(text) for text in texts]) is held


async def test_each_level_is_judged_by_what_ended_in_it(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.MEASURED)
    await seconds(recorder, 5, 5)
    await seconds(recorder, 9, 9, slow_s=3)
    limits = [parse_threshold("calls: p(95)<1s")]
    assert [level.held(limits) for level in recorder.levels.figures()] == [True, False]
