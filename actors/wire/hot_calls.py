"""`tools/call` and `resources/read`, past the SDK's session and with its consent.

They are nearly all that a load sends; the session would turn each of their messages into models, and back,
and validate it twice. So it only gives its stamp (headers, and `_meta` from 2026 on), and gets to see such
answers as are not plainly right: whether they are valid, and the words if they are not, are its to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
from mcp.shared.dispatcher import CallOptions
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from actors.answer import Json
from actors.mcp_client import Client, SdkCalls
from actors.server_answer import ServerAnswer
from actors.trace_context import TRACEPARENT
from actors.wire.dispatcher import WireDispatcher
from actors.wire.hot_answers import (
    Read,
    read_new_resource,
    read_new_tool,
    read_old_resource,
    read_old_tool,
)
from actors.wire.json_rpc import Message, encode


class HotCalls:
    """See `actors.mcp_client.McpCalls`. Raises what the SDK's session and its dispatcher raise."""

    def __init__(self, client: Client, dispatcher: WireDispatcher) -> None:
        self._client = client
        self._dispatcher = dispatcher
        self._stamp: dict[str, str] = {}
        """Of the last request of an older generation, in which all bear the same."""

    @cached_property
    def _is_new(self) -> bool:
        return self._client.protocol_version in MODERN_PROTOCOL_VERSIONS

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> ServerAnswer:
        read = read_new_tool if self._is_new else read_old_tool
        found = await self._ask("tools/call", {"name": name, "arguments": arguments}, read)
        if isinstance(found, ServerAnswer):
            return found
        return await self._slowly(found).call_tool(name, arguments)

    async def read_resource(self, uri: str) -> ServerAnswer:
        read = read_new_resource if self._is_new else read_old_resource
        found = await self._ask("resources/read", {"uri": uri}, read)
        if isinstance(found, ServerAnswer):
            return found
        return await self._slowly(found).read_resource(uri)

    async def _ask(self, method: str, params: dict[str, Any], read: Read) -> ServerAnswer | Message | None:
        """The answer; the raw result, where it is not plainly one; None where `params` are no plain JSON."""
        if self._is_new or not self._stamp:
            self._stamp = self._client.stamp(method, params)
        opts: CallOptions = {"headers": self._stamp}
        if self._dispatcher.traceparent:
            params.setdefault("_meta", {})[TRACEPARENT] = self._dispatcher.traceparent
        try:
            written = msgspec.Raw(encode(params))
        except TypeError:
            return None
        return await self._dispatcher.ask(self._dispatcher.next_number(), method, written, opts, read)

    def _slowly(self, raw: Message | None) -> SdkCalls:
        """The same by the SDK's session: what it makes of `raw`, or the whole request where there is none."""
        return SdkCalls(self._client if raw is None else self._client.judging(raw), self._dispatcher)
