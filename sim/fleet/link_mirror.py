"""The copy of a shard's ledger, as the shard sees it: each line is told, and its acknowledgement awaited."""

from __future__ import annotations

import trio

from sim.fleet.shard_link import ShardLink
from sim.fleet.shard_messages import LedgerLine


class LinkMirror:
    """See `sim.clean.journal.LedgerMirror`.

    Args:
        waits: whether acknowledgements come.
    """

    def __init__(self, shard: int, link: ShardLink, *, waits: bool = True) -> None:
        self._shard = shard
        self._link = link
        self._waits = waits
        self._told = self._acknowledged = 0
        self._news = trio.Event()

    def tell(self, line: str) -> None:
        """Number and send it."""
        self._told += 1
        self._link.tell(LedgerLine(self._shard, self._told, line))

    def acknowledge(self, number: int) -> None:
        """The coordinator has this line, and all before it, on its disk."""
        self._acknowledged = max(self._acknowledged, number)
        self._news.set()
        self._news = trio.Event()

    async def written(self) -> None:
        """Return when all that was told before has been acknowledged."""
        wanted = self._told
        while self._waits and self._acknowledged < wanted:
            await self._news.wait()
