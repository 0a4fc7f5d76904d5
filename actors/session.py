"""One MCP session of one user, whatever transport carries it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import mcp_types as types
import trio
from mcp.shared.exceptions import MCPError

from actors.answer import Json
from actors.call_errors import invalid_answer, is_of_the_sdk, no_answer, session_error
from actors.errors import CallError, LoginError, Outcome, SessionLost
from actors.mcp_client import Client, McpCalls
from actors.offered_tool import OfferedTool
from actors.ports import Credentials
from actors.protocol import REFUSED_GREETING, ProtocolChoice
from actors.tool_results import read_resource_text, read_tool_result
from actors.version import CLIENT_NAME, client_version

CLOSING_S = 2.0
"""How long ending a session may take."""
CLIENT_INFO = types.Implementation(name=CLIENT_NAME, version=client_version())
MAX_PAGES = 1000
"""Of a list of tools; a server that goes on is not going to end."""

T = TypeVar("T")


class Transport(Protocol):
    """What lies under the SDK's session.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        traceparent: the trace context of the next request (`actors.trace_context`), "" for none.
    """

    authorization: str
    traceparent: str

    async def prepare(self) -> None:
        """Do what is ours, and not the server's, before the next request. Raises nothing expected."""

    def take_failure(self) -> CallError | None:
        """Why the last request failed, where that could not be raised; None when it did not fail."""


class McpSession:
    """One open session over the SDK's; see `actors.ports.ToolSession`.

    Args:
        calls: makes the requests that a load is made of.
        lists_tools: whether opening it asks for the tools, as every client does.
    """

    def __init__(
        self,
        client: Client,
        calls: McpCalls,
        transport: Transport,
        credentials: Credentials,
        call_timeout_s: float,
        protocol: ProtocolChoice,
        *,
        lists_tools: bool = True,
    ) -> None:
        self._lists_tools = lists_tools
        self._client = client
        self._calls = calls
        self._transport = transport
        self._choice = protocol
        self._credentials = credentials
        self._call_timeout_s = call_timeout_s
        self._is_prepared = self._is_bounded = False
        self.protocol = ""

    async def begin(self) -> None:
        """Agree on a protocol version: a handshake up to 2025, `server/discover` from 2026 on.

        `AUTO` shakes hands first, since nearly every server does, and such a session can be asked for
        input; where that is refused, it discovers. Then the tools are listed, as every client does.
        Raises CallError; where both greetings are refused, with the reason of the first.
        """
        refusal: CallError | None = None
        if self._choice is not ProtocolChoice.NEW:
            try:
                await self._call(self._client.initialize)
            except CallError as error:
                if self._choice is ProtocolChoice.OLD or not refuses_handshake(error):
                    raise
                refusal = error
        if self._client.protocol_version is None:
            try:
                await self._call(self._client.discover)
            except CallError as error:
                if refusal is not None and refuses_handshake(error):
                    raise refusal from error
                raise
        self.protocol = str(self._client.protocol_version)
        offered = self._client.server_capabilities
        if self._lists_tools and offered is not None and offered.tools is not None:
            # Else the SDK's session would ask within the first call, and that would look slow.
            await self._all_tools()

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        """See `actors.ports.ToolSession`."""
        await self._transport.prepare()
        self._transport.traceparent = traceparent
        # Last, so that nothing comes between it and the call.
        try:
            authorization = await self._credentials.authorization()
        except LoginError as error:
            raise CallError(Outcome.AUTHORIZATION, str(error), reason="login") from None
        if authorization is self._transport.authorization:
            pass  # it was looked at before
        elif not (authorization.isascii() and authorization.isprintable()):
            # A line break in a token would begin another header, or another request.
            text = "the credentials hold characters that no header may hold; they were not sent"
            raise CallError(Outcome.AUTHORIZATION, text, reason="header")
        self._transport.authorization = authorization
        self._is_prepared, self._is_bounded = True, bound_s <= self._call_timeout_s

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        try:
            answer = await self._call(self._calls.call_tool, name, arguments)
            self._client.declared.check(name, answer)
            return read_tool_result(name, answer.structured, answer.texts, answer.is_error)
        except CallError as error:
            # A server may say again what it was shown.
            error.veil(self._transport.authorization.rpartition(" ")[2])
            raise

    async def read_resource(self, uri: str) -> Json:
        answer = await self._call(self._calls.read_resource, uri)
        return read_resource_text(answer.texts)

    async def list_tools(self) -> Mapping[str, OfferedTool]:
        offered = [OfferedTool.of(tool) for tool in await self._all_tools()]
        return {tool.name: tool for tool in offered}

    async def _all_tools(self) -> list[types.Tool]:
        """Of all pages."""
        tools: list[types.Tool] = []
        cursors: set[str] = set()
        params = types.PaginatedRequestParams()
        for _ in range(MAX_PAGES):
            page = await self._call(partial(self._client.list_tools, params=params))
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                return tools
            if cursor in cursors:  # "" is a cursor like any other
                raise invalid_answer("the list of tools has a page that leads back to an earlier one")
            cursors.add(cursor)
            params = types.PaginatedRequestParams(cursor=cursor)
        raise invalid_answer(f"a list of tools of more than {MAX_PAGES} pages")

    async def _call(self, request: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Make one request within the call's deadline; everything expected becomes a CallError."""
        if not self._is_prepared:
            await self.prepare()
        self._is_prepared = False
        self._transport.take_failure()  # of a request whose caller did not wait for it
        try:
            with self._credentials.in_use():
                # A scope costs as much as all of a request's HTTP; who measures calls has one for many.
                if self._is_bounded:
                    return await request(*args)
                with trio.fail_after(self._call_timeout_s):
                    return await request(*args)
        except trio.TooSlowError:
            self._transport.take_failure()
            raise no_answer(self._call_timeout_s) from None
        except MCPError as error:
            failure = self._transport.take_failure()
            if failure is not None:
                raise failure from None
            raise CallError(Outcome.PROTOCOL_ERROR, str(error)) from None
        except (RuntimeError, ValueError) as error:
            if not is_of_the_sdk(error):
                raise
            # It refuses an answer that is no valid message of the protocol.
            failure = self._transport.take_failure()
            raise failure or session_error(error) from None
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise SessionLost(
                Outcome.TRANSPORT_ERROR, "the session has ended", reason="session_lost"
            ) from error


def refuses_handshake(error: CallError) -> bool:
    """Whether the server may know no `initialize`, and yet be of the new generation.

    It says so with a JSON-RPC error, which comes with HTTP 400 or 404 (MCP 2026-07-28, Streamable HTTP).
    """
    return error.outcome is Outcome.PROTOCOL_ERROR or error.status in REFUSED_GREETING
