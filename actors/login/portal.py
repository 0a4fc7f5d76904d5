"""Calling asyncio code from trio: Playwright knows nothing else.

One thread runs an event loop; trio waits for its tasks. A cancelled call cancels the task *and* waits
for it: a task that is only told to stop would leave its browser context behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")

ENDING_S = 10.0
"""How long a cancelled call may take to put its things away."""


class Portal:
    """A thread with an asyncio event loop. Made by `open_portal`."""

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run `function` in the event loop and return what it returns, or raise what it raises."""
        token = trio.lowlevel.current_trio_token()
        ended = trio.Event()
        values: list[T] = []
        errors: list[Exception] = []

        async def run() -> None:
            try:
                values.append(await function())
            except Exception as error:
                errors.append(error)
            finally:
                token.run_sync_soon(ended.set)

        future = self._portal.start_task_soon(run)
        try:
            await ended.wait()
        except trio.Cancelled:
            future.cancel()
            with trio.CancelScope(shield=True), trio.move_on_after(ENDING_S):
                await ended.wait()
            raise
        if errors:
            raise errors[0]
        return values[0]


@asynccontextmanager
async def open_portal() -> AsyncIterator[Portal]:
    """A portal that lasts as long as the block; its thread has ended when the block has."""
    starting = start_blocking_portal("asyncio")
    portal = starting.__enter__()
    try:
        yield Portal(portal)
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(starting.__exit__, None, None, None)
