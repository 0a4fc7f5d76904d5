"""The director: casts roles, plays stories, and gives users their initiative.

Nobody else asks users. In the closed model every user on stage starts one workflow after another, with
think time between; in the open model workflows arrive from outside and take a free user each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from random import Random

import trio

from actors.events import Emit, Execution, Missed, NotStarted
from actors.lifecycle import State
from actors.ports import NotesLayout
from actors.roster import Roster
from actors.user import User
from workflows.base import Workflow
from workflows.budget import Budget
from workflows.bugs import BugWatch
from workflows.failures import StoryBug
from workflows.repertoire import Mix
from workflows.scene import Scene
from workflows.settings import Settings
from workflows.story_told import tell
from workflows.waits import describe_wait, waits_longer_than

__all__ = ["Budget", "Company", "Director"]


class Company:
    """Users who behave alike.

    Args:
        mix: what they play.
        think: draws the pause between two workflows of one user, seconds.
        random: draws which workflow an arrival is (open model).
        name: the group's, "" where the run has none.
        casts_all: whether a workflow that one of them leads is cast from everybody on stage, instead of
            from the leading user's own group alone.
    """

    def __init__(
        self,
        mix: Mix,
        think: Callable[[Random], float],
        random: Random,
        name: str = "",
        *,
        casts_all: bool = False,
    ) -> None:
        self.mix = mix
        self.think = think
        self.random = random
        self.name = name
        self.casts_all = casts_all
        self.free_in, self.free_out = trio.open_memory_channel[User](math.inf)
        """Open model: users who lead no workflow right now, the longest free first."""
        self._going_on: trio.Event | None = None

    @property
    def halted(self) -> trio.Event | None:
        """None, or what is set when its users may begin workflows again; nothing is due meanwhile."""
        return self._going_on

    def halt(self, *, on: bool) -> None:
        """Begin no workflow from now on, or go on."""
        if not on and self._going_on is not None:
            self._going_on.set()
        self._going_on = trio.Event() if on else None


class Director:
    """Plays workflows with the users of a roster.

    Args:
        nursery: every initiative and every arrival is a task in it; cancelling it interrupts them.
        roster: who can be cast.
        record: takes each `Execution` and each `NotStarted`.
        settings: told to every story.
        budget: how many executions may start.
        bugs: told of every story whose own code fails; its `hopeless` says when to end the run.
        numbers: what executions are numbered with.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        roster: Roster,
        record: Emit,
        settings: Settings,
        budget: Budget,
        bugs: BugWatch | None = None,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._nursery = nursery
        self._roster = roster
        self._record = record
        self._settings = settings
        self._budget = budget
        self.bugs = bugs or BugWatch()
        self._numbers = numbers or count(1)
        self._layouts: dict[str, NotesLayout] = {}
        self._playing: dict[int, Scene] = {}
        self._idle = trio.Event()
        self._closed = False
        # A dict, not a set: what is woken together wakes in the same order in every run.
        self._pauses: dict[trio.CancelScope, None] = {}

    @property
    def in_flight(self) -> int:
        """How many executions are being played."""
        return len(self._playing)

    def give_initiative(self, user: User, company: Company) -> None:
        """Closed model: `user` starts one workflow after another until they leave the stage."""
        self._nursery.start_soon(self._initiative, user, company)

    def offer(self, user: User, company: Company) -> None:
        """Open model: `user` may be given workflows that arrive."""
        company.free_in.send_nowait(user)

    def arrive(self, due: float, company: Company, max_lag_s: float) -> None:
        """Open model: a workflow is due now; it is dropped when nobody is free within `max_lag_s`.

        It becomes one `Execution` with this `due`, or one `NotStarted` at this `due`, whatever happens:
        also when it still waits while the arrivals end, or is cancelled. Nothing is due after `close`, while
        the company is halted, nor while the budget has no execution left that has not been promised to an
        earlier arrival.
        """
        if company.halted is not None:
            return
        workflow = company.mix.draw(company.random)
        if not self._closed and self._budget.promise():
            self._nursery.start_soon(self._arrival, workflow, due, company, max_lag_s)

    def pass_over(self, company: Company) -> None:
        """Open model: a workflow arrives somewhere else, where the same is drawn for it."""
        company.mix.draw(company.random)

    def close(self) -> None:
        """Start nothing more. What is being played goes on; `wait_idle` waits for it."""
        self._closed = True
        for pause in self._pauses:
            pause.cancel()
        if not self._playing:
            self._idle.set()

    def check_for_deadlock(self, longest_s: float) -> None:
        """Raise StoryBug when some story has asked nobody for longer than `longest_s` seconds.

        Users wait for nobody but the director, so a story that neither asks nor ends waits for itself.
        """
        stuck = [describe_wait(s) for s in self._playing.values() if waits_longer_than(s, longest_s)]
        if stuck:
            raise StoryBug(f"deadlock: {'; '.join(stuck)}")

    async def wait_idle(self) -> None:
        """Return when it is closed and nothing is being played any more."""
        await self._idle.wait()

    async def play(
        self, workflow: Workflow, cast: tuple[User, ...], group: str = "", due: float | None = None
    ) -> Execution:
        """Play `workflow` once and record how it went.

        Whatever the story raises is an ending, a bug in its own code too (`bugs` is told). When
        cancelled, the calls in hand are called off, nothing is tidied, and it counts as interrupted.
        """
        scene = Scene(workflow, cast, next(self._numbers), self._settings, self._layouts, self.bugs, due)
        for user in cast:
            user.hold()
        self._playing[scene.number] = scene
        try:
            await scene.play(tell)
        finally:
            execution = scene.execution(group)
            self._record(execution)
            scene.tell_bugs()
            for user in cast:
                user.release()
            del self._playing[scene.number]
            if self._closed and not self._playing:
                self._idle.set()
        return execution

    async def _initiative(self, user: User, company: Company) -> None:
        while self._may_start(user):
            if company.halted is not None:
                with self._pause():
                    await company.halted.wait()
                continue
            workflow = company.mix.draw(user.random)
            cast = await self._cast(workflow, user, company)
            if cast is None or not self._budget.take():
                return
            await self.play(workflow, cast, company.name)
            if pause_s := company.think(user.random):
                with self._pause(pause_s):
                    await trio.sleep_forever()
            else:
                await trio.lowlevel.checkpoint()  # a story of no steps would let nobody else run

    async def _cast(self, workflow: Workflow, user: User, company: Company) -> tuple[User, ...] | None:
        """The cast, when enough users are on stage; None when it came to nothing."""
        if cast := self._draw_cast(workflow, user, company):
            return cast
        now = trio.current_time()
        self._record(NotStarted(workflow.name, Missed.POSTPONED, now, company.name))
        enough = workflow.roles_min
        with self._pause():
            await self._roster.wait_until(
                lambda _: self._count_castable(user, company) >= enough or not self._may_start(user)
            )
        return self._draw_cast(workflow, user, company) if self._may_start(user) else None

    def _count_castable(self, leading: User, company: Company) -> int:
        if company.casts_all:
            return self._roster.count_on_stage
        return self._roster.count_in_group(leading.person.group)

    def _draw_cast(self, workflow: Workflow, leading: User, company: Company) -> tuple[User, ...] | None:
        size = workflow.cast_size(self._count_castable(leading, company), self._settings.collaborators)
        group = None if company.casts_all else leading.person.group
        return self._roster.cast(leading, size - 1, leading.random, group)

    async def _arrival(self, workflow: Workflow, due: float, company: Company, max_lag_s: float) -> None:
        leading: User | None = None
        is_played = False
        try:
            leading = await self._free_user(company, due + max_lag_s)
            cast = self._draw_cast(workflow, leading, company) if leading else None
            if cast is not None and all(user.has_room for user in cast):
                is_played = True
                self._budget.start()
                await self.play(workflow, cast, company.name, due)
        finally:
            if not is_played:
                self._budget.give_back()
                self._record(NotStarted(workflow.name, Missed.DROPPED, due, company.name))
            if leading is not None:
                self.offer(leading, company)

    async def _free_user(self, company: Company, latest: float) -> User | None:
        """Whoever has been free for longest, None when nobody is until the instant `latest`."""
        # Without a wait where somebody is free, so that the end of the profile does not come between.
        with suppress(trio.WouldBlock):
            while True:
                user = company.free_out.receive_nowait()
                if self._may_start(user):
                    return user
        with self._pause(max(0.0, latest - trio.current_time())):
            while True:
                user = await company.free_out.receive()
                if self._may_start(user):
                    return user
        return None

    def _may_start(self, user: User) -> bool:
        return not self._closed and user.state in (State.ON_STAGE, State.DISCONNECTED)

    @contextmanager
    def _pause(self, longest_s: float = math.inf) -> Iterator[None]:
        """A wait that ends after `longest_s` seconds, or when the director is closed."""
        with trio.move_on_after(longest_s) as scope:
            if self._closed:
                scope.cancel()
            self._pauses[scope] = None
            try:
                yield
            finally:
                self._pauses.pop(scope, None)
