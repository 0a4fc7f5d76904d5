"""A lease counts from when a beat was sent; whoever stood still beyond its end takes no further step."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from sim.fleet.lease import LEASE_S, MAX_LATE_S, Lease

AHEAD_S = 1000.0
"""The clock of the coordinator, of which nothing is known, less ours."""


def sent(ago_s: float = 0.0) -> float:
    return trio.current_time() + AHEAD_S - ago_s


async def lasts(lease: Lease) -> float:
    began = trio.current_time()
    with trio.fail_after(1000):
        assert await lease.end()
    return trio.current_time() - began


async def test_it_is_renewed_by_each_beat_whatever_the_other_clock_says(autojump_clock: MockClock) -> None:
    lease = Lease(trio.CancelScope())
    for _ in range(10):
        lease.renew(sent(0.1))
        await trio.sleep(LEASE_S - 1)
    assert await lasts(lease) == pytest.approx(1.0)


@pytest.mark.parametrize("late_s", [0.5, 4.0, 14.0, 60.0])
async def test_a_beat_that_was_long_on_its_way_is_as_old_as_it_is(
    late_s: float, autojump_clock: MockClock
) -> None:
    lease = Lease(trio.CancelScope())
    lease.renew(sent(0.1))
    await trio.sleep(5)
    lease.renew(sent(late_s))
    assert await lasts(lease) == pytest.approx(max(LEASE_S - 5, LEASE_S - late_s + 0.1))


async def test_beats_out_of_order_shorten_nothing(autojump_clock: MockClock) -> None:
    lease = Lease(trio.CancelScope())
    await trio.sleep(8)
    lease.renew(sent(0.0))
    lease.renew(sent(7.0))
    assert await lasts(lease) == pytest.approx(LEASE_S)


@pytest.mark.parametrize("late_s", [MAX_LATE_S - 0.5, MAX_LATE_S + 0.5, 100.0])
async def test_who_stood_still_far_beyond_the_end_takes_no_step_after_it(
    late_s: float, mock_clock: MockClock
) -> None:
    """Beside the lease other tasks wait for instants that have all passed when the process wakes."""
    steps: list[float] = []
    fence = trio.CancelScope()
    with fence:
        lease = Lease(fence)

        async def work(wakes: float) -> None:
            await trio.sleep_until(wakes)
            # Where it is to leave, this is not reached: it would be sent to the server.
            steps.append(wakes)

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(work, trio.current_time() + number)
            in_time: list[bool] = []

            async def watch() -> None:
                in_time.append(await lease.end())

            nursery.start_soon(watch)
            await trio.testing.wait_all_tasks_blocked()
            before = len(steps)
            mock_clock.jump(LEASE_S + late_s)
            # A beat that lay unread comes too late, whichever of the two is seen first.
            lease.renew(sent(LEASE_S + late_s))
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    is_late = late_s > MAX_LATE_S
    assert fence.cancelled_caught is is_late
    assert (len(steps) > before) is not is_late
    if not is_late:
        assert in_time == [True]


async def test_whose_lease_has_ended_in_time_may_take_as_long_as_it_needs(autojump_clock: MockClock) -> None:
    with trio.CancelScope() as fence:
        lease = Lease(fence)
        assert await lease.end()
        await trio.sleep(1000)
        lease.renew(sent())
        await trio.sleep(1000)
    assert not fence.cancelled_caught
