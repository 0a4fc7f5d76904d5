"""People, sessions in memory, and a small company of them, for tests on the virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import attrs
import trio

from actors.answer import Json
from actors.errors import CallError, Outcome
from actors.measurement import Execution, Fact, Measurement, NotStarted, SetupTiming
from actors.messages import Step
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.roster import Roster, open_roster
from actors.secret import Secret
from actors.user import User
from workflows.director import Budget, Director
from workflows.run import Settings

Answering = Callable[[str, str, Mapping[str, Json]], Awaitable[Json]]
"""Plays the server: `async def answer(uid, tool, arguments)`."""


def person(name: str) -> Person:
    return Person(name, Secret("a password"))


def step(tool: str = "echo", **fields: Any) -> Step:
    """A step of a workflow `w`; fields as in `Step`, the rest are its arguments."""
    known = {field.name for field in attrs.fields(Step)}
    own = {"workflow": "w", "name": tool, "execution": 1} | {k: v for k, v in fields.items() if k in known}
    arguments = {k: v for k, v in fields.items() if k not in known}
    return Step(tool=tool, arguments=arguments, **own)


def tool_error(status: int | None = None, text: str = "no") -> CallError:
    return CallError(Outcome.TOOL_ERROR, text, status=status)


@attrs.define
class Badge:
    """Credentials that count how often they were refused."""

    rejections: int = 0

    async def authorization(self) -> str:
        return "Bearer badge"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        yield

    def reject(self) -> None:
        self.rejections += 1


async def echo(uid: str, tool: str, arguments: Mapping[str, Json]) -> Json:
    """Answer with what was asked."""
    return {"uid": uid, "tool": tool, **arguments}


async def open_at_once(uid: str) -> None:
    """Let everybody in."""


@attrs.define
class Session:
    """One session in memory."""

    uid: str
    answer: Answering
    protocol: str = "in memory"

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        return await self.answer(self.uid, name, arguments)

    async def read_resource(self, uri: str) -> Json:
        return await self.answer(self.uid, uri, {})

    async def list_tools(self) -> frozenset[str]:
        return frozenset()


@attrs.define
class Door:
    """A connector in memory, and what happened at it: (what, whose, in which task, when).

    Args:
        answer: plays the server.
        opening: awaited before a session opens; raise in it to refuse.
    """

    answer: Answering = echo
    opening: Callable[[str], Awaitable[None]] = open_at_once
    events: list[tuple[str, str, trio.lowlevel.Task, float]] = attrs.Factory(list)

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        self._note("asked", person.uid)
        await self.opening(person.uid)
        self._note("opened", person.uid)
        try:
            yield Session(person.uid, self.answer)
        finally:
            self._note("closed", person.uid)

    def times(self, what: str) -> list[float]:
        return [at for event, _, _, at in self.events if event == what]

    def _note(self, what: str, uid: str) -> None:
        self.events.append((what, uid, trio.lowlevel.current_task(), trio.current_time()))


@attrs.define
class Facts:
    """A `Record` that keeps everything."""

    all: list[Fact] = attrs.Factory(list)

    def __call__(self, fact: Fact) -> None:
        self.all.append(fact)

    @property
    def calls(self) -> list[Measurement]:
        return [fact for fact in self.all if isinstance(fact, Measurement)]

    @property
    def executions(self) -> list[Execution]:
        return [fact for fact in self.all if isinstance(fact, Execution)]

    @property
    def setups(self) -> list[SetupTiming]:
        return [fact for fact in self.all if isinstance(fact, SetupTiming)]

    @property
    def missed(self) -> list[NotStarted]:
        return [fact for fact in self.all if isinstance(fact, NotStarted)]


@attrs.frozen
class Troupe:
    """Users on stage and a director for them."""

    roster: Roster
    director: Director
    users: tuple[User, ...]
    facts: Facts


@asynccontextmanager
async def open_troupe(
    connector: Connector,
    *names: str,
    seed: int = 1,
    budget: Budget | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[Troupe]:
    """Everybody in `names` on stage. Leaving the block cancels what is played, then they leave."""
    facts = Facts()
    async with open_roster(connector, facts, seed) as roster:
        users = tuple(roster.enter(person(name), Badge()) for name in names)
        for user in users:
            assert await user.wait_on_stage()
        async with trio.open_nursery() as nursery:
            director = Director(nursery, roster, facts, settings or Settings(), budget or Budget())
            yield Troupe(roster, director, users, facts)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def living(user: User) -> AsyncIterator[trio.Nursery]:
    """`user` lives while the block lasts, and is cancelled at its end."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(user.live)
        yield nursery
        nursery.cancel_scope.cancel()
