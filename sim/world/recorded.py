"""A connector whose calls are recorded as set-up's own: the server has seen them too."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext

import trio

from actors.answer import Json
from actors.errors import CallError, Outcome
from actors.events import Call, Emit, Phase
from actors.messages import may_change
from actors.offered_tool import OfferedTool
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.shelter import Shelter
from actors.text import harmless
from sim.world.auth_checks import is_sought

STEP = "setup"


class RecordedConnector:
    """See `actors.ports.Connector`: each call of its sessions is a fact of the phase `SETUP`.

    A failure that was asked for, to see who is let in, is no error.

    Args:
        shelter: the run's; a call that may change something comes to its answer under it.
        unanswered: is told users one of whose calls may have changed something and never got its answer,
            with the instant at which it was sent.
    """

    def __init__(
        self,
        connector: Connector,
        record: Emit,
        shelter: Shelter | None = None,
        unanswered: dict[str, float] | None = None,
    ) -> None:
        self._connector = connector
        self._record = record
        self._shelter = shelter or Shelter()
        self._unanswered = unanswered if unanswered is not None else {}

    def over(self, connector: Connector) -> RecordedConnector:
        """The same for sessions of another one."""
        return RecordedConnector(connector, self._record, self._shelter, self._unanswered)

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        async with self._connector.open_session(person, credentials) as session:
            yield RecordedSession(session, person, self._record, self._shelter, self._unanswered)


class RecordedSession:
    """See `actors.ports.ToolSession`."""

    def __init__(
        self,
        session: ToolSession,
        person: Person,
        record: Emit,
        shelter: Shelter,
        unanswered: dict[str, float],
    ) -> None:
        self._session = session
        self._person = person
        self._record = record
        self._shelter = shelter
        self._unanswered = unanswered

    @property
    def protocol(self) -> str:
        return self._session.protocol

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        await self._session.prepare(traceparent, bound_s)

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        return await self._recorded(name, lambda: self._session.call_tool(name, arguments))

    async def read_resource(self, uri: str) -> Json:
        return await self._recorded(uri, lambda: self._session.read_resource(uri))

    async def list_tools(self) -> Mapping[str, OfferedTool]:
        return await self._session.list_tools()

    async def _recorded(self, tool: str, call: Callable[[], Awaitable[Json]]) -> Json:
        await self.prepare()
        started, failure, is_done = trio.current_time(), None, False
        # The session has a time-out of its own.
        bound = self._shelter.over(math.inf) if may_change(tool) else nullcontext()
        try:
            with bound:
                value = await call()
            is_done = True
            return value
        except CallError as error:
            failure = error
            raise
        finally:
            if may_change(tool) and not is_done and (failure is None or not failure.answered):
                self._unanswered.setdefault(self._person.uid, started)
            outcome = Outcome.OK if is_done else failure.outcome if failure else Outcome.INTERRUPTED
            self._record(
                Call(
                    workflow="",
                    step=STEP,
                    tool=tool,
                    user=self._person.uid,
                    execution=0,
                    outcome=outcome,
                    started=started,
                    finished=trio.current_time(),
                    status=failure.status if failure else None,
                    reason=failure.reason if failure else "",
                    text=harmless(str(failure)) if failure else "",
                    group=self._person.group,
                    region=self._person.region,
                    phase=Phase.SETUP,
                    is_expected=failure is not None and is_sought(self._person, tool, failure),
                )
            )
