"""Opens sessions with the SDK's own client."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import trio
from mcp.client.streamable_http import streamable_http_client

from actors.cookies import Cookies
from actors.declared_schemas import DeclaredSchemas, SchemaBook
from actors.errors import SimulateError
from actors.mcp_client import Client, SdkCalls
from actors.ports import Credentials, Person, ToolSession
from actors.protocol import ProtocolChoice
from actors.sdk.carrier import SESSION_ID, Carrier
from actors.session import CLIENT_INFO, CLOSING_S, McpSession


class SdkConnector:
    """Opens sessions with the SDK's client: one HTTP client and one connection a user.

    Args:
        url: of the MCP endpoint.
        call_timeout_s: bounds each call, and the opening of a session.
        tls: one context for all; a client that makes its own costs a megabyte and 40 ms.
        lists_tools: whether a session asks for the tools as it opens, as every client does.
    """

    def __init__(
        self,
        url: str,
        call_timeout_s: float,
        tls: ssl.SSLContext,
        *,
        protocol: ProtocolChoice = ProtocolChoice.AUTO,
        lists_tools: bool = True,
    ) -> None:
        self._url = url
        self._call_timeout_s = call_timeout_s
        self._tls = tls
        self._protocol = protocol
        self._lists_tools = lists_tools
        self._schemas = SchemaBook()

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        """See `actors.ports.Connector`. The server's session is ended in at most `CLOSING_S` seconds."""
        # The deadline of a call is kept by us; these only bound what must never last longer.
        timeout = httpx2.Timeout(self._call_timeout_s + 5)
        carrier = Carrier(
            httpx2.AsyncHTTPTransport(verify=self._tls, limits=httpx2.Limits(max_connections=4))
        )
        failure: SimulateError | None = None
        cookies = Cookies()
        async with httpx2.AsyncClient(
            transport=carrier, timeout=timeout, trust_env=False, cookies=cookies
        ) as http:
            try:
                async with AsyncExitStack() as stack:
                    streams = await stack.enter_async_context(
                        streamable_http_client(self._url, http_client=http, terminate_on_close=False)
                    )
                    declared = DeclaredSchemas(self._schemas)
                    client = await stack.enter_async_context(
                        Client(*streams, client_info=CLIENT_INFO, declared=declared)
                    )
                    session = McpSession(
                        client,
                        SdkCalls(client, carrier),
                        carrier,
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
                    await end_session(http, self._url, carrier)
        if failure is not None:
            raise failure


async def end_session(http: httpx2.AsyncClient, url: str, carrier: Carrier) -> None:
    """Tell the server that the session is over (MCP Streamable HTTP, session management)."""
    if carrier.session_id is not None:
        await http.delete(url, headers={SESSION_ID: carrier.session_id})
