"""Something done for everybody, so many at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import trio

from actors.errors import LoginError, Outcome, SetupError
from actors.events import Emit, SetupStep, SetupTiming
from actors.ports import Person

T = TypeVar("T")


async def for_each(
    people: Sequence[Person],
    act: Callable[[Person], Awaitable[None]],
    limit: trio.CapacityLimiter,
    *,
    cuts: bool = True,
) -> None:
    """`act` for everybody, within the limit; after the first SetupError nobody else begins, and it is raised.

    Args:
        cuts: those under way are cancelled then; otherwise they come to their own end.
    """
    failed: list[SetupError] = []

    async def one(person: Person) -> None:
        async with limit:
            if failed:
                return
            try:
                await act(person)
            except SetupError as error:
                failed.append(error)
                if cuts:
                    nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(one, person)
    if failed:
        raise failed[0]


async def timed(step: SetupStep, uid: str, act: Callable[[], Awaitable[T]], emit: Emit) -> T:
    """`act`, and how long it took, and how it ended, as an event."""
    started, outcome, text = trio.current_time(), Outcome.INTERRUPTED, ""
    try:
        value = await act()
        outcome = Outcome.OK
        return value
    except LoginError as error:
        outcome, text = Outcome.AUTHORIZATION, str(error)
        raise
    except SetupError as error:
        outcome, text = Outcome.TRANSPORT_ERROR, str(error)
        raise
    finally:
        emit(SetupTiming(step, uid, outcome, started, trio.current_time(), text))
