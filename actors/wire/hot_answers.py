"""The two answers that a load is made of, decoded and validated in one go.

Each shape here is what servers nearly always send, and no more: what does not fit to the letter is no
verdict on it, but a case for the SDK (`actors.wire.hot_calls`). So a shape may be too narrow and cost time;
it must never be wider than the SDK's own (`mcp_types`), nor mean another value: a test holds both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from mcp.shared.dispatcher import ProgressFnT

from actors.json_text import MAX_DEPTH, UNREADABLE, is_deeper, may_be_deep
from actors.server_answer import ServerAnswer

Object = dict[str, Any]
LEVELS_ABOVE = 2
"""Of a member of a result: the message and the result."""


class TextBlock(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A block of the content of a tool's result."""

    type: Literal["text"]
    text: str
    annotations: None = None
    meta: None = msgspec.field(default=None, name="_meta")


class TextContents(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A part of a resource."""

    uri: str
    text: str
    mime_type: str | None = None
    meta: None = msgspec.field(default=None, name="_meta")


class CalledTool(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """`CallToolResult` up to MCP 2025-11-25. Members that are null count as absent (`result_of`)."""

    content: list[TextBlock]
    structured_content: Object | None = None
    is_error: bool | None = None
    meta: Object | None = msgspec.field(default=None, name="_meta")


class CompletedTool(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """`CallToolResult` from MCP 2026-07-28 on, where structured content is any value."""

    content: list[TextBlock]
    result_type: Literal["complete"]
    structured_content: Any = None
    is_error: bool | None = None
    meta: Object | None = msgspec.field(default=None, name="_meta")


class ReadContents(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """`ReadResourceResult` up to MCP 2025-11-25."""

    contents: list[TextContents]
    meta: Object | None = msgspec.field(default=None, name="_meta")


class CompletedContents(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """`ReadResourceResult` from MCP 2026-07-28 on; nobody here caches, whatever it says of that."""

    contents: list[TextContents]
    result_type: Literal["complete"]
    ttl_ms: int
    """A negative one counts as 0."""
    cache_scope: Literal["private", "public"]
    meta: Object | None = msgspec.field(default=None, name="_meta")


class ToolResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A JSON-RPC response to `tools/call`."""

    id: int
    result: CalledTool
    jsonrpc: str = ""


class CompletedToolResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The same from MCP 2026-07-28 on."""

    id: int
    result: CompletedTool
    jsonrpc: str = ""


class ResourceResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A JSON-RPC response to `resources/read`."""

    id: int
    result: ReadContents
    jsonrpc: str = ""


class CompletedResourceResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The same from MCP 2026-07-28 on."""

    id: int
    result: CompletedContents
    jsonrpc: str = ""


OLD_TOOL = msgspec.json.Decoder(ToolResponse)
NEW_TOOL = msgspec.json.Decoder(CompletedToolResponse)
OLD_RESOURCE = msgspec.json.Decoder(ResourceResponse)
NEW_RESOURCE = msgspec.json.Decoder(CompletedResourceResponse)

Read = Callable[[bytes, int], ServerAnswer | None]
"""Reads a message as the answer to the request of that number; None where it is not plainly that."""


class PendingRequest(msgspec.Struct, frozen=True, gc=False):
    """A request, as far as its answer is concerned."""

    number: int
    method: str
    read: Callable[[bytes, int], Any]
    """As `Read`, whatever it makes of an answer."""
    progress: ProgressFnT | None


def read_nothing(data: bytes, number: int) -> ServerAnswer | None:
    """For requests whose answers are the SDK's to read."""
    return None


def read_old_tool(data: bytes, number: int) -> ServerAnswer | None:
    return _tool_answer(OLD_TOOL, data, number)


def read_new_tool(data: bytes, number: int) -> ServerAnswer | None:
    return _tool_answer(NEW_TOOL, data, number)


def read_old_resource(data: bytes, number: int) -> ServerAnswer | None:
    return _resource_answer(OLD_RESOURCE, data, number)


def read_new_resource(data: bytes, number: int) -> ServerAnswer | None:
    return _resource_answer(NEW_RESOURCE, data, number)


def _tool_answer(
    decoder: msgspec.json.Decoder[ToolResponse] | msgspec.json.Decoder[CompletedToolResponse],
    data: bytes,
    number: int,
) -> ServerAnswer | None:
    try:
        response = decoder.decode(data)
    except UNREADABLE:
        return None
    result = response.result
    if response.id != number or _is_too_deep(data, result.structured_content, result.meta):
        return None
    texts = [block.text for block in result.content]
    return ServerAnswer(texts, result.structured_content, bool(result.is_error))


def _resource_answer(
    decoder: msgspec.json.Decoder[ResourceResponse] | msgspec.json.Decoder[CompletedResourceResponse],
    data: bytes,
    number: int,
) -> ServerAnswer | None:
    try:
        response = decoder.decode(data)
    except UNREADABLE:
        return None
    if response.id != number or _is_too_deep(data, response.result.meta):
        return None
    return ServerAnswer([part.text for part in response.result.contents])


def _is_too_deep(data: bytes, *members: Any) -> bool:
    """Whether `read_json` would refuse the message for its depth."""
    return may_be_deep(data) and any(is_deeper(member, MAX_DEPTH - LEVELS_ABOVE) for member in members)
