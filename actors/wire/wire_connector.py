"""Opens sessions over our own transport."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import trio

from actors.declared_schemas import DeclaredSchemas, SchemaBook
from actors.draws import draws_of
from actors.errors import SimulateError
from actors.mcp_client import Client
from actors.network import Network, Way
from actors.ports import Credentials, Person, ToolSession
from actors.protocol import ProtocolChoice
from actors.session import CLIENT_INFO, CLOSING_S, McpSession
from actors.wire.dispatcher import WireDispatcher
from actors.wire.exchange import Exchanger
from actors.wire.hot_calls import HotCalls
from actors.wire.response import BodyRoom
from actors.wire.tool_pages import ToolPages

HERE = Network()


class WireConnector:
    """Opens sessions: one kept connection a user, and a second one only where the server asks for it.

    Args:
        url: of the MCP endpoint.
        call_timeout_s: bounds each call, and the opening of a session.
        tls: one context for all.
        protocol: which generation of MCP is spoken.
        lists_tools: whether a session asks for the tools as it opens, as every client does.
        networks: the way to the server by region; who has none is next to it.
        seed: of the draws of every user's network.
    """

    def __init__(
        self,
        url: str,
        call_timeout_s: float,
        tls: ssl.SSLContext,
        *,
        protocol: ProtocolChoice = ProtocolChoice.AUTO,
        lists_tools: bool = True,
        networks: Mapping[str, Network] | None = None,
        seed: int = 0,
    ) -> None:
        self._url = url
        self._call_timeout_s = call_timeout_s
        self._tls = tls
        self._protocol = protocol
        self._lists_tools = lists_tools
        self._networks = networks or {}
        self._seed = seed
        self._sessions: Counter[str] = Counter()
        self._room = BodyRoom()
        self._schemas = SchemaBook()
        self._pages = ToolPages(self._schemas)

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        """See `actors.ports.Connector`. The server's session is ended in at most `CLOSING_S` seconds."""
        network = self._networks.get(person.region, HERE)
        self._sessions[person.uid] += 1
        way: Way | None = None
        if not network.is_instant:
            draws = draws_of(f"{self._seed}/network/{person.uid}", self._sessions[person.uid])
            way = Way(network, draws)
        declared = DeclaredSchemas(self._schemas)
        exchanger = Exchanger(self._url, self._tls, way, self._room)
        dispatcher = WireDispatcher(exchanger, declared, self._pages)
        failure: SimulateError | None = None
        try:
            async with Client(dispatcher=dispatcher, client_info=CLIENT_INFO, declared=declared) as client:
                calls = HotCalls(client, dispatcher)
                session = McpSession(
                    client,
                    calls,
                    dispatcher,
                    credentials,
                    self._call_timeout_s,
                    self._protocol,
                    lists_tools=self._lists_tools,
                )
                try:
                    await session.begin()
                    yield session
                except SimulateError as error:
                    # Raised outside: the SDK's task groups would wrap it in a group.
                    failure = error
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(CLOSING_S):
                await dispatcher.end_session()
        if failure is not None:
            raise failure
