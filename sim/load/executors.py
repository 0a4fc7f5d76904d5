"""The stage: users come and go as a closed profile says, workflows arrive as an open one does."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import trio

from actors.errors import SetupError
from actors.ports import Credentials, Person
from actors.roster import Roster
from actors.user import User
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.measure.recorder import Recorder
from workflows.director import Company, Director

FIRST_SESSION_S = 30.0
"""How long a user may take to come on stage before the run begins."""


class Stage:
    """One group of users, and the shape of its load: `fill` it, `begin`, `warm_up`, and `play`.

    Args:
        people: with their credentials, in the order in which they come.
        max_lag_s: open model: how late a workflow may start before it is dropped.
        random: draws the arrivals of an open profile.
    """

    def __init__(
        self,
        profile: Profile,
        people: list[tuple[Person, Credentials]],
        company: Company,
        roster: Roster,
        director: Director,
        recorder: Recorder,
        max_lag_s: float,
        random: Random,
    ) -> None:
        self._profile = profile
        self._waiting = list(reversed(people))
        self._present: list[tuple[Person, Credentials, User]] = []
        self._company = company
        self._roster = roster
        self._director = director
        self._recorder = recorder
        self._max_lag_s = max_lag_s
        self._random = random

    @property
    def at_first(self) -> int:
        """How many are on stage when the load begins; in the open model, everybody."""
        if isinstance(self._profile, ClosedProfile):
            return self._profile.users_at(0.0)
        return len(self._waiting) + len(self._present)

    async def fill(self, limit: trio.CapacityLimiter, on_entry: Callable[[], None]) -> None:
        """Bring on those who are there from the beginning. Raises SetupError when one cannot come."""
        failed: list[str] = []

        async def bring() -> None:
            async with limit:
                user = self._enter()
                with trio.move_on_after(FIRST_SESSION_S):
                    if await user.wait_on_stage():
                        on_entry()
                        return
                failed.append(f"{user.uid} could not open an MCP session: {user.last_error or 'no answer'}")
                nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for _ in range(self.at_first):
                nursery.start_soon(bring)
        if failed:
            raise SetupError(failed[0])

    def begin(self) -> None:
        """Those who are there start."""
        for _, _, user in self._present:
            self._start(user)

    async def warm_up(self, seconds: float) -> None:
        """The same workload, before the profile: who is there goes on, workflows arrive at its first rate."""
        begun, arrived = trio.current_time(), 0
        if isinstance(self._profile, OpenProfile):
            rate = self._profile.opening_rate(seconds)
            # Evenly spread, and none at the very end: it would be due in the profile.
            while rate and (at := (arrived + 0.5) / rate) < seconds:
                await trio.sleep_until(begun + at)
                self._director.arrive(begun + at, self._company, self._max_lag_s)
                arrived += 1
        await trio.sleep_until(begun + seconds)

    async def play(self) -> None:
        """Follow the profile from now to its end."""
        begun = trio.current_time()
        match self._profile:
            case ClosedProfile() as profile:
                async with trio.open_nursery() as nursery:
                    for at, users in profile.changes():
                        await trio.sleep_until(begun + at)
                        self._adjust(users, nursery)
                    await trio.sleep_until(begun + profile.duration_s)
                    nursery.cancel_scope.cancel()
            case OpenProfile() as profile:
                for at in profile.arrivals(self._random):
                    await trio.sleep_until(begun + at)
                    self._recorder.note_lateness(max(0.0, trio.current_time() - begun - at))
                    self._director.arrive(begun + at, self._company, self._max_lag_s)
                await trio.sleep_until(begun + profile.duration_s)

    def _adjust(self, users: int, nursery: trio.Nursery) -> None:
        while len(self._present) < users and self._waiting:
            nursery.start_soon(self._introduce, self._enter())
        while len(self._present) > users:
            person, credentials, user = self._present.pop()
            user.leave()
            self._waiting.append((person, credentials))

    def _enter(self) -> User:
        person, credentials = self._waiting.pop()
        user = self._roster.enter(person, credentials)
        self._present.append((person, credentials, user))
        return user

    async def _introduce(self, user: User) -> None:
        """Give newcomers their initiative as soon as their session is open."""
        if await user.wait_on_stage():
            self._start(user)

    def _start(self, user: User) -> None:
        if isinstance(self._profile, ClosedProfile):
            self._director.give_initiative(user, self._company)
        else:
            self._director.offer(user, self._company)
