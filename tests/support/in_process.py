"""Users on the stand-in's store, in-process and on whatever clock the test has; and fakes that misbehave."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Any

import trio

from actors.answer import Json
from actors.errors import CallError, LoginError, Outcome
from actors.events import Call, Emit, Event, Execution, NotStarted, SetupTiming
from actors.offered_tool import OfferedTool
from actors.ports import Person
from actors.roster import Roster, open_roster
from actors.secret import Secret
from actors.tool_results import read_tool_result
from actors.user import User
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.toolbox import ToolAnswer, as_text

Tamper = Callable[[str, str, Mapping[str, Any], ToolAnswer], ToolAnswer]
"""(uid, tool, arguments, true answer) → the answer that is given."""


class NoCredentials:
    """What a user shows where nobody asks. Counts rejections."""

    def __init__(self) -> None:
        self.rejections = 0

    async def authorization(self) -> str:
        return ""

    @contextmanager
    def in_use(self) -> Iterator[None]:
        yield

    def reject(self) -> None:
        self.rejections += 1


class StoreSession:
    """A session of one user on the store. `seconds` is how long each call takes."""

    protocol = "in-process"

    def __init__(self, connector: StoreConnector, uid: str) -> None:
        self._connector = connector
        self._uid = uid

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        """Nothing is to be refreshed."""

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        await trio.sleep(self._connector.seconds)
        self._connector.raise_planned(self._uid, name)
        answer = await self._connector.standin.tools.call(self._uid, name, arguments)
        answer = self._connector.tamper(self._uid, name, arguments, answer)
        return read_tool_result(name, answer.structured, [as_text(answer)], answer.is_error)

    async def read_resource(self, uri: str) -> Json:
        found = self._connector.standin.toolbox.read(self._uid, uri)
        if found is None:
            raise CallError(Outcome.PROTOCOL_ERROR, f"Unknown resource: {uri}")
        return found

    async def list_tools(self) -> dict[str, OfferedTool]:
        return {name: OfferedTool(name) for name in self._connector.standin.toolbox.tools}


class StoreConnector:
    """Opens sessions on one stand-in's store.

    Attributes:
        opened, closed: user ids, in the order in which sessions were opened and closed.
        refusals: errors that the next openings raise, first one first.
        planned: errors that the next calls of a tool raise, by tool.
    """

    def __init__(self, *uids: str, seconds: float = 0.01, tamper: Tamper | None = None) -> None:
        self.standin = Standin(StandinOptions(tool_pause_s=0.005), now=trio.current_time)
        for uid in uids:
            self.standin.store.add_account(uid, "a-long-password")
        self.seconds = seconds
        self.tamper: Tamper = tamper or (lambda uid, tool, arguments, answer: answer)
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.tasks: list[tuple[str, trio.lowlevel.Task]] = []
        self.refusals: list[CallError | LoginError] = []
        self.planned: dict[str, list[CallError]] = {}

    def make_session(self, uid: str) -> StoreSession:
        """What a session is made of; tests that spoil more than tools make their own."""
        return StoreSession(self, uid)

    def raise_planned(self, uid: str, tool: str) -> None:
        if errors := self.planned.get(tool):
            raise errors.pop(0)

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: object) -> AsyncIterator[StoreSession]:
        await trio.sleep(self.seconds)
        if self.refusals:
            raise self.refusals.pop(0)
        self.opened.append(person.uid)
        self.tasks.append((person.uid, trio.lowlevel.current_task()))
        try:
            yield self.make_session(person.uid)
        finally:
            self.tasks.append((person.uid, trio.lowlevel.current_task()))
            self.closed.append(person.uid)

    def leftovers(self) -> dict[str, Any]:
        """Notes, shares and files that are still there."""
        holdings = self.standin.holdings()
        return {key: holdings[key] for key in ("notes", "shares", "files") if holdings[key]}


class Facts(list[Event]):
    """A recorder that keeps everything, for tests."""

    def __call__(self, fact: Event) -> None:
        self.append(fact)

    @property
    def calls(self) -> list[Call]:
        return [fact for fact in self if isinstance(fact, Call)]

    @property
    def executions(self) -> list[Execution]:
        return [fact for fact in self if isinstance(fact, Execution)]

    @property
    def setups(self) -> list[SetupTiming]:
        return [fact for fact in self if isinstance(fact, SetupTiming)]

    @property
    def missed(self) -> list[NotStarted]:
        return [fact for fact in self if isinstance(fact, NotStarted)]


def person(uid: str) -> Person:
    return Person(uid, Secret("a-long-password"))


@asynccontextmanager
async def users_on_stage(
    connector: StoreConnector, facts: Emit, *uids: str
) -> AsyncIterator[tuple[Roster, list[User]]]:
    """A roster with these users on stage."""
    async with open_roster(connector, facts, seed=1) as roster:
        users = [roster.enter(person(uid), NoCredentials()) for uid in uids]
        for user in users:
            assert await user.wait_on_stage()
        yield roster, users


def draws(name: str = "test") -> Random:
    return Random(name)
