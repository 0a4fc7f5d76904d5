"""The load of a run that several shards drive: begun at one instant, its limits judged on all together."""

from __future__ import annotations

from collections import Counter
from functools import partial
from math import ceil

import trio

from actors.events import Event, Phase, PhaseBegan, RunEnded
from sim.config.model import Config
from sim.fleet.clock_offset import lead_s
from sim.fleet.fleet import Fleet
from sim.fleet.fleet_tally import FleetTally
from sim.fleet.shard_messages import ShardFailed
from sim.fleet.shard_state import ShardState
from sim.load.steering import Steering
from sim.load.watchdog import Watchdog
from sim.measure.curve import CapacityAnswer
from sim.measure.hub import Hub
from sim.runtime.background import when
from sim.runtime.stop import Stop

ORDER = tuple(Phase)
PLAYING = (Phase.WARMUP, Phase.MEASURED)
"""They begin when the first shard begins them; the others when the last does."""


class ShardBug(Exception):
    """Something nobody expected ended a shard."""


class FleetLoad:
    """See `sim.app.Driving`.

    Attributes:
        unanswered: nobody: each shard sees to its own.
    """

    steering: Steering | None = None
    capacity: CapacityAnswer | None = None

    def __init__(
        self, config: Config, fleet: Fleet, hub: Hub, tally: FleetTally, *, stops_on_loss: bool
    ) -> None:
        self._fleet = fleet
        self._tally = tally
        self._hub = hub
        self._stops_on_loss = stops_on_loss
        self._phase = Phase.SETUP
        self._begun: dict[Phase, dict[int, float]] = {}
        self.watchdog = Watchdog(config.thresholds, hub, config.load)
        self.stopped = "interrupted"
        self.protocols: Counter[str] = Counter()
        self.unanswered: dict[str, float] = {}

    async def run(self, stop: Stop) -> None:
        """Start all at one instant, and wait for their ends; a broken limit, or a signal, ends them earlier.

        Raises ShardBug. Cancelled, shards have been told why by whoever cancelled it.
        """
        fleet = self._fleet
        try:
            lead = self._lead_s()
            fleet.start_at(trio.current_time() + lead)
            await trio.sleep(lead)
            self._hub.align()
            stop.has_work_to_finish = True
            async with trio.open_nursery() as nursery:
                nursery.start_soon(when, stop.stopping, partial(self._end, "stopped by a signal"))
                nursery.start_soon(self._watch_limits)
                if self._stops_on_loss:
                    nursery.start_soon(self._end_on_loss)
                await fleet.until(self._is_over)
                nursery.cancel_scope.cancel()
            if not fleet.there and self.stopped == "interrupted":
                self.stopped = "all shards were lost"
            self._check()
        finally:
            # What a shard counts before it cleans up, it has told before it says that it does.
            self._tally.is_over = True
            self.watchdog.settle()
            self.watchdog.conclude()
            now = trio.current_time()
            self._hub.emit(RunEnded(now, self.stopped))
            self._enter(Phase.CLEANUP, now)

    def _lead_s(self) -> float:
        """How long before the start it is told: to a whole second of the run, as its timeline has them."""
        lead = lead_s([shard.offset for shard in self._fleet.there if shard.offset is not None])
        passed = trio.current_time() - self._tally.started
        return ceil(passed + lead) - passed

    def take(self, shard: ShardState, event: Event) -> None:
        """Something that a shard tells of its load, with instants of our clock. Raises ValueError."""
        match event:
            case PhaseBegan():
                if shard.phase is not None and ORDER.index(event.phase) <= ORDER.index(shard.phase):
                    raise ValueError(f"its phase {event.phase.value} comes after {shard.phase.value}")
                shard.phase = event.phase
                self._begun.setdefault(event.phase, {})[shard.number] = event.at
                if event.phase in PLAYING and shard.start_skew_s is None and shard.started_at is not None:
                    shard.start_skew_s = event.at - shard.started_at
                self._advance()
            case RunEnded() if self.stopped == "interrupted":
                self.stopped = event.why
            case _:
                pass

    def _advance(self) -> None:
        """To the phase that all shards have come to: then all their windows of earlier ones are here too."""
        for phase in ORDER[ORDER.index(self._phase) + 1 :]:
            begun = self._begun.get(phase, {})
            there = {shard.number for shard in self._fleet.there}
            if phase is not Phase.CLEANUP and begun and there <= begun.keys():
                self._enter(phase, min(begun.values()) if phase in PLAYING else max(begun.values()))

    def _enter(self, phase: Phase, at: float) -> None:
        if ORDER.index(phase) > ORDER.index(self._phase):
            self._phase = phase
            self._tally.end_phases_before(phase)
            self._hub.emit(PhaseBegan(phase, at))

    def _is_over(self) -> bool:
        """Whether every shard that is there has ended its load."""
        self._advance()
        return all(shard.phase is Phase.CLEANUP for shard in self._fleet.there)

    async def _watch_limits(self) -> None:
        await self._fleet.until(lambda: Phase.MEASURED in self._begun)
        await self.watchdog.watch(self._end)

    async def _end_on_loss(self) -> None:
        await self._fleet.until(lambda: bool(self._fleet.lost))
        self._end(f"{self._fleet.lost[0].name} was lost")

    def _end(self, why: str) -> None:
        if self.stopped == "interrupted":
            self.stopped = why
        self._fleet.stop(1)

    def _check(self) -> None:
        for shard, last in self._fleet.failed:
            assert isinstance(last, ShardFailed)
            raise ShardBug(f"{shard.name}: {last.text}")
        if self._fleet.trouble is not None:
            raise self._fleet.trouble
