"""Carries out a search for capacity: brings the load to each level that is asked for, and looks at it.

What is to be held next, and how a hold ended, is decided elsewhere (`CapacitySearch`, `LevelHold`); here is
what they cannot do: users are created ahead of need, a level at a time, and windows are waited for.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs
import trio

from actors.errors import SetupError
from actors.events import Emit, Note
from actors.ports import Credentials, Person
from sim.config.grammar.steered import steered
from sim.config.model import Load
from sim.config.sought import SearchBy, Sought, shares
from sim.load.capacity_answer import answer_of
from sim.load.capacity_search import Asked, CapacitySearch, Purpose
from sim.load.executors import Executor
from sim.load.level_grid import LevelGrid
from sim.load.level_hold import HoldOutcome, LevelEnd
from sim.load.level_rest import hold_for
from sim.measure.curve import CapacityAnswer
from sim.measure.hub import Hub, Subscription, is_snapshot
from sim.measure.leaves import Leaves
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot

MAX_RATE = 10_000.0
RATE_UNIT = 1 / 16
INITIAL_RATE = 1.0
MAX_ARRIVE_S = 60.0
"""How long it may take until all users that a level wants are on stage."""
SPARE = 1.5
"""So many times the users that are busy on average are at hand for arrivals, and some standard deviations."""
DEVIATIONS = 4.0

Recruit = Callable[[Mapping[str, int]], Awaitable[Mapping[str, Sequence[tuple[Person, Credentials]]]]]
"""Brings so many people up in each group; gives those who are new. Raises SetupError."""


class Seeker:
    """One search; `seek` it while the executors play.

    Args:
        executors: in the order of the load's groups.
        recruit: see `Recruit`.
        limit: so many sessions are opened at the same time.

    Attributes:
        search: what is asked for next, and found so far.
    """

    def __init__(
        self,
        sought: Sought,
        load: Load,
        executors: Sequence[Executor],
        hub: Hub,
        recruit: Recruit,
        limit: trio.CapacityLimiter,
    ) -> None:
        self._sought = sought
        self._load = load
        self._executors = executors
        self._hub = hub
        self._emit: Emit = hub.emit
        self._recruit = recruit
        self._limit = limit
        self._by_users = sought.by is SearchBy.USERS
        self._users = sought.first
        """How many have been brought up."""
        self._busy_s: float | None = None
        """How long a user is busy with a workflow, as it was measured last."""
        self._begun = 0.0
        self.search = CapacitySearch(self._grid(), self._first(), sought.limits, is_open=not self._by_users)

    @property
    def answer(self) -> CapacityAnswer:
        """The best one so far."""
        unit, most = ("users", float(self._sought.max_users)) if self._by_users else ("arrivals/s", MAX_RATE)
        return answer_of(self.search.found, unit, most)

    async def seek(self) -> None:
        """Until the search is over; cancelled, `answer` is the best answer so far."""
        self._begun = trio.current_time()
        with self._hub.subscribe(is_snapshot) as windows:
            while (asked := self.search.asked) is not None:
                end = await self._hold(asked, windows)
                self._tell(asked, end)
                self.search.take(end)

    def _grid(self) -> LevelGrid:
        sought = self._sought
        if self._by_users:
            return LevelGrid(1.0, sought.max_users, sought.first)
        return LevelGrid(RATE_UNIT, MAX_RATE)

    def _first(self) -> float:
        return float(self._sought.first) if self._by_users else INITIAL_RATE

    async def _hold(self, asked: Asked, windows: Subscription) -> LevelEnd:
        """Hold one level; again with more users where those at hand could not carry it."""
        while True:
            try:
                if asked.purpose is not Purpose.REST:
                    await self._bring_up(self._users_for(asked.level))
            except SetupError as error:
                return LevelEnd(asked.level, HoldOutcome.OWN_LIMIT, 0.0, (f"no more users: {error}",))
            end = await self._held(asked, windows)
            if not self._lacked_users(end):
                return end
            if self._users >= self._sought.max_users:
                text = f"{self._users} users at hand, and no more are allowed"
                return attrs.evolve(end, outcome=HoldOutcome.OWN_LIMIT, by=(text, *end.by))

    def _users_for(self, level: float) -> int:
        if self._by_users:
            return int(level)
        return min(self._sought.max_users, max(self._users, self._enough_for(level)))

    def _enough_for(self, rate: float) -> int:
        """Users who are busy on average (Little 1961: L = λ·W), and what chance adds to that."""
        busy = rate * (self._busy_s if self._busy_s is not None else 1.0)
        return math.ceil(SPARE * busy + DEVIATIONS * math.sqrt(busy)) + self._sought.first

    def _lacked_users(self, end: LevelEnd) -> bool:
        """Whether it broke by what was not carried out alone, and more users would have been busy."""
        is_undone = end.outcome is HoldOutcome.BROKE and not end.limits
        return not self._by_users and is_undone and self._enough_for(end.level) > self._users

    async def _bring_up(self, users: int) -> None:
        """Create, log in and admit those who are missing. Raises SetupError."""
        if users <= self._users:
            return
        groups = self._load.groups
        wanted = self._shared(users)
        came = await self._recruit(dict(zip([group.name for group in groups], wanted, strict=True)))
        for group, executor in zip(groups, self._executors, strict=True):
            await executor.admit(came.get(group.name, ()), self._limit)
        self._users = users

    def _shared(self, users: int) -> list[int]:
        return shares([group.users for group in self._load.groups], users)

    async def _held(self, asked: Asked, windows: Subscription) -> LevelEnd:
        self._steer(asked.level)
        if not await self._is_reached(asked.level, windows):
            by = (f"not all users were on stage within {MAX_ARRIVE_S:g}s",)
            return LevelEnd(asked.level, HoldOutcome.BROKE, MAX_ARRIVE_S, by)
        self._hub.close_window()
        windows.take()
        max_lag_s = None if self._by_users else self._load.max_lag_s
        hold = hold_for(asked, self._sought.limits, asked.level if self._by_users else 0.0, max_lag_s)
        latest = Leaves()
        async for window in windows:
            assert isinstance(window, Snapshot)
            latest.absorb(window.leaves)
            if (end := hold.take(window)) is not None:
                if end.is_held and asked.purpose is not Purpose.REST:
                    self._note_busy(latest)
                return end
        raise AssertionError("the hub was closed before the load was over")

    def _steer(self, level: float) -> None:
        """From now on that is wanted."""
        groups, whole = self._load.groups, sum(group.users for group in self._load.groups)
        split = self._shared(int(level)) if self._by_users else [level * of.users / whole for of in groups]
        elapsed_s = trio.current_time() - self._begun
        for executor, part in zip(self._executors, split, strict=True):
            executor.steer(steered(executor.profile, elapsed_s, part, 0.0))

    async def _is_reached(self, level: float, windows: Subscription) -> bool:
        """Wait until so many users are on stage, neither fewer nor more; arrivals need not be waited for."""
        windows.take()
        since = trio.current_time()
        async for window in windows:
            assert isinstance(window, Snapshot)
            if not self._by_users or sum(window.there.values()) == int(level):
                return True
            if trio.current_time() - since >= MAX_ARRIVE_S:
                return False
        return False

    def _note_busy(self, leaves: Leaves) -> None:
        durations = Sketch.merged(story.duration for story in leaves.stories.values())
        if durations.mean is not None:
            self._busy_s = durations.mean

    def _tell(self, asked: Asked, end: LevelEnd) -> None:
        if asked.purpose is Purpose.REST:
            return
        unit = "users" if self._by_users else "arrivals/s"
        p95 = end.measured.p95 if end.measured else None
        shown = f", p95 {p95.value:.3g}s" if p95 is not None else ""
        by = f" ({'; '.join(end.by)})" if end.by else ""
        text = f"{end.level:g} {unit}: {end.outcome.value} after {end.seconds:.0f}s{shown}{by}"
        self._emit(Note(text, at=trio.current_time()))
