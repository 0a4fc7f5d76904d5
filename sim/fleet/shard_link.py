"""Between a shard's own thread and whoever brings its messages, in whatever thread that is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import trio

from sim.fleet.shard_messages import FromShard, ToShard


class ShardLink(Protocol):
    """The way to the coordinator."""

    def tell(self, message: FromShard) -> None:
        """Send it, in the order of telling. Never waits, never raises; what cannot be sent is lost."""


class ShardInbox:
    """What a shard is told. `put` from any thread, at any time; iterated in one run of trio.

    What comes before the run is kept for it; what comes after its end is dropped.
    """

    def __init__(self) -> None:
        self._queue: deque[ToShard] = deque()
        self._lock = threading.Lock()
        self._token: trio.lowlevel.TrioToken | None = None
        self._news: trio.Event | None = None

    def put(self, message: ToShard) -> None:
        with self._lock:
            self._queue.append(message)
            token = self._token
        if token is not None and token is token_here():
            # On the virtual clock what comes from elsewhere would come after the next leap.
            self._wake()
        elif token is not None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(self._wake, idempotent=True)

    @contextmanager
    def opened(self) -> Iterator[AsyncIterator[ToShard]]:
        """For the run that is to take them."""
        with self._lock:
            self._token = trio.lowlevel.current_trio_token()
        try:
            yield self
        finally:
            with self._lock:
                self._token = None

    def __aiter__(self) -> AsyncIterator[ToShard]:
        return self

    async def __anext__(self) -> ToShard:
        while not self._queue:
            self._news = trio.Event()
            # Between the last look and this event something may have come.
            if not self._queue:
                await self._news.wait()
        return self._queue.popleft()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()


def token_here() -> trio.lowlevel.TrioToken | None:
    """Of the run of trio that this is called from; None where it is none."""
    try:
        return trio.lowlevel.current_trio_token()
    except RuntimeError:
        return None
