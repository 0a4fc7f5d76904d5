"""Stalls of the simulator itself: seen whether or not a beat has had its turn since."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from sim.measure.stalls import BEAT_S, LEAST_S, MAX_KEPT, MAX_SHOWN, StallFigures, Stalls


@pytest.fixture
def clock(mock_clock: MockClock) -> Iterator[MockClock]:
    """Moved by hand alone: whatever happens between two turns of the loop has blocked it."""
    yield mock_clock


async def turn(clock: MockClock, seconds: float) -> None:
    """Let everything come to rest, then let time pass without a turn of the loop."""
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(seconds)


async def test_a_loop_that_turns_in_time_has_no_stall(clock: MockClock) -> None:
    stalls = Stalls()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stalls.watch)
        for _ in range(100):
            await turn(clock, BEAT_S)
        nursery.cancel_scope.cancel()
    assert stalls.figures == StallFigures()
    assert not stalls.overlap(0.0, 100.0)


async def test_a_loop_that_was_blocked_has_one_of_that_length(clock: MockClock) -> None:
    stalls = Stalls()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stalls.watch)
        await turn(clock, BEAT_S)
        await turn(clock, BEAT_S + 7.6)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert stalls.figures.count == 1
    assert stalls.figures.seconds == pytest.approx(7.6)
    assert stalls.figures.longest_s == pytest.approx(7.6)


async def test_a_stall_shows_at_once_to_whoever_has_his_turn_before_the_beat(clock: MockClock) -> None:
    stalls = Stalls()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stalls.watch)
        await trio.testing.wait_all_tasks_blocked()
        begun = trio.current_time()
        assert not stalls.overlap(begun, begun)
        clock.jump(3.0)
        assert stalls.overlap(begun, trio.current_time())
        nursery.cancel_scope.cancel()


def test_only_what_lay_in_a_stall_overlaps_it() -> None:
    stalls = Stalls()
    for at in range(0, 100, 10):
        stalls.beat(at, at + 1)
    assert stalls.overlap(0.5, 0.6)
    assert stalls.overlap(8, 12)
    assert stalls.overlap(9, 10.1)
    assert not stalls.overlap(1, 10)
    assert not stalls.overlap(2, 9)
    assert stalls.overlap(2, 99)


def test_a_little_late_is_no_stall_and_many_stalls_take_no_more_room() -> None:
    stalls = Stalls()
    stalls.beat(0, LEAST_S / 2)
    assert stalls.figures.count == 0
    for at in range(10 * MAX_KEPT):
        stalls.beat(at, at + 0.5)
    figures = stalls.figures
    assert (figures.count, figures.seconds, len(figures.first)) == (10 * MAX_KEPT, 5 * MAX_KEPT, MAX_SHOWN)
    assert stalls.overlap(0, 1e9)
