"""The load itself: users on stage, workflows in flight, phase after phase until it is over."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

import trio

from actors.events import Phase
from actors.ports import Connector, Credentials, Person
from actors.roster import Roster, open_roster
from sim.config.model import Casting, Config, Group
from sim.live.console import Progress
from sim.load.executors import Stage
from sim.load.watchdog import Limits
from sim.measure.recorder import Recorder
from sim.runtime.background import in_background
from sim.runtime.stop import Stop
from workflows.base import Workflow
from workflows.bugs import BugWatch
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.settings import Settings

STUCK_S = 60.0
"""Virtual time: a story in which nothing has moved for so long, and nobody is asked, will never move."""

SAMPLE_S = 1.0
"""How often the number of users on stage is noted."""


class Load:
    """One run's load; `run` it once.

    Args:
        is_virtual: on the virtual clock nobody looks on, CPU time means nothing, and a story that
            waits for ever is noticed.

    Attributes:
        limits: the thresholds that it watches.
        stopped: why it ended, in words.
        protocols: negotiated MCP protocol versions, with the number of users.
        unanswered: users one of whose calls may have changed something and never came to its answer, with
            the instant at which it was sent; complete once `run` is over. The server may still be at it.
        generator_cpu: share of one core that this process used in the measured phase.
    """

    def __init__(
        self,
        config: Config,
        connector: Connector,
        recorder: Recorder,
        workflows: Mapping[str, Workflow],
        mark: str,
        *,
        is_virtual: bool = False,
    ) -> None:
        self._config = config
        self._connector = connector
        self._recorder = recorder
        self._workflows = workflows
        self._is_virtual = is_virtual
        self._settings = Settings(
            mark=mark,
            collaborators=config.stories.collaborators,
            file_size=config.stories.file_size,
            propagation_timeout_s=config.stories.propagation_timeout_s,
        )
        self.limits = Limits(config.thresholds, recorder, config.load)
        self.stopped = "interrupted"
        self.protocols: Counter[str] = Counter()
        self.unanswered: dict[str, float] = {}
        self.generator_cpu: float | None = None

    async def run(
        self,
        at_once: int,
        people: Mapping[str, Sequence[Person]],
        credentials: Mapping[str, Credentials],
        interrupt: Stop,
        progress: Progress,
    ) -> None:
        """Open the sessions, warm up, follow the profiles, let workflows finish within the grace.

        The first signal ends it like the end of the profile. At the end, and when cancelled: first
        stories are cancelled, and no call is begun any more; then calls that have been sent come to their
        answer, under the shelter of `interrupt`; then sessions are closed.
        """
        load, roster = self._config.load, None
        try:
            async with open_roster(
                self._connector,
                self._recorder,
                load.seed,
                shelter=interrupt.shelter,
                call_bound_s=load.call_timeout_s,
            ) as roster:
                await self._drive(at_once, people, credentials, interrupt, progress, roster)
        finally:
            if roster is not None:
                self.protocols.update(roster.protocols)
                self.unanswered.update(roster.unanswered_since)
            self._recorder.enter(Phase.CLEANUP)

    async def _drive(
        self,
        at_once: int,
        people: Mapping[str, Sequence[Person]],
        credentials: Mapping[str, Credentials],
        interrupt: Stop,
        progress: Progress,
        roster: Roster,
    ) -> None:
        """From the opening of sessions to the end of the grace; at its end all stories are cancelled."""
        budget = Budget()
        async with trio.open_nursery() as nursery:
            bugs = BugWatch(fail_fast=self._config.stories.fail_fast)
            director = Director(nursery, roster, self._recorder, self._settings, budget, bugs)
            stages = [
                self._stage(group, people, credentials, roster, director)
                for group in self._config.load.groups
            ]
            limit = trio.CapacityLimiter(at_once)
            await fill(stages, limit, lambda: None)
            interrupt.has_work_to_finish = True
            async with in_background(lambda: self._look_on(progress, roster, director)):
                async with in_background(lambda: self._watch_stage(roster)):
                    async with in_background(self._watch_itself):
                        await self._play(stages, budget, director, interrupt)
                        await self._wind_down(director)
                        self.limits.settle()
            nursery.cancel_scope.cancel()

    def _stage(
        self,
        group: Group,
        people: Mapping[str, Sequence[Person]],
        credentials: Mapping[str, Credentials],
        roster: Roster,
        director: Director,
    ) -> Stage:
        seed = self._config.load.seed
        weights = {self._workflows[name]: w for name, w in group.mix.items() if name in self._workflows}
        name = group.name if len(self._config.load.groups) > 1 else ""
        mixed = Random(f"{seed}/mix/{group.name}")  # noqa: S311  reproducible draws, not secrets
        arrivals = Random(f"{seed}/arrivals/{group.name}")  # noqa: S311
        return Stage(
            profile=group.profile,
            people=[(person, credentials[person.uid]) for person in people[group.name]],
            company=Company(
                Mix(weights), group.think.sample, mixed, name, casts_all=group.cast is Casting.ALL
            ),
            roster=roster,
            director=director,
            recorder=self._recorder,
            max_lag_s=self._config.load.max_lag_s,
            random=arrivals,
        )

    async def _play(
        self, stages: Sequence[Stage], budget: Budget, director: Director, interrupt: Stop
    ) -> None:
        """Warm-up, then the profiles, until they end, the iterations are spent, or a signal comes."""
        async with trio.open_nursery() as nursery:

            async def until(event: trio.Event, why: str) -> None:
                await event.wait()
                self.stopped = why
                nursery.cancel_scope.cancel()

            async def until_played() -> None:
                # What has been started is played to its end: only the profile's end, or a signal, begins
                # the grace, and each of its calls comes to an end by itself.
                await budget.spent.wait()
                director.close()
                await director.wait_idle()
                self.stopped = f"{self._config.load.iterations} iterations"
                nursery.cancel_scope.cancel()

            async def until_broken() -> None:
                self.stopped = await self.limits.watch()
                nursery.cancel_scope.cancel()

            async def until_hopeless() -> None:
                await director.bugs.hopeless.wait()
                self.stopped = director.bugs.why
                nursery.cancel_scope.cancel()

            nursery.start_soon(until, interrupt.stopping, "stopped by a signal")
            nursery.start_soon(until_hopeless)
            warmup_s = self._config.load.warmup_s if any(stage.at_first for stage in stages) else 0.0
            self._recorder.enter(Phase.WARMUP)
            if warmup_s:
                begin(stages)
                await warm_up(stages, warmup_s)
            self._recorder.enter(Phase.MEASURED)
            if self._config.load.iterations is not None:
                budget.limit(self._config.load.iterations)
                nursery.start_soon(until_played)
            if not warmup_s:
                begin(stages)
            nursery.start_soon(until_broken)
            began_cpu, began = time.process_time(), trio.current_time()
            try:
                async with trio.open_nursery() as playing:
                    for stage in stages:
                        playing.start_soon(stage.play)
                self.stopped = "the load profile ended"
            finally:
                elapsed = trio.current_time() - began
                if elapsed and not self._is_virtual:
                    self.generator_cpu = (time.process_time() - began_cpu) / elapsed
            nursery.cancel_scope.cancel()

    async def _wind_down(self, director: Director) -> None:
        """No new work; what is being played may finish within the grace."""
        director.close()
        self._recorder.enter(Phase.GRACE)
        with trio.move_on_after(self._config.load.grace_s):
            await director.wait_idle()

    async def _look_on(self, progress: Progress, roster: Roster, director: Director) -> None:
        if not self._is_virtual:
            await progress.follow(self._recorder, lambda: roster.count_on_stage)
        while True:
            await trio.sleep(STUCK_S)
            director.check_for_deadlock(self._settings.propagation_timeout_s + STUCK_S)

    async def _watch_stage(self, roster: Roster) -> None:
        while True:
            self._recorder.timeline.note_users(trio.current_time(), roster.count_on_stage)
            await trio.sleep(SAMPLE_S)

    async def _watch_itself(self) -> None:
        """Note when this process stands still; on the virtual clock it never does."""
        if not self._is_virtual:
            await self._recorder.stalls.watch()


async def fill(stages: Sequence[Stage], limit: trio.CapacityLimiter, on_entry: Callable[[], None]) -> None:
    """Bring on those of all groups who are there from the beginning. Raises SetupError."""
    for stage in stages:
        await stage.fill(limit, on_entry)


def begin(stages: Sequence[Stage]) -> None:
    for stage in stages:
        stage.begin()


async def warm_up(stages: Sequence[Stage], seconds: float) -> None:
    async with trio.open_nursery() as nursery:
        for stage in stages:
            nursery.start_soon(stage.warm_up, seconds)
