"""Messages of MCP (JSON-RPC 2.0), looked at no closer than is needed to tell whose turn it is.

What a message carries stays the bytes that came, to be read by whoever has the time.
"""

from __future__ import annotations

from typing import Any

import msgspec

Id = int | float | str
NOTHING = msgspec.Raw(b"")
CALLS = ("tools/call", "resources/read", "prompts/get")
"""Methods that are recorded as calls."""


class Spoken(msgspec.Struct, frozen=True):
    """A request has method and id, a notification no id, an answer no method."""

    id: Id | None = None
    method: str | None = None
    params: msgspec.Raw = NOTHING
    result: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING

    @property
    def is_answer(self) -> bool:
        return self.method is None and bool(self.result or self.error)


class CallParams(msgspec.Struct, frozen=True):
    """Of a call: `name`, or `uri` of a resource. The last two continue one that wanted an answer first
    (MCP 2026-07-28, multi round-trip requests)."""

    name: str = ""
    uri: str = ""
    arguments: msgspec.Raw = NOTHING
    input_responses: msgspec.Raw = msgspec.field(default=NOTHING, name="inputResponses")
    request_state: str | None = msgspec.field(default=None, name="requestState")


class CallResult(msgspec.Struct, frozen=True):
    """What decides how a call went."""

    is_error: bool = msgspec.field(default=False, name="isError")
    result_type: str = msgspec.field(default="", name="resultType")
    input_requests: dict[str, Spoken] | None = msgspec.field(default=None, name="inputRequests")


class Program(msgspec.Struct, frozen=True):
    """Name and version (MCP, Implementation)."""

    name: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class Meta(msgspec.Struct, frozen=True):
    """What a message without a session says of its sender (MCP 2026-07-28, _meta)."""

    client: Program | None = msgspec.field(default=None, name="io.modelcontextprotocol/clientInfo")
    server: Program | None = msgspec.field(default=None, name="io.modelcontextprotocol/serverInfo")
    protocol: str | None = msgspec.field(default=None, name="io.modelcontextprotocol/protocolVersion")


class Introduction(msgspec.Struct, frozen=True):
    """What parties say of themselves, in `initialize`, `server/discover`, or the `_meta` of anything."""

    client: Program | None = msgspec.field(default=None, name="clientInfo")
    server: Program | None = msgspec.field(default=None, name="serverInfo")
    protocol: str | None = msgspec.field(default=None, name="protocolVersion")
    meta: Meta | None = msgspec.field(default=None, name="_meta")


class ToolPage(msgspec.Struct, frozen=True):
    """A page of `tools/list`."""

    tools: msgspec.Raw = NOTHING
    next_cursor: str | None = msgspec.field(default=None, name="nextCursor")


class Cursor(msgspec.Struct, frozen=True):
    """Where a page begins."""

    cursor: str | None = None


class Cancelled(msgspec.Struct, frozen=True):
    """Of `notifications/cancelled`."""

    request_id: Id | None = msgspec.field(default=None, name="requestId")


class Messages:
    """Reads them. One for all, since making decoders is dear."""

    def __init__(self) -> None:
        self._one = msgspec.json.Decoder(Spoken)
        self._several = msgspec.json.Decoder(list[Spoken])

    def read(self, text: bytes) -> list[Spoken]:
        """The message in `text`, or those of a batch (MCP 2025-03-26). Raises ValueError."""
        try:
            return self._several.decode(text) if text.lstrip()[:1] == b"[" else [self._one.decode(text)]
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(str(error)) from None


def understood(raw: msgspec.Raw, kind: type[Any]) -> Any:
    """`raw` as `kind`; an empty one where it is none."""
    if not raw:
        return kind()
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return kind()
