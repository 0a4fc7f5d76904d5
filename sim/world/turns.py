"""Something done for everybody, so many at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from actors.errors import SetupError
from actors.ports import Person
from sim.live.console import Progress


async def for_each(
    people: Sequence[Person],
    act: Callable[[Person], Awaitable[None]],
    limit: trio.CapacityLimiter,
    tell: Progress,
    verb: str,
    *,
    cuts: bool = True,
) -> None:
    """`act` for everybody, within the limit; after the first SetupError nobody else begins, and it is raised.

    Args:
        verb: what each has been then, for whoever looks on.
        cuts: those under way are cancelled then; otherwise they come to their own end.
    """
    failed: list[SetupError] = []
    done = 0

    async def one(person: Person) -> None:
        nonlocal done
        async with limit:
            if failed:
                return
            try:
                await act(person)
            except SetupError as error:
                failed.append(error)
                if cuts:
                    nursery.cancel_scope.cancel()
                return
            done += 1
            tell.count(f"{person.uid} {verb}", done, len(people))

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(one, person)
    if failed:
        raise failed[0]
