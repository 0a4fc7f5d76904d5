"""Shards on the virtual clock: all of them in this process, each in a world of its own, on one time.

So what several shards come to can be seen without processes, and is the same for one seed byte for byte. What
they and their coordinator tell each other is JSON here too.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import trio

from actors.errors import SetupError
from actors.events import Emit
from actors.ports import Credentials, Person, ToolSession
from sim.app.fleet_world import FleetPlan
from sim.app.shard import Shard
from sim.clean.end import CleanupEnd
from sim.config.model import Config
from sim.fleet.config_json import config_from_json, config_to_json
from sim.fleet.cut import split
from sim.fleet.fleet import Fleet
from sim.fleet.shard_engine import Heard, News, Place
from sim.fleet.shard_link import ShardInbox
from sim.fleet.shard_messages import Begin, FromShard, ToShard, from_shard, to_shard
from sim.fleet.shard_state import ShardState
from sim.runtime.stop import Stop, StopLevel
from sim.world.people import people_of
from sim.world.virtual.world import CLOCK, LOGIN, MARK
from sim.world.worlds import Crowd, WorldStep

HERE = "this process"


class ShardsInside:
    """A `ShardEngine` whose shards are tasks."""

    def __init__(self, nursery: trio.Nursery, count: int) -> None:
        self.places: Sequence[Place] = tuple(Place(f"shard {n}", HERE, 0) for n in range(1, count + 1))
        self._nursery = nursery
        self._inboxes = {number: ShardInbox() for number in range(1, count + 1)}
        self._told, self._news = trio.open_memory_channel[News](math.inf)

    @property
    def news(self) -> AsyncIterator[News]:
        """All that shards tell."""
        return self._news

    def start(self, begin: Begin) -> None:
        """What it raises is a bug, and ends the run."""
        config = config_from_json(msgspec.json.decode(msgspec.json.encode(begin.config)))
        shard = Shard(begin, config, WayOut(begin.shard, self._told), self._inboxes[begin.shard])
        self._nursery.start_soon(shard.main)

    def tell(self, shard: int, message: ToShard) -> None:
        """It is there at once."""
        self._inboxes[shard].put(to_shard(msgspec.json.decode(msgspec.json.encode(message))))

    async def why_gone(self, shard: int) -> str:
        """None ever is."""
        return ""

    async def give_up(self, shard: int) -> bool:
        """None is ever lost."""
        return False


class WayOut:
    """A `ShardLink`."""

    def __init__(self, shard: int, told: trio.MemorySendChannel[News]) -> None:
        self._shard = shard
        self._told = told

    def tell(self, message: FromShard) -> None:
        """Heard in its turn."""
        heard = from_shard(msgspec.json.decode(msgspec.json.encode(message)))
        self._told.send_nowait(Heard(self._shard, (heard,)))


class Nowhere:
    """A `Connector`. Each shard has one of its own, and here nobody is driven."""

    def open_session(
        self, person: Person, credentials: Credentials
    ) -> AbstractAsyncContextManager[ToolSession]:
        """Raises SetupError."""
        raise SetupError(f"{person.uid} lives in a shard")


class VirtualFleetWorld:
    """See `sim.world.worlds.World`. Nothing in it outlives it, so nothing is to be removed.

    Attributes:
        fleet: the shards.
    """

    clock = CLOCK
    began = ""
    cleanup = CleanupEnd()

    def __init__(self, config: Config, fleet: Fleet) -> None:
        self.target = f"{len(fleet.shards)} built-in stand-ins, one for each shard, in this process"
        self.fleet = fleet
        self._config = config
        self._people = people_of(config)

    @property
    def shards(self) -> tuple[ShardState, ...]:
        """All of them, in order."""
        return tuple(self.fleet.shards.values())

    @property
    def steps(self) -> tuple[WorldStep, ...]:
        return (WorldStep("users come up in all shards", self._title, self._bring_up),)

    @property
    def crowd(self) -> Crowd:
        """Nobody is driven from here."""
        return Crowd(self._people, {}, Nowhere(), {}, MARK, LOGIN, 1, {})

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        """A search is not for several shards; nobody asks."""
        raise SetupError("nobody can be called up in several shards")

    async def expect_writing(self) -> None:
        """Nothing in here stays."""

    def follow(self, level: StopLevel) -> None:
        """Hand on what the run was asked for."""
        self.fleet.stop(int(level))

    async def leave(self) -> None:
        """Wait for the shards' ends."""
        self.fleet.stop(1)
        await self.fleet.until(lambda: not self.fleet.there)

    def _title(self) -> str:
        return f"Bringing {self._config.users.count} users up in {len(self.fleet.shards)} shards"

    async def _bring_up(self) -> str:
        fleet, shards = self.fleet, len(self.fleet.shards)
        parts = enumerate(split(self._config, shards), 1)
        fleet.start(
            Begin(MARK, number, shards, config_to_json(part), mirrors=False) for number, part in parts
        )
        await fleet.until(lambda: bool(fleet.failed) or all(each.is_ready for each in fleet.there))
        for shard, last in fleet.failed:
            raise SetupError(f"{shard.name}: {last.text}")
        await fleet.compare_clocks()
        return f"{shards} shards are ready"


@asynccontextmanager
async def open_inside(shards: int) -> AsyncIterator[ShardsInside]:
    """So many, as tasks; those that have not ended by the end of the block are cancelled."""
    async with trio.open_nursery() as nursery:
        yield ShardsInside(nursery, shards)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_virtual_fleet(
    plan: FleetPlan, config: Config, emit: Emit, stop: Stop
) -> AsyncIterator[VirtualFleetWorld]:
    """Leaving it waits for the shards' ends."""
    async with plan.open_engine() as engine, trio.open_nursery() as nursery:
        fleet = Fleet(engine, emit, keep_nothing, plan.take, plan.dropped)
        world = VirtualFleetWorld(config, fleet)
        nursery.start_soon(fleet.listen)
        nursery.start_soon(fleet.beat)
        stop.followers.append(world.follow)
        try:
            with stop.work:
                yield world
        finally:
            await world.leave()  # noqa: ASYNC102 (only the third signal gets past it)
            nursery.cancel_scope.cancel()


def keep_nothing(shard: int, lines: Sequence[str]) -> None:
    """No shard here has a ledger."""
