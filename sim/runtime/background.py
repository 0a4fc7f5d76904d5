"""Something that goes on while something else is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def in_background(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`act` runs while the block lasts, and is cancelled at its end. What it raises ends the block."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(act)
        yield
        nursery.cancel_scope.cancel()


async def together(acts: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """All of them at the same time, until the last has ended; the first that raises ends the others."""
    async with trio.open_nursery() as nursery:
        for act in acts:
            nursery.start_soon(act)


async def when(event: trio.Event, act: Callable[[], None]) -> None:
    """`act` as soon as `event` is set."""
    await event.wait()
    act()
