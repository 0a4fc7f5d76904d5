"""Executors: each brings the users of one group on stage and gives them work as its profile says.

`Population` keeps so many users on stage, who start one workflow after another (closed model);
`Arrivals` has all its users there, and lets workflows arrive at a rate (open model).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

import trio

from actors.events import Emit, Lateness
from actors.ports import Credentials, Person
from actors.user import User
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.load.following import Following
from sim.load.wings import Wings
from workflows.director import Company, Director


class Executor(Protocol):
    """One group's load: `fill` it, `begin`, `warm_up`, and `play`, in this order."""

    @property
    def group(self) -> str:
        """Its label, "" for the only one there is."""

    @property
    def at_first(self) -> int:
        """How many are on stage when the load begins."""

    @property
    def profile(self) -> Profile:
        """What it follows."""

    @property
    def unit(self) -> str:
        """What is wanted of it: `users` on stage, or `arrivals/s`."""

    @property
    def wanted(self) -> float:
        """How much of that is wanted now."""

    async def fill(self, limit: trio.CapacityLimiter) -> None:
        """Bring on those who are there from the beginning. Raises SetupError when one cannot come."""

    def begin(self) -> None:
        """Those who are there start."""

    async def warm_up(self, seconds: float) -> None:
        """The same workload for so long, before the profile."""

    async def play(self) -> None:
        """Follow the profile from now to its end."""

    def steer(self, profile: Profile) -> None:
        """Follow `profile` from now on: of the same kind, which began and ends at the same instants."""

    def pause(self, *, on: bool) -> None:
        """Let no workflow begin, or go on."""

    async def admit(self, people: Sequence[tuple[Person, Credentials]], limit: trio.CapacityLimiter) -> None:
        """There are more of them: who come when they are wanted, or, for arrivals, now. Raises SetupError."""


class Population:
    """So many users on stage at each instant, each with initiative of their own."""

    def __init__(self, profile: ClosedProfile, wings: Wings, company: Company, director: Director) -> None:
        self.profile = profile
        self._wings = wings
        self._company = company
        self._director = director
        self._following = Following()
        self.wanted: float = profile.users_at(0.0)

    @property
    def group(self) -> str:
        return self._company.name

    @property
    def unit(self) -> str:
        return self.profile.unit

    @property
    def at_first(self) -> int:
        return self.profile.users_at(0.0)

    async def fill(self, limit: trio.CapacityLimiter) -> None:
        await self._wings.fill(self.at_first, limit)

    def begin(self) -> None:
        for _, _, user in self._wings.present:
            self._director.give_initiative(user, self._company)

    async def warm_up(self, seconds: float) -> None:
        await trio.sleep(seconds)

    async def play(self) -> None:
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            await self._following.keep(lambda since_s: self._follow(begun, since_s, nursery))
            nursery.cancel_scope.cancel()

    def steer(self, profile: Profile) -> None:
        assert isinstance(profile, ClosedProfile)
        self.profile = profile
        self._following.again()

    def pause(self, *, on: bool) -> None:
        self._company.halt(on=on)

    async def admit(self, people: Sequence[tuple[Person, Credentials]], limit: trio.CapacityLimiter) -> None:
        self._wings.admit(people)

    async def _follow(self, begun: float, since_s: float, nursery: trio.Nursery) -> None:
        if since_s:
            self._adjust(self.profile.users_at(since_s), nursery)
        change = self.profile.next_change(since_s or -1.0)
        while change is not None:
            await trio.sleep_until(begun + change[0])
            at, users = last_due(self.profile, change, trio.current_time() - begun)
            self._adjust(users, nursery)
            change = self.profile.next_change(at)
        await trio.sleep_until(begun + self.profile.duration_s)

    def _adjust(self, users: int, nursery: trio.Nursery) -> None:
        self.wanted = users
        while len(self._wings.present) < users and self._wings.waiting:
            nursery.start_soon(self._introduce, self._wings.enter())
        while len(self._wings.present) > users:
            self._wings.leave()

    async def _introduce(self, user: User) -> None:
        """Give newcomers their initiative as soon as their session is open."""
        if await user.wait_on_stage():
            self._director.give_initiative(user, self._company)


