"""The SDK's client session, and the two requests of it that a load is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

import anyio
import mcp_types as types
from mcp import ClientSession
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest

from actors.answer import Json
from actors.declared_schemas import DeclaredSchemas
from actors.server_answer import ServerAnswer
from actors.trace_context import TRACEPARENT


class Client(ClientSession):
    """The SDK's session, which holds no answer against a schema: `declared` does that, within bounds.

    Attributes:
        declared: what the tools that were listed say of their results.
    """

    def __init__(self, *args: Any, declared: DeclaredSchemas | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.declared = declared or DeclaredSchemas()

    async def list_tools(
        self, *, params: types.PaginatedRequestParams | None = None, **options: Any
    ) -> types.ListToolsResult:
        """As the SDK's. The schemas are kept once for all sessions, and not here."""
        page = await super().list_tools(params=params, **options)
        for tool in page.tools:
            if tool.output_schema is not None:
                self.declared.declare(tool.name, tool.output_schema)
                tool.output_schema = None
        # Private, as the version of the SDK is exact: it keeps them a second time.
        self._tool_output_schemas.clear()
        return page

    async def validate_tool_result(self, name: str, result: types.CallToolResult) -> None:
        """Nothing: checking an answer against a server's own text can take for ever, and the whole run with
        it (a pattern that backtracks, references that multiply), or raise anything.
        """

    def stamp(self, method: str, params: dict[str, Any]) -> dict[str, str]:
        """The headers of a request that the session would send; from 2026 on `params` get a `_meta`."""
        opts: CallOptions = {}
        # Private, as the version of the SDK is exact: a test compares what both clients send.
        self._stamp({"method": method, "params": params}, opts)
        return opts.get("headers", {})

    def judging(self, raw: dict[str, Any]) -> Client:
        """A session of the same protocol version whose requests are answered with `raw`."""
        judge = Client(dispatcher=Answered(raw))
        greeting = self.initialize_result or self.discover_result
        if greeting is not None:
            judge.adopt(greeting)
        return judge


class Answered:
    """A dispatcher that has the answer already (`mcp.shared.dispatcher.Dispatcher`)."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        return self._raw

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Nobody is there to be told."""

    async def run(  # noqa: ASYNC114 (the SDK would start it)
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Nothing comes by itself."""


class McpCalls(Protocol):
    """The two requests that a load is made of. They raise what the SDK's session raises, and CallError."""

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> ServerAnswer: ...

    async def read_resource(self, uri: str) -> ServerAnswer: ...


class Traced(Protocol):
    """What knows the trace context of the next request, "" for none."""

    traceparent: str


class SdkCalls:
    """Both, as the SDK's session makes them; see `McpCalls`."""

    def __init__(self, client: ClientSession, traced: Traced | None = None) -> None:
        self._client = client
        self._traced = traced

    @property
    def _meta(self) -> types.RequestParamsMeta | None:
        trace = self._traced.traceparent if self._traced is not None else ""
        return cast("types.RequestParamsMeta", {TRACEPARENT: trace}) if trace else None

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> ServerAnswer:
        result = await self._client.call_tool(name, dict(arguments), meta=self._meta)
        texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
        return ServerAnswer(texts, result.structured_content, result.is_error)

    async def read_resource(self, uri: str) -> ServerAnswer:
        result = await self._client.read_resource(uri, meta=self._meta)
        return ServerAnswer([c.text for c in result.contents if isinstance(c, types.TextResourceContents)])
