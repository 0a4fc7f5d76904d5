"""Verdicts on thresholds: told when they change in mid-run, and once more at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Event, Judged
from sim.config.grammar.shapes import Profile
from sim.load.watchdog import Watchdog
from tests.support.facts import call, result_of
from tests.support.limits import SEARCH_S, limits_of, search, slow_from, watched
from tests.support.tallying import Recorder

RUN_S = 60.0


async def judged_in(
    recorder: Recorder,
    *texts: str,
    fact_at: Callable[[float], Event],
    run_s: float = RUN_S,
    profile: Profile | None = None,
) -> tuple[list[Judged], Watchdog]:
    """What was told of these limits, in a run in which `fact_at` says what is measured."""
    limits = limits_of(recorder, *texts, profile=profile)
    with recorder.hub.subscribe(lambda told: isinstance(told, Judged)) as told:
        await watched(limits, recorder, fact_at, run_s)
        limits.conclude()
        found = [each for each in told.take() if isinstance(each, Judged)]
    return found, limits


async def test_a_verdict_is_told_when_it_changes_and_at_the_end(autojump_clock: MockClock) -> None:
    """Slow for ten seconds of sixty: the mean goes above a second, and below it again."""
    recorder = Recorder()
    begun = trio.current_time()

    def fact_at(elapsed: float) -> Event:
        return call(9.0 if 20 < elapsed < 30 else 0.1)

    told, limits = await judged_in(recorder, "calls: avg<2s", fact_at=fact_at, run_s=80.0)
    changes = [(each.at - begun, each.held, each.is_final) for each in told]
    # (20·0.1 + n·9)/(20 + n) > 2 from n = 6 on; 92/(20 + 10 + m) < 2 from m = 17 on.
    assert changes == [(26, False, False), (47, True, False), (80, True, True)]
    verdict = limits.verdicts()[0]
    assert verdict.held and verdict.broke_at == begun + 26
    assert told[0].text.startswith("calls: avg<2s: ")


async def test_what_never_breaks_is_told_once_and_what_was_never_measured_never_broke(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    texts = ("calls: max<1s", "propagation: max<1s")
    told, limits = await judged_in(recorder, *texts, fact_at=slow_from(99))
    assert [(each.threshold, each.held, each.is_final) for each in told] == [
        (texts[0], True, True),
        (texts[1], False, True),
    ]
    assert [verdict.broke_at for verdict in limits.verdicts()] == [None, None]


async def test_the_limit_that_ends_a_run_is_told_before_it_does(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    begun = trio.current_time()
    told, limits = await judged_in(recorder, "calls: max<1s abort", fact_at=slow_from(20))
    assert [(each.at - begun, each.held, each.aborts) for each in told] == [
        (21, False, True),
        (21, False, True),
    ]
    assert limits.verdicts()[0].broke_at == begun + 21


async def test_a_search_tells_of_its_limits_by_the_interval_and_of_others_by_the_whole(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    begun = trio.current_time()
    texts = ("calls: med<1s abort", "errors: count<10")

    def fact_at(elapsed: float) -> Event:
        return call(
            5.0 if elapsed > 50 else 0.1,
            Outcome.TOOL_ERROR if elapsed < 20 and elapsed % 2 < 1 else Outcome.OK,
        )

    told, _ = await judged_in(recorder, *texts, fact_at=fact_at, run_s=SEARCH_S, profile=search())
    changes = [(each.threshold, round(each.at - begun, 1), each.held) for each in told if not each.is_final]
    assert changes == [(texts[1], 20.0, False), (texts[0], 51.7, False)]
    assert [each.held for each in told if each.is_final] == [False, False]


async def test_the_result_says_when_a_limit_was_first_broken_since_the_beginning(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    await trio.sleep(7)
    _, limits = await judged_in(recorder, "calls: max<1s", "calls: count>0", fact_at=slow_from(20))
    result = result_of(recorder, verdicts=limits.verdicts())
    assert [limit.broke_at for limit in result.thresholds] == [pytest.approx(28), None]
