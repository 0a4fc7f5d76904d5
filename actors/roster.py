"""Who is there: brings users on stage, keeps them apart from each other, sees them off.

The supervision boundary is the user: whatever is expected to go wrong stays inside their task. What
escapes it is a bug, and the nursery lets it end the run.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import assert_never

import trio

from actors.draws import draws_of
from actors.events import Emit
from actors.lifecycle import State
from actors.loose_calls import MAX_SETTLING_S
from actors.many_calls import LookAround
from actors.ports import Connector, Credentials, Person
from actors.shared import Shared
from actors.shelter import Shelter
from actors.user import User

CLOSING_S = 5.0
"""How long users get, beside what they have sent, to close their sessions by themselves, seconds."""


class StagePool:
    """The users on stage: in, out, and a fair draw in constant time, whatever their number."""

    def __init__(self) -> None:
        self._pool: list[User] = []
        self._place: dict[User, int] = {}

    def __len__(self) -> int:
        return len(self._pool)

    def __contains__(self, user: User) -> bool:
        return user in self._place

    def add(self, user: User) -> None:
        if user not in self:
            self._place[user] = len(self._pool)
            self._pool.append(user)

    def discard(self, user: User) -> None:
        """Take `user` out; the last one takes their place, so the order is not that of coming."""
        place = self._place.pop(user, None)
        if place is None:
            return
        last = self._pool.pop()
        if last is not user:
            self._pool[place] = last
            self._place[last] = place

    def draw(self, random: Random) -> User:
        return self._pool[random.randrange(len(self._pool))]


class Roster:
    """The users of a run, and which of them are on stage.

    Made by `open_roster`. On stage are those whose session has been opened and who have not been
    asked to leave; a user who is reconnecting stays among them.
    """

    def __init__(self, nursery: trio.Nursery, shared: Shared, seed: int) -> None:
        self._nursery = nursery
        self._shared = shared
        self._seed = seed
        self._users: dict[User, None] = {}
        self._on_stage = StagePool()
        self._by_group: defaultdict[str, StagePool] = defaultdict(StagePool)
        self._entries: Counter[str] = Counter()
        self._protocols: dict[str, str] = {}
        self._is_closed = False
        # A dict, not a set: who is woken at the same time wakes in the same order in every run.
        self._waiting: dict[trio.Event, Callable[[Roster], bool]] = {}

    @property
    def count_on_stage(self) -> int:
        return len(self._on_stage)

    def count_in_group(self, group: str) -> int:
        """How many of `group` are on stage."""
        return len(self._by_group[group])

    @property
    def protocols(self) -> Counter[str]:
        """Protocol versions that were negotiated, with how many users; also of those who have gone."""
        self._look_at(*self._users)
        return Counter(self._protocols.values())

    @property
    def unanswered_since(self) -> dict[str, float]:
        """Users one of whose calls the server may still be at (see `LooseCalls`), with the instant at
        which it was sent; also of those who have gone.
        """
        return self._shared.loose.pending(trio.current_time())

    @property
    def unanswered(self) -> frozenset[str]:
        """The user ids of `unanswered_since`."""
        return frozenset(self.unanswered_since)

    def __len__(self) -> int:
        """How many are there at all: on stage, on their way to it, or leaving."""
        return len(self._users)

    def __iter__(self) -> Iterator[User]:
        return iter(tuple(self._users))

    def enter(self, person: Person, credentials: Credentials) -> User:
        """Start a user's task; they are on stage when their session is open (`User.wait_on_stage`).

        Who comes again draws anew, and does not repeat what they did before. Once the roster is closed,
        they leave at once.
        """
        self._entries[person.uid] += 1
        random = draws_of(f"{self._seed}/{person.uid}", self._entries[person.uid])
        user = User(person, credentials, self._shared, random, self._note_state)
        self._users[user] = None
        if self._is_closed:
            user.close()
        self._nursery.start_soon(user.live, name=person.uid)
        return user

    def cast(
        self, leading: User, others: int, random: Random, group: str | None = None
    ) -> tuple[User, ...] | None:
        """`leading` and as many `others`, drawn from those on stage; None when there are too few.

        Args:
            group: only from this group; None: from everybody.
        """
        pool = self._on_stage if group is None else self._by_group[group]
        if len(pool) - (leading in pool) < others:
            return None
        chosen = [leading]
        while len(chosen) <= others:
            # Casts are small: drawing again on a repeat is cheaper than sampling without.
            candidate = pool.draw(random)
            if candidate not in chosen:
                chosen.append(candidate)
        return tuple(chosen)

    async def wait_until(self, condition: Callable[[Roster], bool]) -> None:
        """Return when `condition` holds; it is looked at whenever somebody's state changes.

        Looked at where the state changes, without waking anybody for whom it does not hold: it must
        neither wait nor change anything.
        """
        while not condition(self):
            holds = trio.Event()
            self._waiting[holds] = condition
            try:
                await holds.wait()
            finally:
                self._waiting.pop(holds, None)

    def _take_off(self, user: User) -> None:
        self._on_stage.discard(user)
        self._by_group[user.person.group].discard(user)

    def close(self) -> None:
        """Make no call any more: what has been sent comes to its answer, then sessions close.

        Everybody whose step waits is answered `ActorGone`, whatever story it belongs to.
        """
        self._is_closed = True
        for user in self:
            user.close()

    def _look_at(self, *users: User) -> None:
        """Remember of `users` what is still asked when they have gone."""
        for user in users:
            if user.protocol:
                self._protocols[user.uid] = user.protocol

    def _note_state(self, user: User) -> None:
        match user.state:
            case State.ON_STAGE | State.DISCONNECTED:
                self._on_stage.add(user)
                self._by_group[user.person.group].add(user)
            case State.LEAVING:
                self._take_off(user)
            case State.GONE:
                self._take_off(user)
                self._users.pop(user, None)
                self._look_at(user)
            case State.OFF_STAGE | State.CONNECTING | State.TURNING_BACK:
                pass
            case _ as never:
                assert_never(never)
        for event in [event for event, condition in self._waiting.items() if condition(self)]:
            event.set()


@asynccontextmanager
async def open_roster(
    connector: Connector,
    record: Emit,
    seed: int,
    *,
    shelter: Shelter | None = None,
    call_bound_s: float = math.inf,
) -> AsyncIterator[Roster]:
    """A roster whose users live inside the block.

    Leaving closes it (`Roster.close`) and waits until sessions are closed; what takes longer than
    `CLOSING_S` is cancelled. Cancelling the block cancels everybody at once. In either case a call that
    has been sent comes to its answer first, and sessions are closed in the bounded time that their
    connector takes for it; leaving the shelter cuts the calls off as well. At last calls whose connection
    broke are given the time to be carried out, also under the shelter.

    Args:
        shelter: the run's; one that nobody leaves where none is given.
        call_bound_s: the longest that a call is awaited, where its session has no time-out of its own.
    """
    shared = Shared(connector, record, shelter or Shelter(), LookAround(call_bound_s))
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shared.look_around.watch)
            roster = Roster(nursery, shared, seed)
            try:
                yield roster
            finally:
                roster.close()
            with trio.move_on_after(CLOSING_S):
                await roster.wait_until(lambda roster: not len(roster))
            nursery.cancel_scope.cancel()
    finally:
        if shared.loose.settled_at > trio.current_time():
            with shared.shelter.over(MAX_SETTLING_S):
                await trio.sleep_until(shared.loose.settled_at)  # noqa: ASYNC102 (the shelter does both)
