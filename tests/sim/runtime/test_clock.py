"""What virtual time relies on in trio, whose switch for a reproducible order is private."""

from __future__ import annotations

import time

import pytest
import trio
import trio._core._run as scheduler

from sim.runtime.clock import run_virtual


def order_of_tasks(seed: int) -> list[int]:
    """In which order tasks run that become ready at the same moment."""
    order: list[int] = []

    async def note(number: int) -> None:
        await trio.sleep(1)
        order.append(number)

    async def main() -> list[int]:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(note, number)
        return order

    return run_virtual(main, seed)


def test_the_same_seed_runs_tasks_in_the_same_order_and_another_in_another() -> None:
    assert order_of_tasks(1) == order_of_tasks(1)
    assert order_of_tasks(1) != order_of_tasks(2)
    assert sorted(order_of_tasks(1)) == list(range(50))


def test_time_begins_at_nought_and_an_hour_is_over_at_once() -> None:
    async def main() -> tuple[float, float]:
        begun = trio.current_time()
        await trio.sleep(3600)
        return begun, trio.current_time()

    used = time.process_time()
    assert run_virtual(main, 1) == (0.0, 3600.0)
    assert time.process_time() - used < 60


def test_what_is_private_to_trio_is_put_back_also_after_a_failure() -> None:
    before = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()

    async def fail() -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        run_virtual(fail, 5)
    assert (scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()) == before
