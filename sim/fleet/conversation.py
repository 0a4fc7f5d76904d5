"""Talking with one shard through a cluster: what either says arrives once, and in order.

A call that fails may have arrived. So messages are numbered in both directions, whoever hears passes over
what came already, and whoever fetches says what came last. Calls are fetches that wait a while: nothing of
what is said stays in a log of the cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

from sim.fleet import on_worker
from sim.fleet.shard_engine import ENDED, Heard, Lost, News
from sim.fleet.shard_messages import (
    BadMessage,
    Beat,
    Begin,
    FromShard,
    ShardDone,
    ShardFailed,
    ToShard,
    from_shard,
)

FETCH_S = 0.45
"""How long a fetch waits for something that is worth it."""
CALL_S = 10.0
"""The longest that any other call may take; starting one imports much."""
START_S = 60.0
RETRY_S = 0.2
MAX_SENT = 200

Call = Callable[..., Awaitable[Any]]
"""Calls a function of `on_worker` in the shard's process, with these arguments. Raises OSError and others."""


class Conversation:
    """With one shard. Everything runs in one asyncio loop.

    Args:
        key: of the shard in its process.
        is_there: asks the cluster whether that process still belongs to it.
        report: takes the news.
    """

    def __init__(
        self,
        begin: Begin,
        key: str,
        call: Call,
        is_there: Callable[[], Awaitable[bool]],
        report: Callable[[News], None],
    ) -> None:
        self._begin = begin
        self._shard = begin.shard
        self._key = key
        self._call = call
        self._is_there = is_there
        self._report = report
        self._unsent: list[ToShard] = []
        self._news = asyncio.Event()
        self._beat: Beat | None = None
        self._sent = 0
        self._heard = 0

    def tell(self, message: ToShard) -> None:
        """It is sent as soon as what came before has arrived; that we live, with the next fetch."""
        if isinstance(message, Beat):
            self._beat = message
            return
        self._unsent.append(message)
        self._news.set()

    async def hold(self, program: str) -> None:
        """Start the shard and talk with it, until its last word, or until it is lost. Never raises."""
        try:
            text = msgspec.json.encode(self._begin)
            problem = await asyncio.wait_for(self._call(on_worker.host, self._key, text, program), START_S)
        except Exception as error:
            problem = said(error)
        if problem:
            self._report(Lost(self._shard, f"it could not be started: {problem}", is_dead=False))
            return
        self._report(Heard(self._shard))
        sending = asyncio.create_task(self._send())
        try:
            await self._listen()
        finally:
            sending.cancel()
        with suppress(Exception):  # Its process may have ended, and all of it has been heard.
            await asyncio.wait_for(self._call(on_worker.forget, self._key), CALL_S)

    async def _listen(self) -> None:
        while True:
            try:
                fetched = await asyncio.wait_for(self._fetch(), FETCH_S + CALL_S)
            except Exception:
                if not await self._is_still_there():
                    self._report(Lost(self._shard, ENDED, is_dead=False))
                    return
                await asyncio.sleep(RETRY_S)
                continue
            if isinstance(fetched, str):
                self._report(Lost(self._shard, "its process was started anew", is_dead=True))
                return
            if self._take(fetched):
                return

    async def _fetch(self) -> list[tuple[int, bytes]] | str:
        beat, self._beat = self._beat, None
        text = None if beat is None else msgspec.json.encode(beat)
        found: list[tuple[int, bytes]] | str
        found = await self._call(on_worker.fetch, self._key, self._heard, FETCH_S, text)
        return found

    def _take(self, fetched: list[tuple[int, bytes]]) -> bool:
        """Report what is new of it; whether it was the last word, or something before it is missing."""
        fresh = [text for number, text in fetched if number > self._heard]
        missing = max((number for number, _ in fetched), default=self._heard) - self._heard - len(fresh)
        if missing:
            reason = f"{missing:,} of its messages are missing: more than its process keeps"
            self._report(Lost(self._shard, reason, is_dead=False))
            return True
        self._heard = max([self._heard, *(number for number, _ in fetched)])
        try:
            messages = tuple(from_shard(msgspec.json.decode(text)) for text in fresh)
        except (BadMessage, msgspec.DecodeError) as error:
            reason = f"it says what this release does not understand ({error})"
            self._report(Lost(self._shard, reason, is_dead=False))
            return True
        self._report(Heard(self._shard, messages))
        return any(map(is_last, messages))

    async def _is_still_there(self) -> bool:
        try:
            return await asyncio.wait_for(self._is_there(), CALL_S)
        except Exception:
            # The cluster itself does not answer: that says nothing of the shard.
            return True

    async def _send(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._unsent:
                await self._send_some()

    async def _send_some(self) -> None:
        batch = self._unsent[:MAX_SENT]
        texts = [msgspec.json.encode(message) for message in batch]
        try:
            problem = await asyncio.wait_for(
                self._call(on_worker.deliver, self._key, self._sent + 1, texts), CALL_S
            )
        except Exception:
            # Who listens finds out what is the matter.
            await asyncio.sleep(RETRY_S)
            return
        if problem:
            self._report(Lost(self._shard, problem, is_dead=False))
        self._sent += len(batch)
        del self._unsent[: len(batch)]


def is_last(message: FromShard) -> bool:
    """Whether a shard says no more after it."""
    return isinstance(message, ShardDone | ShardFailed)


def said(error: BaseException) -> str:
    """In a few words; Dask's own texts name addresses, which mean nothing to a person."""
    return str(error).partition("\n")[0][:200] or type(error).__name__
