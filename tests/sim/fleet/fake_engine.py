"""An engine whose shards are played by a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from actors.events import Event, Note
from sim.fleet.fleet import Fleet
from sim.fleet.shard_engine import Heard, News, Place
from sim.fleet.shard_messages import Begin, Figures, FromShard, Happened, ToShard
from sim.fleet.shard_state import ShardState


class FakeEngine:
    """See `sim.fleet.shard_engine.ShardEngine`.

    Attributes:
        told: what each shard was told.
        given_up: those whose processes are to end.
        gone: those whose processes have ended, and nobody has heard of it; and why.
        answer: what a shard says to what it is told, at once.
    """

    def __init__(self, shards: int, answer: Callable[[int, ToShard], Sequence[FromShard]]) -> None:
        self.places = [Place(f"place {number}", "here", number) for number in range(1, shards + 1)]
        self._send, self.news = trio.open_memory_channel[News](1000)
        self.told: dict[int, list[ToShard]] = {number: [] for number in range(1, shards + 1)}
        self.given_up: list[int] = []
        self.gone: dict[int, str] = {}
        self.answer = answer

    def start(self, begin: Begin) -> None:
        self.hear(begin.shard)

    def tell(self, shard: int, message: ToShard) -> None:
        self.told[shard].append(message)
        for said in self.answer(shard, message):
            self.hear(shard, said)

    async def why_gone(self, shard: int) -> str:
        return self.gone.get(shard, "")

    async def give_up(self, shard: int) -> bool:
        self.given_up.append(shard)
        return False

    def hear(self, shard: int, *messages: FromShard) -> None:
        self.report(Heard(shard, messages))

    def report(self, news: News) -> None:
        self._send.send_nowait(news)

    async def let_live(self, *shards: int) -> None:
        """Their processes are heard, several times a second."""
        while True:
            for shard in shards:
                self.hear(shard)
            await trio.sleep(0.3)


@attrs.define
class Watched:
    """A fleet, and all that came of it.

    Attributes:
        kept: lines of ledgers, by shard.
        taken: windows and events.
    """

    engine: FakeEngine
    fleet: Fleet = attrs.field(init=False)
    said: list[str] = attrs.Factory(list)
    kept: dict[int, list[str]] = attrs.Factory(dict)
    taken: list[Figures | Happened] = attrs.Factory(list)
    dropped: list[int] = attrs.Factory(list)
    trouble: Exception | None = None

    def emit(self, event: Event) -> None:
        if isinstance(event, Note):
            self.said.append(event.text)

    def keep(self, shard: int, lines: Sequence[str]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.kept.setdefault(shard, []).extend(lines)


def nothing(shard: int, message: ToShard) -> Sequence[FromShard]:
    return ()


@asynccontextmanager
async def watched_fleet(
    shards: int, answer: Callable[[int, ToShard], Sequence[FromShard]] = nothing
) -> AsyncIterator[tuple[Watched, trio.Nursery]]:
    """A fleet on the virtual clock."""
    seen = Watched(FakeEngine(shards, answer))

    def take(_: object, shard: ShardState, message: Figures | Happened) -> None:
        if isinstance(message, Figures) and "bad" in message.snapshot:
            raise ValueError("no window")
        seen.taken.append(message)

    seen.fleet = Fleet(
        seen.engine,
        seen.emit,
        seen.keep,
        take,
        lambda shard: seen.dropped.append(shard.number),
    )
    seen.fleet.start(Begin("r", number, shards, {}) for number in range(1, shards + 1))
    async with trio.open_nursery() as nursery:
        for act in (seen.fleet.listen, seen.fleet.watch, seen.fleet.beat):
            nursery.start_soon(act)
        yield seen, nursery
        nursery.cancel_scope.cancel()
