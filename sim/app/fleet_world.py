"""Where the users of several shards live, as their coordinator has it: servers, processes, ledgers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import attrs
import trio

from actors.errors import SetupError
from actors.events import Emit
from actors.ports import Person
from sim.app.departed import Departed
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.clean.journal import RunJournal
from sim.clean.ledger import Ledger, open_ledger
from sim.clean.marker import new_mark
from sim.clean.removed import remaining
from sim.clean.remover import Remover
from sim.clean.thing import Means
from sim.config.model import Config, Target
from sim.fleet.config_json import config_to_json
from sim.fleet.cut import split
from sim.fleet.fleet import Fleet
from sim.fleet.mirror import Mirror, mirror_path
from sim.fleet.shard_engine import ShardEngine
from sim.fleet.shard_messages import Begin, Figures, GivenClient, Happened
from sim.fleet.shard_state import ShardState
from sim.fleet.travelling import files_of, with_accounts
from sim.runtime.clock import RealClock
from sim.runtime.stop import Stop, StopLevel
from sim.world.auth_checks import named_client
from sim.world.driven_target import open_target
from sim.world.live import head_of
from sim.world.live_world import in_words
from sim.world.people import people_of
from sim.world.prepare import Preparation
from sim.world.servers import Servers, open_servers
from sim.world.worlds import Crowd, World, WorldStep, notes_to

CLOCK = RealClock()
OpenEngine = Callable[[], AbstractAsyncContextManager[ShardEngine]]
Take = Callable[[Emit, ShardState, Figures | Happened], None]


@attrs.frozen
class FleetPlan:
    """How the crowd is driven by several.

    Attributes:
        open_engine: the processes.
        take: told every window and event of each shard.
        dropped: told of each that is lost.
        stops_on_loss: the loss of a shard ends the run.
    """

    open_engine: OpenEngine
    take: Take
    dropped: Callable[[ShardState], None]
    stops_on_loss: bool = False


class ShardsWorld(World, Protocol):
    """A world whose users live in shards."""

    @property
    def shards(self) -> tuple[ShardState, ...]:
        """All of them, in order; () before their processes run."""

    @property
    def fleet(self) -> Fleet | None:
        """The shards, once their processes run."""


class FleetWorld:
    """See `sim.world.worlds.World`. Made by `open_fleet_world`.

    Attributes:
        fleet: the shards, once their processes run.
    """

    clock = CLOCK

    def __init__(
        self,
        config: Config,
        plan: FleetPlan,
        servers: Servers,
        ledger: Ledger,
        preparation: Preparation,
        target: Target,
        emit: Emit,
        stack: AsyncExitStack,
        nursery: trio.Nursery,
    ) -> None:
        self.target = in_words(config.target)
        self.began = CLOCK.date()
        self.cleanup = CleanupEnd(ledger_path=str(ledger.path), kept=not config.users.cleanup)
        self._config = config
        self._plan = plan
        self._servers = servers
        self._ledger = ledger
        self._preparation = preparation
        self._target = target
        self._emit = emit
        self._stack = stack
        self._nursery = nursery
        self._mirrors: dict[int, Mirror] = {}
        self._has_begun = False
        self.fleet: Fleet | None = None

    @property
    def shards(self) -> tuple[ShardState, ...]:
        """All of them, in order; () before their processes run."""
        return tuple(self.fleet.shards.values()) if self.fleet is not None else ()

    @property
    def crowd(self) -> Crowd:
        """Nobody is driven from here; the shards' workflows, by name."""
        return self._preparation.crowd

    @property
    def steps(self) -> tuple[WorldStep, ...]:
        """Nothing is created before the processes run, and are of this release."""
        check, register, *_ = self._preparation.steps
        return (
            WorldStep("shards' processes run", lambda: "Starting processes for shards", self._open_engine),
            check,
            register,
            WorldStep("users come up in all shards", self._title, self._bring_up),
        )

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        """A search is not for several processes; nobody asks."""
        raise SetupError("nobody can be called up in several shards")

    async def expect_writing(self) -> None:
        """Each shard notes its own."""

    def follow(self, level: StopLevel) -> None:
        """Hand on what the run was asked for."""
        if self.fleet is not None:
            self.fleet.stop(int(level))

    async def leave(self) -> None:
        """Wait for the shards' ends, and remove what those who are lost have left, and what is our own."""
        departed = Departed(self._config, self.fleet if self._has_begun else None, self._mirrors, self._means)
        result: CleanupResult | None = None
        try:
            result = await departed.settle(self._emit)
            if not self.cleanup.kept:
                own = await Remover(self._means(self._ledger), self._at_once, self._emit).remove_all()
                result = together(result, own)
            for note in result.notes:
                notes_to(self._emit)(f"  {note}")
        finally:
            left = (*departed.unsettled(), *remaining(self._ledger))
            self.cleanup = attrs.evolve(self.cleanup, result=result or CleanupResult(0, left))

    @property
    def _at_once(self) -> int:
        return self._config.users.setup_concurrency

    def _means(self, ledger: Ledger) -> Means:
        servers = self._servers
        return Means(ledger, servers.accounts, servers.http, servers.app_passwords, say=notes_to(self._emit))

    async def _open_engine(self) -> str:
        engine = await self._stack.enter_async_context(self._plan.open_engine())
        plan, creating = self._plan, self._config.users.creation_concurrency
        fleet = Fleet(engine, self._emit, self._keep, plan.take, plan.dropped, creating=creating)
        self.fleet = fleet
        for act in (fleet.listen, fleet.beat, fleet.watch):
            self._nursery.start_soon(act)
        return f"{len(fleet.shards)} processes"

    def _keep(self, shard: int, lines: Sequence[str]) -> None:
        if shard not in self._mirrors:
            path = mirror_path(self._config.output.ledger, self._ledger.head.mark, shard)
            self._mirrors[shard] = Mirror(path, is_passing=self._config.target.is_standin)
        self._mirrors[shard].write(lines)

    def _title(self) -> str:
        shards = len(self.fleet.shards) if self.fleet is not None else 0
        return f"Bringing {self._config.users.count} users up in {shards} shards"

    async def _bring_up(self) -> str:
        fleet = self.fleet
        assert fleet is not None
        self._has_begun = True
        fleet.start(self._begins(len(fleet.shards)))
        await fleet.until(lambda: self._is_decided(fleet))
        self._check(fleet)
        await fleet.compare_clocks()
        self._check(fleet)
        return f"{len(fleet.there)} shards are ready"

    def _is_decided(self, fleet: Fleet) -> bool:
        has_gone = any(shard.last for shard in fleet.shards.values()) or fleet.trouble
        lost = fleet.lost and (self._plan.stops_on_loss or not fleet.there)
        return bool(has_gone or lost or all(shard.is_ready for shard in fleet.there))

    def _check(self, fleet: Fleet) -> None:
        """Raises SetupError where the load cannot begin."""
        if fleet.trouble is not None:
            raise fleet.trouble
        for shard, last in fleet.failed:
            raise SetupError(f"{shard.name}: {last.text}")
        if any(shard.last for shard in fleet.shards.values()):
            raise SetupError("a shard ended before the load began")
        if fleet.lost and (self._plan.stops_on_loss or not fleet.there):
            raise SetupError("; ".join(f"{shard.name} was lost: {shard.lost}" for shard in fleet.lost))

    def _begins(self, shards: int) -> list[Begin]:
        target = attrs.evolve(
            self._config.target,
            mcp_url=self._target.mcp_url,
            nextcloud_url=self._target.nextcloud_url,
            admin_password=self._target.admin_password,
        )
        config = with_accounts(attrs.evolve(self._config, target=target))
        files = files_of(config)
        return [
            Begin(
                run=self._ledger.head.mark,
                shard=number,
                of=shards,
                config=config_to_json(part),
                files=files,
                client=self._client(),
            )
            for number, part in enumerate(split(config, shards), 1)
        ]

    def _client(self) -> GivenClient | None:
        client = self._preparation.client
        if client is None:
            return None
        secret = client.client_secret.reveal() if client.client_secret else ""
        return GivenClient(client.client_id, client.auth_method, secret)


