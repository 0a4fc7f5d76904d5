"""One MCP session of one user, whatever transport carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Protocol, TypeVar

import mcp_types as types
import trio
from mcp import ClientSession
from mcp.shared.exceptions import MCPError

from actors.answer import Json
from actors.answers import read_resource_text, read_tool_result
from actors.errors import CallError, LoginError, Outcome, SessionLost
from actors.failures import invalid_answer, no_answer
from actors.ports import Credentials
from actors.protocol import REFUSED_GREETING, ProtocolChoice

CLOSING_S = 2.0
"""How long ending a session may take."""
CLIENT_INFO = types.Implementation(name="nextcloud-mcp-simulate", version=version("mcp"))

T = TypeVar("T")


class Transport(Protocol):
    """What lies under the SDK's session.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
    """

    authorization: str

    def take_failure(self) -> CallError | None:
        """Why the last request failed, where that could not be raised; None when it did not fail."""


class McpSession:
    """One open session over the SDK's `ClientSession`; see `actors.ports.ToolSession`."""

    def __init__(
        self,
        client: ClientSession,
        transport: Transport,
        credentials: Credentials,
        call_timeout_s: float,
        protocol: ProtocolChoice,
    ) -> None:
        self._client = client
        self._transport = transport
        self._choice = protocol
        self._credentials = credentials
        self._call_timeout_s = call_timeout_s
        self.protocol = ""

    async def begin(self) -> None:
        """Agree on a protocol version: a handshake up to 2025, `server/discover` from 2026 on.

        `AUTO` shakes hands first, since nearly every server does, and such a session can be asked for
        input; where that is refused, it discovers. Then the tools are listed, as every client does.
        Raises CallError.
        """
        if self._choice is not ProtocolChoice.NEW:
            try:
                await self._call(self._client.initialize)
            except CallError as error:
                if self._choice is ProtocolChoice.OLD or not refuses_handshake(error):
                    raise
        if self._client.protocol_version is None:
            await self._call(self._client.discover)
        self.protocol = str(self._client.protocol_version)
        offered = self._client.server_capabilities
        if offered is not None and offered.tools is not None:
            # Else the SDK's session would ask within the first call, and that would look slow.
            await self.list_tools()

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
            self._transport.authorization = await self._credentials.authorization()
        except LoginError as error:
            raise CallError(Outcome.AUTHORIZATION, str(error), reason="login") from None
        try:
            with self._credentials.in_use(), trio.fail_after(self._call_timeout_s):
                return await request()
        except trio.TooSlowError:
            self._transport.take_failure()
            raise no_answer(self._call_timeout_s) from None
        except MCPError as error:
            failure = self._transport.take_failure()
            if failure is not None:
                raise failure from None
            raise CallError(Outcome.PROTOCOL_ERROR, str(error)) from None
        except (RuntimeError, ValueError) as error:
            # The SDK refuses an answer that is no valid message of the protocol.
            self._transport.take_failure()
            raise invalid_answer(error) from None
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise SessionLost(
                Outcome.TRANSPORT_ERROR, "the session has ended", reason="session_lost"
            ) from error


def refuses_handshake(error: CallError) -> bool:
    """Whether the server may know no `initialize`, and yet be of the new generation.

    It says so with a JSON-RPC error, which comes with HTTP 400 or 404 (MCP 2026-07-28, Streamable HTTP).
    """
    return error.outcome is Outcome.PROTOCOL_ERROR or error.status in REFUSED_GREETING


def texts(content: list[types.ContentBlock]) -> list[str]:
    return [block.text for block in content if isinstance(block, types.TextContent)]
