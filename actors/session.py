"""MCP sessions over streamable HTTP, through the SDK's own client."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import TypeVar

import httpx2
import mcp_types as types
import trio
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from actors.answer import Json
from actors.answers import read_resource_text, read_tool_result
from actors.carrier import SESSION_ID, Carrier
from actors.errors import CallError, LoginError, Outcome, SessionLost
from actors.ports import Credentials, Person, ToolSession

CLOSING_S = 2.0
CLIENT_INFO = types.Implementation(name="nextcloud-mcp-simulate", version=version("mcp"))

T = TypeVar("T")


class SdkConnector:
    """Opens sessions with the SDK's client: one HTTP client and one connection a user.

    Args:
        url: of the MCP endpoint.
        call_timeout_s: bounds each call, and the opening of a session.
        tls: one context for all; a client that makes its own costs a megabyte and 40 ms.
    """

    def __init__(self, url: str, call_timeout_s: float, tls: ssl.SSLContext) -> None:
        self._url = url
        self._call_timeout_s = call_timeout_s
        self._tls = tls

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        """See `actors.ports.Connector`. The server's session is ended in at most `CLOSING_S` seconds."""
        # The deadline of a call is kept by us; these only bound what must never last longer.
        timeout = httpx2.Timeout(self._call_timeout_s + 5)
        carrier = Carrier(
            httpx2.AsyncHTTPTransport(verify=self._tls, limits=httpx2.Limits(max_connections=4))
        )
        failure: CallError | None = None
        async with httpx2.AsyncClient(transport=carrier, timeout=timeout, trust_env=False) as http:
            try:
                async with AsyncExitStack() as stack:
                    streams = await stack.enter_async_context(
                        streamable_http_client(self._url, http_client=http, terminate_on_close=False)
                    )
                    client = await stack.enter_async_context(ClientSession(*streams, client_info=CLIENT_INFO))
                    session = SdkSession(client, carrier, credentials, self._call_timeout_s)
                    try:
                        await session.initialize()
                    except CallError as error:
                        # Raised outside: the SDK's task groups would wrap it in a group.
                        failure = error
                    else:
                        yield session
            finally:
                with trio.CancelScope(shield=True), trio.move_on_after(CLOSING_S):
                    await end_session(http, self._url, carrier)
        if failure is not None:
            raise failure


class SdkSession:
    """One open session; see `actors.ports.ToolSession`."""

    def __init__(
        self, client: ClientSession, carrier: Carrier, credentials: Credentials, call_timeout_s: float
    ) -> None:
        self._client = client
        self._carrier = carrier
        self._credentials = credentials
        self._call_timeout_s = call_timeout_s
        self.protocol = ""

    async def initialize(self) -> None:
        """Shake hands (MCP lifecycle). Raises CallError."""
        result = await self._call(self._client.initialize)
        self.protocol = str(result.protocol_version)

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        result = await self._call(lambda: self._client.call_tool(name, dict(arguments)))
        assert isinstance(result, types.CallToolResult)
        return read_tool_result(name, result.structured_content, texts(result.content), result.is_error)

    async def read_resource(self, uri: str) -> Json:
        result = await self._call(lambda: self._client.read_resource(uri))
        assert isinstance(result, types.ReadResourceResult)
        contents = result.contents
        return read_resource_text(c.text for c in contents if isinstance(c, types.TextResourceContents))

    async def list_tools(self) -> frozenset[str]:
        names: set[str] = set()
        params = types.PaginatedRequestParams()
        while True:
            page = await self._call(partial(self._client.list_tools, params=params))
            names.update(tool.name for tool in page.tools)
            if page.next_cursor is None:
                return frozenset(names)
            params = types.PaginatedRequestParams(cursor=page.next_cursor)

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make one request within the call's deadline; everything expected becomes a CallError."""
        try:
            self._carrier.authorization = await self._credentials.authorization()
        except LoginError as error:
            raise CallError(Outcome.AUTHORIZATION, str(error), reason="login") from None
        self._carrier.failure = None
        try:
            with self._credentials.in_use(), trio.fail_after(self._call_timeout_s):
                return await request()
        except trio.TooSlowError:
            text = f"no answer within {self._call_timeout_s:g} s"
            raise CallError(Outcome.TRANSPORT_ERROR, text, reason="timeout", answered=False) from None
        except MCPError as error:
            if self._carrier.failure is not None:
                raise self._carrier.failure from None
            raise CallError(Outcome.PROTOCOL_ERROR, str(error)) from None
        except (RuntimeError, ValueError) as error:
            # The SDK refuses an answer that is no valid message of the protocol.
            raise CallError(Outcome.PROTOCOL_ERROR, f"invalid answer: {error}"[:300]) from None
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise SessionLost(
                Outcome.TRANSPORT_ERROR, "the session has ended", reason="session_lost"
            ) from error


def texts(content: list[types.ContentBlock]) -> list[str]:
    return [block.text for block in content if isinstance(block, types.TextContent)]


async def end_session(http: httpx2.AsyncClient, url: str, carrier: Carrier) -> None:
    """Tell the server that the session is over (MCP Streamable HTTP, session management)."""
    if carrier.session_id is not None:
        await http.delete(url, headers={SESSION_ID: carrier.session_id})