def last_due(profile: ClosedProfile, change: tuple[float, int], now_s: float) -> tuple[float, int]:
    """`change`, or the last one after it that is due by now.

    A process that fell behind makes up for it in one step: a turn of its loop for each user would
    let a ramp of thousands last many times as long as it was meant to.
    """
    while (later := profile.next_change(change[0])) is not None and later[0] <= now_s:
        change = later
    return change


class Arrivals:
    """Everybody at hand, and workflows that arrive whatever the server does.

    Args:
        max_lag_s: how late a workflow may start before it is dropped.
        random: draws the instants.
    """

    def __init__(
        self,
        profile: OpenProfile,
        wings: Wings,
        company: Company,
        director: Director,
        emit: Emit,
        max_lag_s: float,
        random: Random,
    ) -> None:
        self.profile = profile
        self._wings = wings
        self._company = company
        self._director = director
        self._emit = emit
        self._max_lag_s = max_lag_s
        self._random = random
        self._rate_at: Callable[[float], float] = lambda now: 0.0
        self._following = Following()

    @property
    def group(self) -> str:
        return self._company.name

    @property
    def unit(self) -> str:
        return self.profile.unit

    @property
    def wanted(self) -> float:
        return self._rate_at(trio.current_time()) / self.profile.part.of

    @property
    def at_first(self) -> int:
        return len(self._wings.waiting) + len(self._wings.present)

    async def fill(self, limit: trio.CapacityLimiter) -> None:
        await self._wings.fill(self.at_first, limit)

    def begin(self) -> None:
        for _, _, user in self._wings.present:
            self._director.offer(user, self._company)

    async def warm_up(self, seconds: float) -> None:
        begun, arrived = trio.current_time(), 0
        rate = self.profile.opening_rate(seconds)
        self._rate_at = lambda now: rate
        # Evenly spread, and none at the very end: it would be due in the profile.
        while rate and (at := (arrived + 0.5) / rate) < seconds:
            await self._arrive(arrived, begun + at)
            arrived += 1
        await trio.sleep_until(begun + seconds)

    async def play(self) -> None:
        begun = trio.current_time()
        self._rate_at = lambda now: self.profile.level_at(now - begun)
        await self._following.keep(lambda since_s: self._follow(begun, since_s))

    def steer(self, profile: Profile) -> None:
        assert isinstance(profile, OpenProfile)
        self.profile = profile
        self._following.again()

    def pause(self, *, on: bool) -> None:
        self._company.halt(on=on)

    async def admit(self, people: Sequence[tuple[Person, Credentials]], limit: trio.CapacityLimiter) -> None:
        there = len(self._wings.present)
        self._wings.admit(people)
        await self._wings.fill(len(people), limit)
        for _, _, user in self._wings.present[there:]:
            self._director.offer(user, self._company)

    async def _follow(self, begun: float, since_s: float) -> None:
        for number, at in enumerate(self.profile.arrivals(self._random, since_s)):
            await self._arrive(number, begun + at, is_measured=True)
        await trio.sleep_until(begun + self.profile.duration_s)

    async def _arrive(self, number: int, due: float, *, is_measured: bool = False) -> None:
        if not self.profile.part.has(number):
            # It arrives elsewhere; what is drawn for it is drawn there too.
            self._director.pass_over(self._company)
            return
        await trio.sleep_until(due)
        if is_measured:
            self._emit(Lateness(due, max(0.0, trio.current_time() - due)))
        self._director.arrive(due, self._company, self._max_lag_s)


def make_executor(
    profile: Profile,
    wings: Wings,
    company: Company,
    director: Director,
    emit: Emit,
    max_lag_s: float,
    random: Random,
) -> Executor:
    """The executor that follows `profile`."""
    match profile:
        case ClosedProfile():
            return Population(profile, wings, company, director)
        case OpenProfile():
            return Arrivals(profile, wings, company, director, emit, max_lag_s, random)
