"""The load itself: users on stage, workflows in flight, phase after phase until it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from random import Random
from typing import Protocol

import trio

from actors.draws import draws_of
from actors.events import Emit, OnStage, Phase, PhaseBegan, RunEnded
from actors.ports import Connector, Credentials, Person
from actors.roster import Roster, open_roster
from actors.trace_context import Traces
from sim.config.grammar.shapes import ClosedProfile
from sim.config.model import Casting, Config, Group
from sim.load.executors import Executor, make_executor
from sim.load.heartbeat import beat
from sim.load.seeker import Recruit, Seeker
from sim.load.steering import Steering
from sim.load.watchdog import Watchdog
from sim.load.wings import Wings
from sim.measure.curve import CapacityAnswer
from sim.measure.hub import Hub
from sim.runtime.background import in_background, together, when
from sim.runtime.collection import rare_collection
from sim.runtime.stop import Stop
from workflows.base import Workflow
from workflows.bugs import BugWatch
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.settings import Settings

STUCK_S = 60.0
"""A story in which nothing has moved for so long, and nobody is asked, will never move."""

SAMPLE_S = 1.0
"""How often the number of users on stage is told."""


Gate = Callable[[], Awaitable[None]]


async def begin_at_once() -> None:
    """Nobody else is to be ready."""


class Driven(Protocol):
    """Who is driven, and with what."""

    @property
    def people(self) -> Mapping[str, Sequence[Person]]:
        """By the name of their group."""

    @property
    def credentials(self) -> Mapping[str, Credentials]:
        """By user id."""

    @property
    def connector(self) -> Connector: ...

    @property
    def workflows(self) -> Mapping[str, Workflow]: ...

    @property
    def mark(self) -> str: ...

    @property
    def at_once(self) -> int:
        """So many sessions are opened at the same time."""


class Engine:
    """One run's load; `run` it once.

    Args:
        recruit: brings more people up, for a search.
        is_watched: whether time goes by itself: then this process may stand still, and a story that
            waits for ever cannot be told from one that waits for long.
        gate: awaited when all are on stage who are there from the beginning; the load begins when it returns.

    Attributes:
        watchdog: the thresholds that it watches.
        seeker: searches for what the server carries; None before it begins, and where nothing is sought.
        steering: how somebody who looks on changes it.
        stopped: why it ended, in words.
        protocols: negotiated MCP protocol versions, with the number of users.
        unanswered: users one of whose calls the server may still be at, with the instant at which it was
            sent; complete once `run` is over.
    """

    def __init__(
        self,
        config: Config,
        driven: Driven,
        hub: Hub,
        *,
        is_watched: bool = True,
        recruit: Recruit | None = None,
        gate: Gate = begin_at_once,
    ) -> None:
        self._config = config
        self._driven = driven
        self._is_watched = is_watched
        self._recruit = recruit
        self._gate = gate
        self._hub = hub
        self._emit: Emit = hub.emit
        self._share = config.load.share
        # Also two shards are two in a server's log.
        shard = f"/{self._share.number}" if self._share.of > 1 else ""
        self._settings = Settings(
            mark=driven.mark,
            collaborators=config.stories.collaborators,
            file_size=config.stories.file_size,
            propagation_timeout_s=config.stories.propagation_timeout_s,
            # With the mark: two runs of one seed are two in a server's log.
            traces=Traces(
                draws_of(f"{config.load.seed}/traces/{driven.mark}{shard}"), config.output.trace_share
            ),
        )
        self.watchdog = Watchdog(config.thresholds, hub, config.load)
        self.steering = Steering(config.load.groups, hub.emit)
        self.seeker: Seeker | None = None
        self.stopped = "interrupted"
        self.protocols: Counter[str] = Counter()
        self.unanswered: dict[str, float] = {}

    @property
    def capacity(self) -> CapacityAnswer | None:
        """What a search has found so far; None where nothing is sought."""
        return self.seeker.answer if self.seeker is not None else None

    async def run(self, stop: Stop) -> None:
        """Open the sessions, warm up, follow the profiles, let workflows finish within the grace.

        The first signal ends it like the end of the profile. At the end, and when cancelled: first
        stories are cancelled, and no call is begun any more; then calls that have been sent come to their
        answer, under the shelter of `stop`; then sessions are closed. Raises SetupError when somebody
        who is to be there from the beginning cannot come.
        """
        load, roster = self._config.load, None
        try:
            with ExitStack() as until_gone:
                async with open_roster(
                    self._driven.connector,
                    self._emit,
                    load.seed,
                    shelter=stop.shelter,
                    call_bound_s=load.call_timeout_s,
                ) as roster:
                    await self._drive(stop, roster, until_gone)
        finally:
            if roster is not None:
                self.protocols.update(roster.protocols)
                self.unanswered.update(roster.unanswered_since)
            self.watchdog.conclude()
            now = trio.current_time()
            self._emit(RunEnded(now, self.stopped))
            self._emit(PhaseBegan(Phase.CLEANUP, now))

    async def _drive(self, stop: Stop, roster: Roster, until_gone: ExitStack) -> None:
        """From the opening of sessions to the end of the grace; at its end all stories are cancelled.

        What is to last until everybody has gone is put into `until_gone`.
        """
        budget = Budget()
        async with trio.open_nursery() as nursery:
            bugs = BugWatch(fail_fast=self._config.stories.fail_fast)
            numbers = count(self._share.number, self._share.of)
            director = Director(nursery, roster, self._emit, self._settings, budget, bugs, numbers)
            executors = [self._executor(group, roster, director) for group in self._config.load.groups]
            limit = trio.CapacityLimiter(self._driven.at_once)
            leave_alone = until_gone.enter_context(rare_collection())
            for executor in executors:
                await executor.fill(limit)
            # That is a collection, and what comes after the gate is to come at once.
            leave_alone()
            await self._gate()
            stop.has_work_to_finish = True
            self.steering.may_stop(stop)
            async with (
                in_background(lambda: self._tell_stage(executors, roster)),
                in_background(lambda: self._watch_itself(director)),
            ):
                await self._play(executors, budget, director, stop)
                await self._wind_down(director)
                self.watchdog.settle()
            nursery.cancel_scope.cancel()

    def _executor(self, group: Group, roster: Roster, director: Director) -> Executor:
        load, driven = self._config.load, self._driven
        weights = {driven.workflows[name]: w for name, w in group.mix.items() if name in driven.workflows}
        name = group.name if len(load.groups) > 1 else ""
        mixed = Random(f"{load.seed}/mix/{group.name}")  # noqa: S311  reproducible draws, not secrets
        arrivals = Random(f"{load.seed}/arrivals/{group.name}")  # noqa: S311
        waiting = [(person, driven.credentials[person.uid]) for person in reversed(driven.people[group.name])]
        company = Company(Mix(weights), group.think.sample, mixed, name, casts_all=group.cast is Casting.ALL)
        wings = Wings(roster, waiting)
        return make_executor(group.profile, wings, company, director, self._emit, load.max_lag_s, arrivals)

    async def _play(
        self, executors: Sequence[Executor], budget: Budget, director: Director, stop: Stop
    ) -> None:
        """Warm-up, then the profiles, until they end, the iterations are spent, or a signal comes."""
        load = self._config.load
        async with trio.open_nursery() as nursery:

            def ended(why: str) -> None:
                self.stopped = why
                nursery.cancel_scope.cancel()

            nursery.start_soon(when, stop.stopping, lambda: ended(self._who_stopped()))
            nursery.start_soon(when, director.bugs.hopeless, lambda: ended(director.bugs.why))
            warmup_s = load.warmup_s if any(executor.at_first for executor in executors) else 0.0
            self._enter(Phase.WARMUP)
            if warmup_s:
                begin(executors)
                await together([partial(executor.warm_up, warmup_s) for executor in executors])
            self._enter(Phase.MEASURED)
            if load.iterations is not None:
                budget.limit(load.iterations)
                nursery.start_soon(self._until_played, budget, director, ended)
            if not warmup_s:
                begin(executors)
            nursery.start_soon(self.watchdog.watch, ended)
            if self._config.sought is not None:
                nursery.start_soon(self._seek, executors, ended)
            else:
                self.steering.take_over(executors)
            try:
                await together([executor.play for executor in executors])
            finally:
                self.steering.let_go()
            ended("the load profile ended")

    async def _seek(self, executors: Sequence[Executor], ended: Callable[[str], None]) -> None:
        """Instead of a profile that is followed."""
        sought, recruit = self._config.sought, self._recruit
        assert sought is not None
        assert recruit is not None
        limit = trio.CapacityLimiter(self._driven.at_once)
        self.seeker = Seeker(sought, self._config.load, executors, self._hub, recruit, limit)
        with trio.move_on_after(sought.within_s):
            await self.seeker.seek()
        over = self.seeker.search.found.is_over
        ended("the search was over" if over else "the time for the search was over")

    def _who_stopped(self) -> str:
        return "stopped by hand" if self.steering.stopped_by_hand else "stopped by a signal"

    async def _until_played(self, budget: Budget, director: Director, ended: Callable[[str], None]) -> None:
        """What has been started is played to its end: only the profile's end, or a signal, begins the
        grace, and each of its calls comes to an end by itself.
        """
        await budget.spent.wait()
        director.close()
        await director.wait_idle()
        ended(f"{self._config.load.iterations} iterations")

    async def _wind_down(self, director: Director) -> None:
        """No new work; what is being played may finish within the grace."""
        director.close()
        self._enter(Phase.GRACE)
        with trio.move_on_after(self._config.load.grace_s):
            await director.wait_idle()

    def _enter(self, phase: Phase) -> None:
        self._emit(PhaseBegan(phase, trio.current_time()))

    async def _tell_stage(self, executors: Sequence[Executor], roster: Roster) -> None:
        while True:
            now = trio.current_time()
            for executor in executors:
                there = roster.count_in_group(executor.group)
                self._emit(OnStage(now, executor.group, executor.wanted, there, executor.unit))
            await trio.sleep(SAMPLE_S)

    async def _watch_itself(self, director: Director) -> None:
        """Tell when this process stands still; where time does not go by itself, when a story does."""
        if self._is_watched:
            is_closed = all(isinstance(group.profile, ClosedProfile) for group in self._config.load.groups)
            await beat(self._emit, is_lateness=is_closed)
        while True:
            await trio.sleep(STUCK_S)
            director.check_for_deadlock(self._settings.propagation_timeout_s + STUCK_S)


def begin(executors: Sequence[Executor]) -> None:
    for executor in executors:
        executor.begin()
