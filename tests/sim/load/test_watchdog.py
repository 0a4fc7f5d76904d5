"""Limits while a run goes on: when one stops it, and what a search calls held and broken."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending
from sim.config.grammar.shapes import ClosedProfile
from sim.load.watchdog import Breakpoint
from tests.support.facts import call, execution
from tests.support.limits import SEARCH_S, limits_of, search, slow_from, watched
from tests.support.tallying import Recorder


async def test_a_broken_limit_ends_the_watch_within_a_second(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort")
    stopped, at = await watched(limits, recorder, slow_from(20))
    assert stopped == "threshold broken after 21.0s: calls: max<1s abort: 5s"
    assert at == 21
    assert limits.stopped_it
    assert limits.breakpoint is None


async def test_a_limit_counts_from_its_own_time_on(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort after 30s")
    _, at = await watched(limits, recorder, slow_from(0))
    assert at == 30


async def test_a_limit_without_abort_stops_nothing(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s")
    assert await watched(limits, recorder, slow_from(0)) == ("", 600)
    assert not limits.stopped_it


async def test_before_the_first_answer_nothing_is_broken(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort")
    assert await watched(limits, recorder, lambda elapsed: None) == ("", 600)


async def test_a_look_is_at_the_whole_run_so_far(autojump_clock: MockClock) -> None:
    """One in a hundred fails after a hundred good ones: the limit of five per cent goes on holding."""
    recorder = Recorder()
    limits = limits_of(recorder, "errors: rate<5% abort")
    failing = Outcome.TOOL_ERROR
    stopped, _ = await watched(
        limits, recorder, lambda elapsed: call(outcome=failing if elapsed % 100 == 99.5 else Outcome.OK)
    )
    assert stopped == ""


async def test_a_long_run_is_looked_at_less_often(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=ClosedProfile.constant(1, 3600.0))
    _, at = await watched(limits, recorder, slow_from(0))
    assert at == 6


async def test_a_search_names_the_last_rate_that_held_and_the_first_that_did_not(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search())
    stopped, _ = await watched(limits, recorder, slow_from(50), SEARCH_S)
    assert limits.breakpoint is not None
    interval = SEARCH_S / 60
    assert limits.breakpoint.held == pytest.approx(2 * 30 * interval)
    assert limits.breakpoint.broke == pytest.approx(2 * 31 * interval)
    assert limits.breakpoint.by == ("calls: max<1s abort: 5s",)
    assert str(limits.breakpoint) == "100/s held, 103.3/s did not (calls: max<1s abort: 5s)"
    assert stopped == "threshold broken after 51.7s: calls: max<1s abort: 5s"


async def test_a_search_forgets_what_was_good_at_lower_rates(autojump_clock: MockClock) -> None:
    """Over the whole run the median is still good when it breaks."""
    recorder = Recorder()
    limits = limits_of(recorder, "calls: med<1s abort", profile=search())
    await watched(limits, recorder, slow_from(50), SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.broke == pytest.approx(103.3, abs=0.1)


async def test_a_search_in_which_nothing_breaks_held_up_to_the_end(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<10s abort", profile=search())
    assert await watched(limits, recorder, slow_from(50), SEARCH_S + 0.1) == ("", pytest.approx(100.1))
    assert str(limits.breakpoint) == "200/s held, up to the end of the profile"
    assert not limits.stopped_it


async def test_an_interval_in_which_nothing_came_to_an_end_decides_nothing(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search())
    stopped, _ = await watched(
        limits, recorder, lambda elapsed: call() if elapsed % 4 == 0.5 else None, SEARCH_S + 0.1
    )
    assert stopped == ""
    assert limits.breakpoint is not None and limits.breakpoint.broke is None


async def test_a_server_that_falls_silent_is_broken_once_an_answer_was_due(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search(), patience_s=10)
    stopped, at = await watched(limits, recorder, lambda elapsed: call() if elapsed < 50 else None, SEARCH_S)
    assert stopped.endswith("calls: max<1s abort: nothing was measured")
    assert 60 < at < 62
    assert limits.breakpoint is not None
    assert limits.breakpoint.held == pytest.approx(100)


async def test_silence_at_the_end_of_a_search_is_not_called_holding(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search(), patience_s=60)
    await watched(limits, recorder, lambda elapsed: call() if elapsed < 50 else None, SEARCH_S)
    assert str(limits.breakpoint) == "100/s held; at the end nothing was measured of calls: max<1s abort"


async def test_what_does_not_count_yet_has_not_held(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort after 40s", profile=search())
    await watched(limits, recorder, slow_from(0), SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.held is None
    assert limits.breakpoint.broke == pytest.approx(80)
    assert str(limits.breakpoint).startswith("no rate held, 80/s did not")


async def test_silence_counts_from_when_the_limit_does(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort after 40s", profile=search(), patience_s=10)
    _, at = await watched(limits, recorder, lambda elapsed: None, SEARCH_S)
    assert 50 < at < 52


async def test_one_of_two_limits_that_was_not_measured_keeps_an_interval_undecided(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    texts = ("calls: max<1s abort", "note_share: rate<1% abort")
    limits = limits_of(recorder, *texts, profile=search(), patience_s=200)
    await watched(
        limits,
        recorder,
        lambda elapsed: execution(ending=Ending.SUCCEEDED) if elapsed == 20.5 else call(),
        SEARCH_S,
    )
    # At 20.5 s both were measured for once: the interval from 20 s to 21.7 s.
    assert limits.breakpoint is not None
    assert limits.breakpoint.held == pytest.approx(2 * 13 * SEARCH_S / 60)


async def test_lateness_of_the_simulator_itself_can_be_searched_for(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "lateness: max<5ms abort", profile=search())

    def arrive(elapsed: float) -> None:
        recorder.note_lateness(0.1 if elapsed > 50 else 0.001)

    await watched(limits, recorder, arrive, SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.held == pytest.approx(100)


def test_a_search_that_was_over_before_it_began_held_nothing() -> None:
    assert str(Breakpoint()) == "no rate held"
