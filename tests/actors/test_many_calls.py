"""Many calls in one scope: each comes to its answer, or to its own bound, and nothing else."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.many_calls import LookAround, ManyCalls
from actors.shelter import Shelter

BOUND_S = 10.0


class Crowd:
    """Users whose calls last as long as they are told to; what became of each, and when."""

    def __init__(self, nursery: trio.Nursery, shelter: Shelter | None = None) -> None:
        self.shelter = shelter or Shelter()
        self.look_around = LookAround(BOUND_S)
        self.ended: list[tuple[str, float]] = []
        self._nursery = nursery

    async def user(self, name: str, *lasting_s: float) -> None:
        """One call after another; each in a new block where the one before reached its bound."""
        to_do = list(lasting_s)
        while to_do:
            with ManyCalls(self.shelter, self.look_around) as calls:
                while to_do and not calls.is_spent:
                    calls.begin(trio.current_time())
                    how = "cut"
                    try:
                        await trio.sleep(to_do.pop(0))
                        how = "answer"
                    finally:
                        calls.end()
                        self.ended.append((f"{name}: {how}", trio.current_time()))

    def look(self) -> trio.CancelScope:
        """Somebody looks around until this is cancelled."""
        scope = trio.CancelScope()

        async def watch() -> None:
            with scope:
                await self.look_around.watch()

        self._nursery.start_soon(watch)
        return scope


@pytest.mark.parametrize("is_watched", [True, False], ids=["watched", "unwatched"])
async def test_each_call_has_the_whole_bound_from_its_own_beginning(
    autojump_clock: trio.testing.MockClock, is_watched: bool
) -> None:
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery)
        if is_watched:
            crowd.look()
            await wait_all_tasks_blocked()
        begun = trio.current_time()
        async with trio.open_nursery() as users:
            users.start_soon(crowd.user, "a", 3, 99, 2)
            users.start_soon(crowd.user, "b", 9.5, 9.5, 9.5, 99)
            users.start_soon(crowd.user, "c", 99, 99)
        nursery.cancel_scope.cancel()
    assert sorted((at - begun, what) for what, at in crowd.ended) == [
        (3, "a: answer"),
        (9.5, "b: answer"),
        (10, "c: cut"),
        (13, "a: cut"),
        (15, "a: answer"),
        (19, "b: answer"),
        (20, "c: cut"),
        (28.5, "b: answer"),
        (38.5, "b: cut"),
    ]


async def test_a_call_under_way_keeps_its_bound_when_nobody_looks_around_any_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery)
        watch = crowd.look()
        await wait_all_tasks_blocked()
        begun = trio.current_time()
        nursery.start_soon(crowd.user, "a", 99, 99)
        await trio.sleep(4)
        watch.cancel()
    assert crowd.ended == [("a: cut", begun + 10), ("a: cut", begun + 20)]


async def test_an_answer_at_the_very_instant_of_the_bound_is_one_and_harms_no_other_call(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery)
        crowd.look()
        begun = trio.current_time()
        # Whoever wakes first: they answer, or are cancelled, and the next call has its bound either way.
        await crowd.user("a", BOUND_S, 5)
        nursery.cancel_scope.cancel()
    assert crowd.ended[0] in [("a: answer", begun + 10), ("a: cut", begun + 10)]
    assert crowd.ended[1:] == [("a: answer", begun + 15)]


@pytest.mark.parametrize("is_left", [False, True], ids=["sheltered", "shelter left"])
async def test_what_is_cancelled_from_outside_comes_to_its_answer_under_the_shelter(
    autojump_clock: trio.testing.MockClock, is_left: bool
) -> None:
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery)
        crowd.look()
        begun = trio.current_time()
        async with trio.open_nursery() as users:
            users.start_soon(crowd.user, "a", 6)
            await trio.sleep(2)
            users.cancel_scope.cancel()
            if is_left:
                crowd.shelter.leave()
        nursery.cancel_scope.cancel()
    assert crowd.ended == [("a: cut", begun + 2) if is_left else ("a: answer", begun + 6)]


async def test_between_calls_nothing_is_shielded(autojump_clock: trio.testing.MockClock) -> None:
    shelter, look_around = Shelter(), LookAround(BOUND_S)
    with trio.move_on_after(3) as outside, ManyCalls(shelter, look_around) as calls:
        calls.begin(trio.current_time())
        await trio.sleep(5)
        calls.end()
        begun = trio.current_time()
        await trio.sleep_forever()
    assert outside.cancelled_caught and trio.current_time() == begun


async def test_a_call_that_began_before_anybody_looked_around_harms_no_later_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        crowd, begun = Crowd(nursery), trio.current_time()
        async with trio.open_nursery() as users:
            users.start_soon(crowd.user, "a", 8, 9, 99)
            await wait_all_tasks_blocked()
            crowd.look()
        nursery.cancel_scope.cancel()
    assert crowd.ended == [("a: answer", begun + 8), ("a: answer", begun + 17), ("a: cut", begun + 27)]


async def test_who_takes_long_to_clean_up_after_the_bound_holds_up_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelter, look_around = Shelter(), LookAround(BOUND_S)
    cleaned = trio.Event()

    async def slow_to_clean() -> None:
        with ManyCalls(shelter, look_around) as calls:
            calls.begin(trio.current_time())
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(100)
                calls.end()
                cleaned.set()

    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, shelter)
        crowd.look_around = look_around
        crowd.look()
        begun = trio.current_time()
        nursery.start_soon(slow_to_clean)
        nursery.start_soon(crowd.user, "a", 8, 99)
        await cleaned.wait()
        nursery.cancel_scope.cancel()
    assert crowd.ended == [("a: answer", begun + 8), ("a: cut", begun + 18)]
