"""Stalls of the simulator itself: told by a beat that came too late."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.events import Event, Phase, PhaseBegan, Stalled
from sim.load.heartbeat import BEAT_S, beat
from sim.measure.hub import Hub
from sim.measure.stalls import MAX_KEPT, MAX_SHOWN, Stalls
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from tests.support.facts import call


@pytest.fixture
def clock(mock_clock: MockClock) -> Iterator[MockClock]:
    """Moved by hand alone: whatever happens between two turns of the loop has blocked it."""
    yield mock_clock


async def turn(clock: MockClock, seconds: float) -> None:
    """Let everything come to rest, then let time pass without a turn of the loop."""
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(seconds)


async def test_a_loop_that_turns_in_time_has_no_stall(clock: MockClock) -> None:
    told: list[Event] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(beat, told.append, is_lateness=False))
        for _ in range(100):
            await turn(clock, BEAT_S)
        nursery.cancel_scope.cancel()
    assert told == []


async def test_a_loop_that_was_blocked_tells_since_when_and_for_how_long(clock: MockClock) -> None:
    told: list[Event] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(beat, told.append, is_lateness=False))
        await turn(clock, BEAT_S)
        await turn(clock, BEAT_S + 7.6)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    (stalled,) = told
    assert isinstance(stalled, Stalled)
    assert stalled.seconds == pytest.approx(7.6)


async def test_where_nothing_arrives_each_beat_says_how_late_the_loop_was_while_it_measured(
    clock: MockClock,
) -> None:
    tally = Tally(Phase.SETUP)
    hub = Hub(tally)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(beat, hub.emit, is_lateness=True))
        await turn(clock, BEAT_S + 9.0)
        await trio.testing.wait_all_tasks_blocked()
        hub.emit(PhaseBegan(Phase.MEASURED, trio.current_time()))
        for late_s in (0.0, 0.02, 0.04):
            await turn(clock, BEAT_S + late_s)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    found = summarize(tally).lateness
    assert (found.count, found.min) == (3, pytest.approx(0.0))
    assert found.max == pytest.approx(0.04)


async def test_a_stall_is_known_before_the_window_is_closed_in_which_it_lay(clock: MockClock) -> None:
    tally = Tally(Phase.MEASURED)
    hub = Hub(tally)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.tick)
        nursery.start_soon(partial(beat, hub.emit, is_lateness=False))
        await trio.testing.wait_all_tasks_blocked()
        begun = trio.current_time()
        clock.jump(3.0)
        hub.emit(call(started=begun, finished=begun + 3.0))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert summarize(tally).calls.kept_out == 1


def test_only_what_lay_in_a_stall_overlaps_it() -> None:
    stalls = Stalls()
    for at in range(0, 100, 10):
        stalls.note(at, at + 1)
    assert stalls.overlap(0.5, 0.6)
    assert stalls.overlap(8, 12)
    assert stalls.overlap(9, 10.1)
    assert not stalls.overlap(1, 10)
    assert not stalls.overlap(2, 9)
    assert stalls.overlap(2, 99)


def test_many_stalls_take_no_more_room() -> None:
    stalls = Stalls()
    for at in range(10 * MAX_KEPT):
        stalls.note(at, at + 0.5)
    figures = stalls.figures
    assert (figures.count, figures.seconds, len(figures.first)) == (10 * MAX_KEPT, 5 * MAX_KEPT, MAX_SHOWN)
    assert stalls.overlap(0, 1e9)
