"""Load over time, as pure functions of the time that has passed; nothing here sleeps or draws by itself.

A shape is a list of stages, each a straight line from where the one before ended to its own target.
The first one starts from 0; a stage of 0 seconds is a jump, so `0s:50,30s:50` is fifty users at once.
(In the manner of vegeta's `lib/pacer.go`, and of the stages of k6.)
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import ClassVar

import attrs

from sim.config.grammar.duration import format_duration
from sim.config.grammar.number import format_number, format_rate
from sim.config.share import ALL, Dealt


@attrs.frozen
class Stage:
    """In `duration_s` seconds straight from the level before to `target` (users, or arrivals a second)."""

    duration_s: float
    target: float

    def __attrs_post_init__(self) -> None:
        if not (0 <= self.duration_s < math.inf and 0 <= self.target < math.inf):
            raise ValueError(f"a stage needs finite values that are not negative: {self}")


def _stages(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    if not any(stage.duration_s > 0 for stage in stages):
        raise ValueError("a load shape needs a stage that takes time")
    return tuple(stages)


@attrs.frozen(slots=False)
class _Line:
    """What both models share: stages, when each starts, and the level it starts from."""

    stages: tuple[Stage, ...] = attrs.field(converter=_stages)

    @property
    def duration_s(self) -> float:
        return self.starts_s[-1]

    @cached_property
    def starts_s(self) -> tuple[float, ...]:
        """When each stage starts, and at last when the shape ends."""
        return tuple(accumulate((stage.duration_s for stage in self.stages), initial=0.0))

    @cached_property
    def levels(self) -> tuple[float, ...]:
        """The level at each of `starts_s`, jumps at that instant not yet made."""
        return (0.0, *(stage.target for stage in self.stages))

    def stage_at(self, elapsed_s: float) -> int:
        """The last stage that has begun; jumps at that very instant are made."""
        return max(0, min(len(self.stages), bisect_right(self.starts_s, elapsed_s)) - 1)

    def level_at(self, elapsed_s: float) -> float:
        """The height of the line; before 0 it is 0, after the end the last target."""
        if elapsed_s < 0:
            return 0.0
        i = self.stage_at(elapsed_s)
        length = self.stages[i].duration_s
        part = 1.0 if length == 0 else min(1.0, (elapsed_s - self.starts_s[i]) / length)
        return self.levels[i] + (self.levels[i + 1] - self.levels[i]) * part


@attrs.frozen(slots=False)
class ClosedProfile(_Line):
    """How many users are on stage. Targets are whole numbers.

    The line is rounded to the nearest whole number: on a ramp from a to b over d seconds, n = |b − a|,
    the i-th of the n users (i = 1…n) comes, or goes, at (i − ½)·d/n after its start. So a ramp and its
    mirror image are alike, and the users' time on stage is exactly the area under the line.

    Attributes:
        part: those of the users who fall to this profile; the line is that of all.
    """

    part: Dealt = ALL
    unit: ClassVar[str] = "users"
    """What its levels are numbers of."""
    breakpoint: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        if any(stage.target != int(stage.target) for stage in self.stages):
            raise ValueError("users come in whole numbers")

    @classmethod
    def constant(cls, users: int, duration_s: float) -> ClosedProfile:
        """Everybody comes on at 0 and stays."""
        return cls((Stage(0.0, users), Stage(duration_s, users)))

    @property
    def peak(self) -> int:
        return self.part.count(int(max(self.levels)))

    def users_at(self, elapsed_s: float) -> int:
        """Users on stage at this instant; a change that falls on it has happened. Before 0: none."""
        return self.part.count(self._all_at(elapsed_s))

    def next_change(self, elapsed_s: float) -> tuple[float, int] | None:
        """The next instant after `elapsed_s` at which users come or go, and how many are on stage then.

        None when nothing changes any more before the end. Before the start the next change is at 0.
        """
        before = self.users_at(elapsed_s)
        change = self._next_of_all(elapsed_s)
        while change is not None:
            at, users = change[0], self.part.count(change[1])
            if users != before:
                return at, users
            change = self._next_of_all(at)
        return None

    def _all_at(self, elapsed_s: float) -> int:
        if elapsed_s < 0:
            return 0
        i = self.stage_at(elapsed_s)
        a, b = self._ends(i)
        return a + (1 if b > a else -1) * self._changes_by(i, elapsed_s)

    def _next_of_all(self, elapsed_s: float) -> tuple[float, int] | None:
        if elapsed_s < 0:
            at = 0.0
            return (at, self._all_at(at)) if self._all_at(at) else self._next_of_all(at)
        for i in range(self.stage_at(elapsed_s), len(self.stages)):
            a, b = self._ends(i)
            done = self._changes_by(i, elapsed_s)
            if done < abs(b - a):
                at = self._instant(i, done + 1)
                return at, self._all_at(at)
        return None

    def changes(self) -> Iterator[tuple[float, int]]:
        """All of them, from the start."""
        change = self.next_change(-1.0)
        while change is not None:
            yield change
            change = self.next_change(change[0])

    def __str__(self) -> str:
        return ",".join(f"{format_duration(s.duration_s)}:{int(s.target)}" for s in self.stages)

    def _ends(self, i: int) -> tuple[int, int]:
        return int(self.levels[i]), int(self.levels[i + 1])

    def _instant(self, i: int, change: int) -> float:
        """When the change-th user (1-based) of stage i comes or goes: the inverse of the line at k − ½."""
        a, b = self._ends(i)
        return self.starts_s[i] + self.stages[i].duration_s * (change - 0.5) / abs(b - a)

    def _changes_by(self, i: int, elapsed_s: float) -> int:
        """How many users of stage i have come or gone by then."""
        a, b = self._ends(i)
        count, length = abs(b - a), self.stages[i].duration_s
        since = elapsed_s - self.starts_s[i]
        if since < 0 or not count:
            return 0
        if since >= length:
            return count
        guess = min(count, math.floor(since / length * count + 0.5))
        # Rounding may put the guess one off from what `_instant` says; that one is right.
        if guess < count and self._instant(i, guess + 1) <= elapsed_s:
            return guess + 1
        if guess > 0 and self._instant(i, guess) > elapsed_s:
            return guess - 1
        return guess


@attrs.frozen(slots=False)
class OpenProfile(_Line):
    """Workflows that arrive, whether or not the server keeps up. Targets are arrivals a second.

    With rates from a to b over d seconds the integral after x seconds is Λ(x) = a·x + (b − a)·x²/2d, and its
    inverse is x = 2y / (a + √(a² + 2y(b − a)/d)), a form without cancellation. The k-th arrival is where
    Λ reaches k (even), or the sum of k unit-exponential draws (Poisson; Çinlar 1975: time rescaled by Λ).

    Attributes:
        poisson: arrivals are random; False: evenly spread.
        breakpoint: the arrivals grow until a threshold breaks. Then the run is stopped, and
            `level_at` of the last moment at which all held is the answer.
        part: those of the arrivals that fall to this profile; rates, integrals and instants are those of all.
    """

    unit: ClassVar[str] = "arrivals/s"
    poisson: bool = True
    breakpoint: bool = False
    part: Dealt = ALL

    @cached_property
    def integrals(self) -> tuple[float, ...]:
        """Expected arrivals until each of `starts_s`."""
        areas = (
            stage.duration_s * (self.levels[i] + stage.target) / 2 for i, stage in enumerate(self.stages)
        )
        return tuple(accumulate(areas, initial=0.0))

    @property
    def expected(self) -> float:
        """Arrivals to be expected in all."""
        return self.integrals[-1]

    @property
    def count(self) -> int:
        """Arrivals when evenly spread. The margin takes up what rounding leaves short of a whole one."""
        return math.floor(self.expected * (1 + 1e-12) + 1e-9)

    @property
    def peak(self) -> float:
        """The highest rate, arrivals a second."""
        return max(self.levels)

    def opening_rate(self, seconds: float) -> float:
        """The rate at which it begins; where that is 0, the mean of its first `seconds` > 0 seconds."""
        return self.level_at(0.0) or self.expected_by(seconds) / seconds

    def expected_by(self, elapsed_s: float) -> float:
        """The integral of the rate from 0 to this instant."""
        elapsed_s = max(0.0, min(elapsed_s, self.duration_s))
        i = self.stage_at(elapsed_s)
        since = elapsed_s - self.starts_s[i]
        return self.integrals[i] + since * (self.levels[i] + self.level_at(elapsed_s)) / 2

    def arrival(self, k: float) -> float:
        """The first instant at which the integral of the rate is `k` > 0. Raises ValueError beyond it."""
        if not 0 < k <= self.expected + 1e-9 * max(1.0, self.expected):
            raise ValueError(f"no arrival {k}: there are {self.expected:g}")
        k = min(k, self.expected)
        # The first stage at whose end it is reached: so never a pause, and never a jump.
        i = bisect_left(self.integrals, k) - 1
        a, b, d = self.levels[i], self.levels[i + 1], self.stages[i].duration_s
        y = k - self.integrals[i]
        root = math.sqrt(max(0.0, a * a + 2 * y * (b - a) / d))
        return min(self.starts_s[i] + 2 * y / (a + root), self.starts_s[i + 1])

    def arrivals(self, random: Random, since_s: float = 0.0) -> Iterator[float]:
        """The instants after `since_s`, in order. `random` is drawn from when they are Poisson."""
        passed = self.expected_by(since_s)
        if not self.poisson:
            # What rounding leaves short of a whole one has been there already.
            first = math.floor(passed + 1e-9) + 1
            yield from (self.arrival(k) for k in range(first, self.count + 1))
            return
        reached = passed + random.expovariate(1.0)
        while reached <= self.expected:
            yield self.arrival(reached)
            reached += random.expovariate(1.0)

    def __str__(self) -> str:
        if self.breakpoint:
            # From nothing there is no jump before the ramp.
            last, first = self.stages[-1], self.stages[0].target if len(self.stages) > 1 else 0.0
            ends = f"from={format_rate(first)},to={format_rate(last.target)}"
            return f"breakpoint:{ends},for={format_duration(last.duration_s)}"
        return ",".join(f"{format_duration(s.duration_s)}:{format_number(s.target)}/s" for s in self.stages)


Profile = ClosedProfile | OpenProfile
