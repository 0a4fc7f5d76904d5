"""What a process that runs a shard is asked to do. Its functions are called there, by Dask.

None of them raises: Dask writes the arguments of a call that failed into its log, and there are
secrets among them. What went wrong is in the answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from itertools import islice
from typing import Any

import msgspec

from actors.call_errors import reason_of
from actors.text import harmless
from sim.fleet.release import release
from sim.fleet.shard_link import ShardInbox, ShardLink
from sim.fleet.shard_messages import (
    BadMessage,
    Begin,
    FromShard,
    Happened,
    ShardFailed,
    StopNow,
    to_shard,
)

Program = Callable[[Begin, ShardLink, ShardInbox], None]
MAX_KEPT = 20_000
"""So many messages wait to be fetched; what has waited longest is dropped then."""
MAX_FETCHED = 500
TEARDOWN_S = 60.0
"""How long a process that is to end waits for its shard to stop and clean up."""
MAX_SAID = 400


class HostedShard:
    """A shard in this process, in a thread of its own, and what it has told and nobody has fetched.

    Dask keeps it among the worker's plugins: so it lives as long as the worker, and hears of its end.
    """

    def __init__(self, begin: Begin, program: Program) -> None:
        self._shard = begin.shard
        self._loop = asyncio.get_running_loop()
        self._inbox = ShardInbox()
        self._taken = 0
        self._told: deque[tuple[int, bytes]] = deque(maxlen=MAX_KEPT)
        self._numbered = 0
        self._is_urgent = asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(begin, program), name=f"shard {begin.shard}", daemon=True
        )
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def tell(self, message: FromShard) -> None:
        """From the shard's thread; see `ShardLink`."""
        text = msgspec.json.encode(message)
        with suppress(RuntimeError):  # The worker is gone, and with it whoever listens.
            self._loop.call_soon_threadsafe(self._keep, text, not isinstance(message, Happened))

    def take(self, first: int, texts: list[bytes]) -> None:
        """What it is told, numbered from `first`; what has come already is passed over. Raises BadMessage."""
        for number, text in enumerate(texts, first):
            if number > self._taken:
                self._inbox.put(to_shard(msgspec.json.decode(text)))
                self._taken = number

    def renew(self, beat: bytes) -> None:
        """Its lease."""
        self._inbox.put(to_shard(msgspec.json.decode(beat)))

    async def fetch(self, after: int, wait_s: float) -> list[tuple[int, bytes]]:
        """What it has told since that number, which was the last to arrive; after `wait_s` what there is."""
        while self._told and self._told[0][0] <= after:
            self._told.popleft()
        if not self._told:
            self._is_urgent.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._is_urgent.wait()
        self._is_urgent.clear()
        if len(self._told) > MAX_FETCHED:
            self._is_urgent.set()
        return list(islice(self._told, MAX_FETCHED))

    async def teardown(self, worker: object) -> None:
        """The worker ends: nobody waits for workflows any more, but what was made is removed."""
        self._inbox.put(StopNow(2))
        await asyncio.to_thread(self._thread.join, TEARDOWN_S)

    def _keep(self, text: bytes, is_urgent: bool) -> None:
        self._numbered += 1
        self._told.append((self._numbered, text))
        if is_urgent:
            self._is_urgent.set()

    def _run(self, begin: Begin, program: Program) -> None:
        try:
            program(begin, self, self._inbox)
        except BaseException as error:  # noqa: ASYNC103
            # Nobody else would hear of it: this is the bottom of its thread.
            text = harmless(f"{type(error).__name__}: {reason_of(error)}", MAX_SAID)
            self.tell(ShardFailed(self._shard, text))


def about(program: str, dask_worker: Any) -> dict[str, Any]:
    """Who this process is, and what it would run. Importing that takes seconds, so it begins now."""
    threading.Thread(target=imported, args=(program,), name="imports", daemon=True).start()
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return {
        "versions": release(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "busy": any(each.lives for each in hosted(dask_worker).values()),
    }


async def host(key: str, text: bytes, program: str, dask_worker: Any) -> str:
    """Start the shard that `text` describes, in a thread; "" where it has begun, else why not."""
    try:
        if key in dask_worker.plugins:
            return "it has been started here already"
        begin = to_shard(msgspec.json.decode(text))
        if not isinstance(begin, Begin):
            return "it is no shard that is to be started"
        if any(each.lives for each in hosted(dask_worker).values()):
            return "another shard runs in this process"
        dask_worker.plugins[key] = HostedShard(begin, await asyncio.to_thread(imported, program))
    except Exception as error:
        return harmless(f"{type(error).__name__}: {reason_of(error)}", MAX_SAID)
    return ""


async def deliver(key: str, first: int, texts: list[bytes], dask_worker: Any) -> str:
    """Tell it these messages, numbered from `first`; "" or why not."""
    shard = hosted(dask_worker).get(key)
    if shard is None:
        return "there is no such shard here"
    try:
        shard.take(first, texts)
    except (BadMessage, msgspec.DecodeError) as error:
        return harmless(str(error), MAX_SAID)
    return ""


async def fetch(
    key: str, after: int, wait_s: float, beat: bytes | None, dask_worker: Any
) -> list[tuple[int, bytes]] | str:
    """What it has told since, with numbers; or why nothing can be told. `beat`: the coordinator lives."""
    shard = hosted(dask_worker).get(key)
    if shard is None:
        return "there is no such shard here"
    if beat is not None:
        shard.renew(beat)
    return await shard.fetch(after, wait_s)


async def forget(key: str, dask_worker: Any) -> None:
    """It has ended, and all of it has been heard."""
    dask_worker.plugins.pop(key, None)


def hosted(worker: Any) -> dict[str, HostedShard]:
    """The shards of this process, by their keys."""
    return {key: each for key, each in worker.plugins.items() if isinstance(each, HostedShard)}


def imported(program: str) -> Program:
    """The function `module:name`."""
    module, _, name = program.partition(":")
    found: Program = getattr(import_module(module), name)
    return found
