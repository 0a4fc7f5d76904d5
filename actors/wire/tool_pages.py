"""Pages of `tools/list`, read once for all sessions that are told the same.

A hundred tools that describe themselves are more than a hundred kilobytes: reading them took each user longer
than all the rest of opening a session.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actors.declared_schemas import SchemaBook
from actors.json_text import UNREADABLE
from actors.output_schema import OutputSchema
from actors.wire.json_rpc import Message, decode, result_of
from actors.wire.server_messages import is_tool, plain_tool

MAX_KEPT_BYTES = 16 * 2**20
"""Of different pages; who tells each session something else is read each time."""


class ListedTools(msgspec.Struct, frozen=True):
    """A page without those that are no tools: one of them must not hide the others.

    Attributes:
        message: what the SDK gets to see. Of each tool is left what a call needs, and the hints on what it
            does: the SDK would refuse the whole page for an odd icon or schema.
        outputs: what each tool says of its results.
    """

    message: Message
    outputs: Mapping[str, OutputSchema | None]


class PageResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A JSON-RPC response, its result as it was written."""

    id: int
    result: msgspec.Raw
    jsonrpc: str = ""


PAGE_RESPONSE = msgspec.json.Decoder(PageResponse)


class ToolPages:
    """Those that were told; shared by the sessions of a connector."""

    def __init__(self, schemas: SchemaBook | None = None) -> None:
        self._schemas = schemas or SchemaBook()
        self._known: dict[bytes, ListedTools] = {}
        self._left_bytes = MAX_KEPT_BYTES

    def read(self, data: bytes, number: int) -> ListedTools | None:
        """See `actors.wire.hot_answers.Read`. Raises as `result_of` does."""
        try:
            response = PAGE_RESPONSE.decode(data)
        except UNREADABLE:
            return None
        if response.id != number:
            return None
        text = bytes(response.result)
        page = self._known.get(text)
        if page is None:
            page = self.page_of(result_of(decode(data)))
            if len(text) <= self._left_bytes:
                self._left_bytes -= len(text)
                self._known[text] = page
        return page

    def page_of(self, listing: Message) -> ListedTools:
        """What a result says."""
        tools = listing.get("tools")
        if not isinstance(tools, list):
            return ListedTools(listing, {})
        sound = [tool for tool in tools if is_tool(tool)]
        schemas = {tool["name"]: tool.get("outputSchema") for tool in sound}
        outputs = {
            name: self._schemas.compiled(schema) if isinstance(schema, dict) else None
            for name, schema in schemas.items()
        }
        return ListedTools({**listing, "tools": [plain_tool(tool) for tool in sound]}, outputs)
