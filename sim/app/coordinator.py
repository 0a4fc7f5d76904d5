"""A run that several shards drive, put together so that nobody who looks on sees that there are several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import attrs
import trio

from actors.events import (
    Emit,
    Event,
    Note,
    PhaseBegan,
    Removed,
    RunEnded,
    StepBegan,
    StepEnded,
)
from sim.app import carry_out, say_all, with_end
from sim.app.fleet_load import FleetLoad, ShardBug
from sim.app.fleet_world import FleetPlan, OpenEngine, ShardsWorld, open_fleet_world
from sim.config.model import Config
from sim.fleet.fleet_tally import FleetTally
from sim.fleet.on_our_clock import event_of, window_of
from sim.fleet.rest_json import absorb_rest
from sim.fleet.shard_messages import Figures, Happened, ShardFailed
from sim.fleet.shard_state import ShardState
from sim.live.onlookers import Onlookers
from sim.measure.hub import Hub, Looker
from sim.measure.leaves import Leaves
from sim.measure.summary import summarize
from sim.report.building import build_result
from sim.report.facts import RunFacts, facts_of, facts_so_far
from sim.report.html.growing import GrowingReport, at_the_end
from sim.report.publish import complain, publish_nothing
from sim.report.result import Result
from sim.report.result_shards import ShardResult
from sim.runtime.exit import ExitCode
from sim.runtime.stop import Stop, StopSource
from sim.world.opening import kind_of
from sim.world.visit import VisitEnd, visit_in
from sim.world.worlds import World, play

OpenFleet = Callable[[FleetPlan, Config, Emit, Stop], AbstractAsyncContextManager[ShardsWorld]]


def run_fleet(
    config: Config,
    open_engine: OpenEngine,
    *,
    opens: OpenFleet = open_fleet_world,
    stops_on_loss: bool = False,
    look_on: Looker | None = None,
) -> ExitCode:
    """One run, as `sim.app.run`. The loss of a shard is named; the run goes on with the others, or stops.

    Args:
        open_engine: the processes, one for each shard.
        opens: the world that their users live in.
    """
    run = FleetRun(config, open_engine, opens=opens, stops_on_loss=stops_on_loss, look_on=look_on)
    return carry_out(run.main, config)


class FleetRun:
    """One run and what is known of it; see `sim.app.Run`."""

    def __init__(
        self,
        config: Config,
        open_engine: OpenEngine,
        *,
        opens: OpenFleet = open_fleet_world,
        stops_on_loss: bool = False,
        look_on: Looker | None = None,
    ) -> None:
        self._config = config
        self._clock = kind_of(config).clock
        self._opens = opens
        self._plan = FleetPlan(open_engine, self._take, self._dropped, stops_on_loss)
        self._onlookers = Onlookers(config, self._clock, complain, look_on)
        self._say = self._onlookers.console.say
        self._hearsay = Hearsay()
        self._world: ShardsWorld | None = None
        self._load: FleetLoad | None = None
        self._tally: FleetTally
        self._hub: Hub

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        self._tally = FleetTally()
        self._hub = Hub(self._tally, self._clock.usage_meter())
        drawing = GrowingReport(self._config, self._tally, self._facts_so_far)
        async with self._onlookers.page(drawing, None):
            async with self._onlookers.looking_on(self._hub):
                found = await visit_in(self._open, self._hub.emit, source, self._act)
                self._tally.is_over = True
                self._look_for_bugs(found)
            code, result = self._report(found)
            await self._onlookers.finish(partial(at_the_end, result), source)
        for failure in self._hub.failures:
            complain(f"somebody who looked on failed, and missed the rest: {failure!r}")
        if found.bug is not None:
            raise found.bug
        return code

    def _look_for_bugs(self, found: VisitEnd) -> None:
        """A shard that has begun its load and could not say how it ended was ended by one."""
        if self._load is None or self._world is None:
            return
        for shard in self._world.shards:
            if isinstance(shard.last, ShardFailed):
                found.bug = found.bug or ShardBug(f"{shard.name}: {shard.last.text}")
            elif shard.rest is not None and shard.rest.facts.problem:
                found.problem = found.problem or f"{shard.name}: {shard.rest.facts.problem}"

    @asynccontextmanager
    async def _open(self, stop: Stop) -> AsyncIterator[World]:
        async with self._opens(self._plan, self._config, self._hub.emit, stop) as self._world:
            yield self._world

    async def _act(self, world: World, stop: Stop) -> None:
        emit, shards = self._hub.emit, self._world
        played = await play(world.steps, emit, more=1)
        text = "Starting the load in all shards at one instant"
        emit(StepBegan(played + 1, played + 1, "all shards begin", text, trio.current_time()))
        assert shards is not None
        assert shards.fleet is not None
        stops_on_loss = self._plan.stops_on_loss
        load = FleetLoad(self._config, shards.fleet, self._hub, self._tally, stops_on_loss=stops_on_loss)
        self._load = load
        self._onlookers.load_begins(world.target, load.watchdog.verdicts, None, stop)
        await load.run(stop)

    def _dropped(self, shard: ShardState) -> None:
        self._tally.drop_shard(shard.number)

    def _take(self, emit: Emit, shard: ShardState, message: Figures | Happened) -> None:
        """Raises ValueError for what is none."""
        match message:
            case Figures():
                self._tally.put_window(shard.number, window_of(message, shard.started_at))
            case Happened():
                event = event_of(message, shard.started_at)
                if isinstance(event, Removed):
                    shard.removed += event.ok
                self._hear(emit, shard, event)

    def _hear(self, emit: Emit, shard: ShardState, event: Event) -> None:
        if isinstance(event, PhaseBegan | RunEnded):
            if self._load is not None:
                self._load.take(shard, event)
            return
        told = self._hearsay.of(shard, event)
        if told is not None:
            emit(told)

    def _facts_so_far(self, leaves: Leaves) -> RunFacts:
        return facts_so_far(self._config, self._world, self._load, self._tally.generator_cpu, leaves)

    def _report(self, found: VisitEnd) -> tuple[ExitCode, Result | None]:
        """The results first, then what a person reads; neither takes the other down."""
        world, load = self._world, self._load
        if found.world is None or world is None or load is None:
            return publish_nothing(found.problem, found.cleanup, found.trouble, self._say), None
        for shard in world.shards:
            if shard.rest is not None:
                absorb_rest(self._tally, shard.rest, shard.started_at or 0.0)
                load.protocols.update(shard.rest.facts.protocols)
        facts = with_end(facts_of(self._config, world, load, self._tally.generator_cpu), found)
        calls = self._tally.calls
        facts = attrs.evolve(
            facts,
            shards=tuple(shard_result(each, calls[each.number]) for each in world.shards),
            lost_users=lost_users(world),
        )
        told = [shard.rest.facts for shard in world.shards if shard.rest is not None]
        if told:
            facts = attrs.evolve(facts, login=told[0].login, steps=dict(told[0].steps))
        result = build_result(self._config, summarize(self._tally), facts)
        return say_all(self._config, result, found.problem, self._say), result


def lost_users(world: ShardsWorld) -> dict[str, str]:
    """Those of whom nothing is known but that they were there, and why; by user id."""
    uids = [person.uid for members in world.crowd.people.values() for person in members]
    return {
        uid: f"shard {shard.number} was lost: {why_lost(shard)}"
        for shard in world.shards
        if shard.rest is None
        for uid in uids[shard.number - 1 :: shard.of]
    }


def why_lost(shard: ShardState) -> str:
    return shard.lost or (shard.last.text if isinstance(shard.last, ShardFailed) else "")


def shard_result(shard: ShardState, calls: int) -> ShardResult:
    """What the document says of one; `calls` as far as they were heard."""
    rest = shard.rest.facts if shard.rest is not None else None
    return ShardResult(
        shard=shard.number,
        host=shard.place.host,
        users=rest.users if rest else shard.users,
        calls=calls,
        start_skew=shard.start_skew_s,
        cpu=rest.cpu if rest else None,
        lost=why_lost(shard),
        left_behind=len(shard.left or ()),
    )


class Hearsay:
    """What of all that shards tell is handed on, so that what all of them say is said once."""

    def __init__(self) -> None:
        self._notes: set[str] = set()
        self._steps: dict[str, set[int]] = {}

    def of(self, shard: ShardState, event: Event) -> Event | None:
        """None: nothing, or not yet."""
        match event:
            case StepBegan():
                return None
            case StepEnded():
                return self._of_step(shard, event)
            case Note():
                return self._of_note(shard, event)
            case _:
                return event

    def _of_step(self, shard: ShardState, event: StepEnded) -> Event | None:
        ended = self._steps.setdefault(event.name, set())
        ended.add(shard.number)
        if not event.ok or len(ended) < shard.of:
            return None
        return Note(f"  {event.name} (in all {shard.of} shards)", at=event.at)

    def _of_note(self, shard: ShardState, event: Note) -> Event | None:
        if event.text in self._notes:
            return None
        self._notes.add(event.text)
        return attrs.evolve(event, text=f"  shard {shard.number}: {event.text.strip()}")
