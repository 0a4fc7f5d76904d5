"""A search by arrivals: a rate holds only where what was due was carried out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from actors.events import Ending, Event, Missed, NotStarted
from tests.support.facts import call, execution
from tests.support.limits import SEARCH_S, limits_of, search, slow_from, watched
from tests.support.tallying import Recorder


def dropped_from(second: float) -> Callable[[float], Event]:
    """A workflow is dropped each second from `second` on, two seconds after it was due."""

    def fact_at(elapsed: float) -> Event:
        if elapsed < second:
            return execution(due=trio.current_time())
        return NotStarted("note_share", Missed.DROPPED, trio.current_time() - 2)

    return fact_at


async def test_a_rate_at_which_workflows_are_dropped_does_not_hold(autojump_clock: MockClock) -> None:
    """Nor do those before it, in which what was dropped had been due."""
    recorder = Recorder()
    limits = limits_of(recorder, "errors: rate<1% abort", profile=search())

    def fact_at(elapsed: float) -> Event:
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

    def fact_at(elapsed: float) -> Event:
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

    def fact_at(elapsed: float) -> Event:
        recorder(execution(2.0, due=trio.current_time()))
        return call() if elapsed < 50 else NotStarted("note_share", Missed.DROPPED, trio.current_time())

    await watched(limits, recorder, fact_at, SEARCH_S)
    assert limits.breakpoint is not None
    assert limits.breakpoint.note.startswith("4 users, each busy for 2s with a workflow, carry 2/s at most")
    assert limits.breakpoint.note in str(limits.breakpoint)


async def test_workflows_that_begin_later_than_they_may_break_a_search(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    limits = limits_of(recorder, "calls: max<9s abort", profile=search())

    def fact_at(elapsed: float) -> Event:
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
    recorder.note_users(37)
    stopped, _ = await watched(limits, recorder, slow_from(50))
    assert " with 37 users on stage: calls: max<1s abort: 5s" in stopped
