"""Limits while a run goes on: when one stops it, and what a search calls held and broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.measurement import Ending, Fact, Missed, NotStarted, Phase
from sim.config import Group, Load
from sim.grammar.distribution import parse_distribution
from sim.grammar.threshold import parse_threshold
from sim.limits import Breakpoint, Limits
from sim.measure.recorder import Recorder
from sim.profile.shapes import ClosedProfile, OpenProfile, Profile, Stage
from tests.support.facts import call, execution

SEARCH_S = 100.0
RATE = 200.0


def limits_of(
    recorder: Recorder, *texts: str, profile: Profile | None = None, patience_s: float = 5
) -> Limits:
    """Of a run of ten minutes, or of `profile`; `patience_s` is the time-out of its calls."""
    shape = profile or ClosedProfile.constant(4, 600.0)
    group = Group("all", shape, {"note_share": 1.0}, parse_distribution("0s"), users=4)
    load = Load((group,), call_timeout_s=patience_s)
    return Limits([parse_threshold(text) for text in texts], recorder, load)


def search() -> OpenProfile:
    """From nothing to 200 arrivals a second in 100 s: two a second more each second."""
    return OpenProfile((Stage(SEARCH_S, RATE),), breakpoint=True)


async def every_half_second(recorder: Recorder, fact_at: Callable[[float], Fact | None]) -> None:
    """Tell the recorder what `fact_at(elapsed)` says, at 0.5, 1.5, 2.5 … seconds."""
    begun = trio.current_time()
    await trio.sleep(0.5)
    while True:
        if (fact := fact_at(trio.current_time() - begun)) is not None:
            recorder(fact)
        await trio.sleep(1)


async def watched(
    limits: Limits, recorder: Recorder, fact_at: Callable[[float], Fact | None], run_s: float = 600.0
) -> tuple[str, float]:
    """What stopped the run, "" if nothing did until its end, and when."""
    begun = trio.current_time()
    recorder.enter(Phase.MEASURED)
    stopped = ""
    with trio.move_on_after(run_s):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(every_half_second, recorder, fact_at)
            stopped = await limits.watch()
            nursery.cancel_scope.cancel()
    return stopped, trio.current_time() - begun


def slow_from(second: float) -> Callable[[float], Fact]:
    return lambda elapsed: call(5.0 if elapsed > second else 0.1)


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


def dropped_from(second: float) -> Callable[[float], Fact]:
    """A workflow is dropped each second from `second` on, two seconds after it was due."""

    def fact_at(elapsed: float) -> Fact:
        if elapsed < second:
            return execution(due=trio.current_time())
        return NotStarted("note_share", Missed.DROPPED, trio.current_time() - 2)

    return fact_at


async def test_a_rate_at_which_workflows_are_dropped_does_not_hold(autojump_clock: MockClock) -> None:
    """Nor do those before it, in which what was dropped had been due."""
    recorder = Recorder()
    limits = limits_of(recorder, "errors: rate<1% abort", profile=search())

    def fact_at(elapsed: float) -> Fact:
        recorder(call())
        return dropped_from(50)(elapsed)

    stopped, _ = await watched(limits, recorder, fact_at, SEARCH_S)
    found = limits.breakpoint
    assert found is not None
    # The first one that was dropped at 50.5 s had been due at 48.5 s, in the interval from 48.3 s to 50 s.
    assert found.held == pytest.approx(2 * 29 * SEARCH_S / 60)
    assert found.broke == pytest.approx(2 * 31 * SEARCH_S / 60)
    assert found.by == ("2 of 2 workflows that were due were dropped",)
    assert stopped.endswith(": 2 of 2 workflows that were due were dropped")
    assert limits.stopped_it


async def test_what_was_due_before_the_end_and_dropped_after_it_takes_the_rate_back(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search())
    await watched(limits, recorder, slow_from(SEARCH_S), SEARCH_S)
    recorder(NotStarted("note_share", Missed.DROPPED, trio.current_time() - 10.5))
    limits.settle()
    assert limits.breakpoint is not None
    assert limits.breakpoint.held == pytest.approx(2 * 53 * SEARCH_S / 60)
    assert limits.breakpoint.broke == pytest.approx(2 * 89.5)
    assert limits.stopped_it


async def test_a_rate_is_told_with_what_succeeded_at_it(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search())

    def fact_at(elapsed: float) -> Fact:
        recorder(execution(due=trio.current_time()))
        recorder(execution(due=trio.current_time(), ending=Ending.FAILED))
        return slow_from(50)(elapsed)

    await watched(limits, recorder, fact_at, SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.succeeded == pytest.approx(1.2)
    assert str(limits.breakpoint).startswith(
        "1.2/s held (executions that succeeded, of 100/s due), 103.3/s did not (calls: max<1s"
    )


async def test_when_the_users_at_hand_cannot_suffice_the_search_says_so(autojump_clock: MockClock) -> None:
    """Four users, each busy for two seconds, carry two workflows a second."""
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort", profile=search())

    def fact_at(elapsed: float) -> Fact:
        recorder(execution(2.0, due=trio.current_time()))
        return call() if elapsed < 50 else NotStarted("note_share", Missed.DROPPED, trio.current_time())

    await watched(limits, recorder, fact_at, SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.note.startswith("4 users, each busy for 2s with a workflow, carry 2/s at most")
    assert limits.breakpoint.note in str(limits.breakpoint)


async def test_workflows_that_begin_later_than_they_may_break_a_search(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<9s abort", profile=search())

    def fact_at(elapsed: float) -> Fact:
        recorder(execution(due=trio.current_time() - (6 if elapsed > 50 else 1)))
        return call()

    stopped, _ = await watched(limits, recorder, fact_at, SEARCH_S)
    assert stopped.endswith("workflows began up to 6s late")


async def test_a_limit_that_broke_on_the_way_does_not_pass_at_the_end(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: med<1s abort", "calls: count>0", profile=search())
    await watched(limits, recorder, slow_from(50), SEARCH_S)
    broken, other = limits.verdicts()
    assert (broken.held, other.held) == (False, True)
    assert str(broken) == "calls: med<1s abort: 100ms (over the whole run; it broke after 51.7s, at 5s)"


async def test_a_limit_that_ends_a_run_says_how_many_users_were_on_stage(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<1s abort")
    recorder.timeline.note_users(trio.current_time(), 37)
    stopped, _ = await watched(limits, recorder, slow_from(50))
    assert " with 37 users on stage: calls: max<1s abort: 5s" in stopped
