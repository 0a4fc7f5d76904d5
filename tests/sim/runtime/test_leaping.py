"""The clock that leaps: to whoever is first, kept by trio or by itself."""

from __future__ import annotations

import math
from random import Random

import pytest
import trio

from sim.runtime.clock import run_virtual
from sim.runtime.leaping import LeapingClock, Nap, pass_time


@pytest.mark.parametrize("seed", range(20))
def test_everybody_wakes_at_their_instant_and_in_its_order_whoever_keeps_it(seed: int) -> None:
    random = Random(seed)
    instants = [random.choice((0.25, 0.5, 1.0, random.random() * 3)) for _ in range(60)]
    woken: list[tuple[float, float]] = []

    async def sleep(place: int, at: float) -> None:
        match place % 4:
            case 0:
                await trio.sleep_until(at)
            case 1:
                await pass_time(at)
            case 2:
                assert not await Nap().until(at)
            case _:
                with trio.move_on_at(at):
                    await Nap().until(math.inf)
        woken.append((at, trio.current_time()))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for place, at in enumerate(instants):
                nursery.start_soon(sleep, place, at)

    run_virtual(main, seed)
    assert [at for at, _ in woken] == sorted(instants)
    assert all(at == now for at, now in woken)


def test_time_stands_still_while_anybody_can_run() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pass_time, 1)
            for _ in range(100):
                await trio.lowlevel.checkpoint()
                assert trio.current_time() == 0

    run_virtual(main, 1)


def test_a_nap_is_ended_by_whoever_wakes_its_sleeper_and_only_once() -> None:
    async def main() -> None:
        nap, woken = Nap(), []

        async def sleep() -> None:
            woken.append(await nap.until(10))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep)
            await pass_time(3)
            assert nap.is_asleep
            assert nap.end()
            assert not nap.end()
        assert (woken, trio.current_time()) == ([True], 3)
        await pass_time(20)
        assert woken == [True], "and the instant that it waited for is nothing to it any more"

    run_virtual(main, 1)


def test_a_cancelled_nap_is_over_and_its_instant_passes_unnoticed() -> None:
    async def main() -> None:
        nap = Nap()
        with trio.move_on_after(1) as scope:
            await nap.until(5)
        assert scope.cancelled_caught
        assert not nap.is_asleep
        assert not nap.end()
        await trio.sleep(9)
        assert trio.current_time() == 10

    run_virtual(main, 1)


@pytest.mark.parametrize(("seconds", "until", "end"), [(2, 3, None), (3, 3, 3), (4, 3, 3), (4, 0, 0)])
def test_time_that_would_pass_beyond_a_deadline_ends_there(
    seconds: float, until: float, end: float | None
) -> None:
    async def main() -> None:
        if end is None:
            await pass_time(seconds, until)
            assert trio.current_time() == seconds
            return
        with pytest.raises(trio.TooSlowError):
            await pass_time(seconds, until)
        assert trio.current_time() == end

    run_virtual(main, 1)


def test_where_everybody_waits_for_nothing_the_horizon_is_where_it_ends() -> None:
    async def main() -> None:
        with pytest.raises(trio.TooSlowError):
            with trio.fail_after(1_000_000):
                async with trio.open_nursery() as nursery:
                    for _ in range(3):
                        nursery.start_soon(Nap().until, math.inf)
                    nursery.start_soon(trio.sleep_forever)
        assert trio.current_time() == 1_000_000

    run_virtual(main, 1)


def test_without_anybody_to_wait_for_it_stands_still() -> None:
    clock = LeapingClock()
    assert clock.deadline_to_sleep_time(math.inf) == math.inf
    assert clock.current_time() == 0
    assert clock.deadline_to_sleep_time(7.5) == 0
    assert clock.current_time() == 7.5
    assert clock.deadline_to_sleep_time(3) == 0, "a deadline that is past: time does not run backwards"
    assert clock.current_time() == 7.5