def together(first: CleanupResult, second: CleanupResult) -> CleanupResult:
    """Both."""
    return CleanupResult(
        first.removed + second.removed,
        first.remaining + second.remaining,
        first.expiring + second.expiring,
        second.reason or first.reason,
        first.notes + second.notes,
    )


@asynccontextmanager
async def open_fleet_world(
    plan: FleetPlan, config: Config, emit: Emit, stop: Stop
) -> AsyncIterator[FleetWorld]:
    """Leaving it waits for the shards, and removes what lost ones have left; see `open_live_world`."""
    mark = new_mark()
    async with (
        open_target(config.target, config.standin_options) as target,
        AsyncExitStack() as stack,
    ):
        with open_ledger(head_of(config, target, mark), config.output.ledger) as ledger:
            async with open_servers(config, target, notes_to(emit), stop.shelter) as servers:
                people = people_of(config, mark)
                journal = RunJournal(ledger)
                named = named_client(config.login)
                prepared = Preparation(config, servers, journal, people, {}, emit, stop.shelter, client=named)
                async with trio.open_nursery() as nursery:
                    world = FleetWorld(config, plan, servers, ledger, prepared, target, emit, stack, nursery)
                    stop.followers.append(world.follow)
                    try:
                        with stop.work:
                            yield world
                    finally:
                        # Only the third signal gets past it.
                        await world.leave()  # noqa: ASYNC102
                        nursery.cancel_scope.cancel()
