"""Something that goes on while something else is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def in_background(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`act` runs while the block lasts, and is cancelled at its end. What it raises ends the block."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(act)
        yield
        nursery.cancel_scope.cancel()
