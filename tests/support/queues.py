"""Closed queues, simulated event by event without any clock of ours: servers whose capacity is known.

Users think, call, and think again; a level is how many of them do. Each second of it is a window, as the
hub closes them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from actors.events import Phase
from sim.config.grammar.threshold import Threshold, parse_threshold
from sim.load.capacity_search import CapacityFound, CapacitySearch
from sim.load.level_grid import LevelGrid
from sim.load.level_rest import hold_for
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves
from sim.measure.snapshot import Snapshot

USUAL_LIMITS = tuple(
    parse_threshold(text) for text in ("calls: p(95)<1s", "errors: rate<1%", "violations: count==0")
)
KEY = StepKey(Phase.MEASURED, "note_share", "read_shared_note", "nc_notes_get_note", "", "")


class Server(Protocol):
    """Jobs come in, and go out at instants of their own.

    Attributes:
        users: how many users there are, which is told.
    """

    users: int

    def arrive(self, now: float, job: int, random: Random) -> None: ...

    @property
    def next_at(self) -> float:
        """When the next job goes out; infinite where there is none."""

    def go(self) -> tuple[int, bool]:
        """The job that goes out then, and whether it succeeded."""


class InTurn:
    """First come, first served, by `workers`; service times are drawn by `service`.

    Args:
        service: seconds, of who comes to so many others at this instant, after so many calls.
        failing: the share that fails, of who comes to so many others.
    """

    def __init__(
        self,
        workers: int,
        service: Callable[[Random, int], float],
        failing: Callable[[int], float] = lambda inside: 0.0,
    ) -> None:
        self.users = 0
        self._free_at = [0.0] * workers
        self._service = service
        self._failing = failing
        self._out: list[tuple[float, int, bool]] = []

    def arrive(self, now: float, job: int, random: Random) -> None:
        inside = len(self._out)
        begun = max(now, heapq.heappop(self._free_at))
        done = begun + self._service(random, inside)
        heapq.heappush(self._free_at, done)
        heapq.heappush(self._out, (done, job, random.random() >= self._failing(inside)))

    @property
    def next_at(self) -> float:
        return self._out[0][0] if self._out else math.inf

    def go(self) -> tuple[int, bool]:
        _, job, is_ok = heapq.heappop(self._out)
        return job, is_ok


class Sharing:
    """All are served at the same time, each by an equal share of `workers`, and at most one of them."""

    def __init__(self, workers: int, service: Callable[[Random, int], float]) -> None:
        self.users = 0
        self._workers = workers
        self._service = service
        self._done: list[tuple[float, int]] = []
        self._served = 0.0
        """So much has each of those inside been served since the beginning of time."""
        self._at = 0.0

    @property
    def _rate(self) -> float:
        return min(1.0, self._workers / len(self._done)) if self._done else 0.0

    def _pass(self, now: float) -> None:
        self._served += (now - self._at) * self._rate
        self._at = now

    def arrive(self, now: float, job: int, random: Random) -> None:
        self._pass(now)
        heapq.heappush(self._done, (self._served + self._service(random, len(self._done)), job))

    @property
    def next_at(self) -> float:
        return self._at + (self._done[0][0] - self._served) / self._rate if self._done else math.inf

    def go(self) -> tuple[int, bool]:
        self._pass(self.next_at)
        return heapq.heappop(self._done)[1], True


class Leaking(InTurn):
    """Each call leaves something behind that makes all later ones slower, until fewer than `bearable` users
    are there: then it is cleared away soon.
    """

    def __init__(self, bearable: int, mean_s: float, calls: float) -> None:
        super().__init__(64, self._slower)
        self._bearable = bearable
        self._mean_s = mean_s
        self._calls = calls
        self._left = 0.0

    def _slower(self, random: Random, inside: int) -> float:
        self._left = self._left + 1 if self.users > self._bearable else self._left * 0.9
        return random.expovariate(1 / self._mean_s) * (1 + self._left / self._calls)


class Locked(InTurn):
    """A share of the calls has to hold the same lock for a while before it is served."""

    def __init__(self, share: float, held_s: float, mean_s: float) -> None:
        super().__init__(64, lambda random, inside: random.expovariate(1 / mean_s))
        self._share = share
        self._held_s = held_s
        self._lock_free_at = 0.0

    def arrive(self, now: float, job: int, random: Random) -> None:
        wait = 0.0
        if random.random() < self._share:
            self._lock_free_at = max(now, self._lock_free_at) + random.expovariate(1 / self._held_s)
            wait = self._lock_free_at - now
        heapq.heappush(self._out, (now + wait + self._service(random, 0), job, True))


class Jamming(InTurn):
    """With more than `bearable` users it gets slow, and stays so until hardly anybody is there any more."""

    def __init__(self, bearable: int, mean_s: float) -> None:
        super().__init__(16, self._jammed)
        self._bearable = bearable
        self._mean_s = mean_s
        self._is_jammed = False

    def _jammed(self, random: Random, inside: int) -> float:
        self._is_jammed = self.users > self._bearable or (self._is_jammed and self.users > 4)
        return random.expovariate(1 / self._mean_s) * (8 if self._is_jammed else 1)


class Closed:
    """Users of one server; those with a number below the level call, the others have left."""

    def __init__(self, server: Server, seed: str, think_s: float = 1.0) -> None:
        self._server = server
        self._random = Random(seed)
        self._think_s = think_s
        self._level = 0
        self._thinking: list[tuple[float, int]] = []
        self._there: set[int] = set()
        self._since: dict[int, float] = {}
        self.now = 0.0
        self._number = 0

    def step_to(self, level: int) -> None:
        """From now on so many users."""
        self._level = self._server.users = level
        for user in range(level):
            if user not in self._there:
                self._there.add(user)
                self._think(user)

    def _think(self, user: int) -> None:
        pause = self._random.expovariate(1 / self._think_s) if self._think_s else 0.0
        heapq.heappush(self._thinking, (self.now + pause, user))

    def window(self, seconds: float = 1.0) -> Snapshot:
        """The next second."""
        leaves, began, until = Leaves(seconds=seconds), self.now, self.now + seconds
        leaf = leaves.step(KEY)
        while True:
            comes = self._thinking[0][0] if self._thinking else math.inf
            goes = self._server.next_at
            if min(comes, goes) > until:
                break
            if comes <= goes:
                self.now, user = heapq.heappop(self._thinking)
                if user >= self._level:
                    self._there.discard(user)
                    continue
                self._since[user] = self.now
                self._server.arrive(self.now, user, self._random)
                continue
            self.now = goes
            user, is_ok = self._server.go()
            leaf.outcomes["ok" if is_ok else "tool_error"] += 1
            if is_ok:
                leaf.service.add(self.now - self._since.pop(user))
            self._think(user)
        self.now = until
        self._number += 1
        return Snapshot(self._number, began, seconds, Phase.MEASURED, leaves)


def searched(
    crowd: Closed,
    limits: Sequence[Threshold] = USUAL_LIMITS,
    most: int = 400,
    first: int = 2,
    within_s: float = math.inf,
) -> CapacityFound:
    """What a search finds, on `crowd.now` for a clock."""
    search = CapacitySearch(LevelGrid(1.0, most), first, limits)
    while (asked := search.asked) is not None and crowd.now < within_s:
        crowd.step_to(int(asked.level))
        hold = hold_for(asked, limits, asked.level)
        while (end := hold.take(crowd.window())) is None:
            pass
        search.take(end)
    return search.found


def p95_at(make: Callable[[], Server], users: int, seconds: float = 4000.0, think_s: float = 1.0) -> float:
    """As a long look finds it."""
    crowd = Closed(make(), f"truth/{users}", think_s)
    crowd.step_to(users)
    for _ in range(50):
        crowd.window()
    leaves = Leaves.merged(crowd.window(10.0).leaves for _ in range(int(seconds / 10)))
    found = leaves.step(KEY).service.quantile(0.95)
    assert found is not None
    return found


def carried_by(make: Callable[[], Server], think_s: float = 1.0) -> int:
    """How many users it carries with a p95 below a second, by bisection over long looks."""
    low, high = 1, 400
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if p95_at(make, middle, think_s=think_s) < 1.0 else (low, middle)
    return low
