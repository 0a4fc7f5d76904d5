"""What a server sends besides answers, sifted before the SDK's session sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import anyio
import attrs
from mcp.shared.dispatcher import CallOptions, Outbound
from mcp.shared.transport_context import TransportContext
from mcp_types.methods import parse_server_notification
from pydantic import ValidationError

from actors.wire.json_rpc import Message

DEFAULT_VERSION = "2025-11-25"
"""The SDK's own assumption as long as no version has been agreed on."""


@attrs.define
class FromServer:
    """What handlers of the server's own messages are told (`mcp.shared.dispatcher.DispatchContext`)."""

    dispatcher: Outbound
    request_id: Any = None
    message_metadata: None = None
    transport: TransportContext = attrs.field(
        factory=lambda: TransportContext(kind="streamable-http", can_send_request=True)
    )
    can_send_request: bool = True
    cancel_requested: anyio.Event = attrs.field(factory=anyio.Event)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        return await self.dispatcher.send_raw_request(method, params, opts)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        await self.dispatcher.notify(method, params, opts)

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Clients report no progress."""


def is_valid_notification(method: str, params: Mapping[str, Any] | None, version: str) -> bool:
    """Whether MCP `version` knows such a notification."""
    try:
        parse_server_notification(method, version or DEFAULT_VERSION, params)
    except (KeyError, ValidationError):
        return False
    return True


def progress_of(params: Mapping[str, Any], number: int) -> tuple[float, float | None, str | None] | None:
    """Progress, total and text of a notification about request `number`; None for any other."""
    done, total, text = params.get("progress", 0), params.get("total"), params.get("message")
    if params.get("progressToken") != number or not is_number(done):
        return None
    whole = float(total) if is_number(total) else None
    return float(done), whole, text if isinstance(text, str) else None


def is_number(value: Any) -> TypeGuard[float]:
    """Whether `value` is a number that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


HINTS = ("readOnlyHint", "destructiveHint")
"""What a server says of a tool's effects (MCP, ToolAnnotations)."""


def plain_tool(tool: Message) -> Message:
    """Its name, the arguments that it has and needs, and its hints."""
    given, needed = tool["inputSchema"].get("properties"), tool["inputSchema"].get("required")
    properties = given if isinstance(given, dict) else {}
    schema = {
        "type": "object",
        "properties": {name: each for name, each in properties.items() if isinstance(each, dict)},
        "required": [name for name in needed if isinstance(name, str)] if isinstance(needed, list) else [],
    }
    said = tool.get("annotations")
    hints = {key: each for key in HINTS if isinstance(said, dict) and isinstance(each := said.get(key), bool)}
    return {"name": tool["name"], "inputSchema": schema, "annotations": hints}


def is_tool(tool: Any) -> bool:
    return (
        isinstance(tool, dict)
        and isinstance(tool.get("name"), str)
        and isinstance(tool.get("inputSchema"), dict)
    )
