"""Who is there: brings users on stage, keeps them apart from each other, sees them off.

The supervision boundary is the user: whatever is expected to go wrong stays inside his task. What
escapes it is a bug, and the nursery lets it end the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import assert_never

import trio

from actors.lifecycle import State
from actors.measurement import Record
from actors.ports import Connector, Credentials, Person
from actors.shelter import Shelter
from actors.user import User

CLOSING_S = 5.0
"""How long users get to close their sessions by themselves, seconds."""


class OnStage:
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
        """Take `user` out; the last one takes his place, so the order is not that of coming."""
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

    def __init__(self, nursery: trio.Nursery, connector: Connector, record: Record, seed: int) -> None:
        self._nursery = nursery
        self._connector = connector
        self._record = record
        self._seed = seed
        self._users: dict[User, None] = {}
        self._on_stage = OnStage()
        self._by_group: defaultdict[str, OnStage] = defaultdict(OnStage)
        self._changed = trio.Event()
        self._protocols: dict[str, str] = {}

    @property
    def count_on_stage(self) -> int:
        return len(self._on_stage)

    def count_in_group(self, group: str) -> int:
        """How many of `group` are on stage."""
        return len(self._by_group[group])

    def __len__(self) -> int:
        """How many are there at all: on stage, on their way to it, or leaving."""
        return len(self._users)

    def __iter__(self) -> Iterator[User]:
        return iter(tuple(self._users))

    @property
    def protocols(self) -> dict[str, int]:
        """Protocol versions that were negotiated, with how many users; also of those who have gone."""
        self._look_at(*self._users)
        counts: dict[str, int] = {}
        for version in self._protocols.values():
            counts[version] = counts.get(version, 0) + 1
        return counts

    @property
    def unanswered_since(self) -> dict[str, float]:
        """Users one of whose calls may have changed something and never got its answer, with the instant."""
        return {}

    def _look_at(self, *users: User) -> None:
        """Remember of `users` what is still asked when they have gone."""
        for user in users:
            if user.protocol:
                self._protocols[user.uid] = user.protocol

    def enter(self, person: Person, credentials: Credentials) -> User:
        """Start a user's task; he is on stage when his session is open (`User.wait_on_stage`)."""
        random = Random(f"{self._seed}/{person.uid}")  # noqa: S311  reproducible draws, not secrets
        user = User(person, credentials, self._connector, self._record, random, self._note_state)
        self._users[user] = None
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
        """Return when `condition` holds; it is looked at whenever somebody's state changes."""
        while not condition(self):
            await self._changed.wait()

    def dismiss(self) -> None:
        """Ask everybody to leave."""
        for user in self:
            user.leave()

    def _take_off(self, user: User) -> None:
        self._on_stage.discard(user)
        self._by_group[user.person.group].discard(user)

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
            case State.OFF_STAGE | State.CONNECTING:
                pass
            case _ as never:
                assert_never(never)
        self._changed.set()
        self._changed = trio.Event()


@asynccontextmanager
async def open_roster(
    connector: Connector,
    record: Record,
    seed: int,
    *,
    shelter: Shelter | None = None,
    call_bound_s: float = float("inf"),
) -> AsyncIterator[Roster]:
    """A roster whose users live inside the block.

    Leaving asks them all to leave and waits until their sessions are closed, at most `CLOSING_S`
    seconds; then, as when the block is cancelled, they are cancelled, and close their sessions in
    the bounded time that their connector takes for it.

    Args:
        shelter: the run's; one that nobody leaves where none is given.
        call_bound_s: the longest that a call is awaited, where its session has no time-out of its own.
    """
    del shelter, call_bound_s
    async with trio.open_nursery() as nursery:
        roster = Roster(nursery, connector, record, seed)
        yield roster
        roster.dismiss()
        with trio.move_on_after(CLOSING_S):
            await roster.wait_until(lambda roster: not len(roster))
        nursery.cancel_scope.cancel()
