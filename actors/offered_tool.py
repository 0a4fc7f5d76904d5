"""A tool as a server offers it (MCP, tools/list): what it needs, and what the server says of its effects.

Schemas are the server's to write, of whatever shape; what cannot be read in one is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from actors.answer import Json
from actors.text import harmless

if TYPE_CHECKING:
    import mcp_types as types  # half a second, and no virtual run needs it

MAX_NAME_LENGTH = 200
MAX_KIND_LENGTH = 60
MAX_ARGUMENTS = 100
"""More are not told."""


@attrs.frozen
class ToolArgument:
    """One argument. `kind`: its JSON types, "any" where the schema names none."""

    name: str
    kind: str
    is_required: bool


@attrs.frozen
class OfferedTool:
    """One tool.

    Attributes:
        is_read_only, is_destructive: hints of the server; None where it gives none.
    """

    name: str
    arguments: tuple[ToolArgument, ...] = ()
    is_read_only: bool | None = None
    is_destructive: bool | None = None

    @classmethod
    def of(cls, tool: types.Tool) -> OfferedTool:
        """From the answer to `tools/list`."""
        hints = tool.annotations
        return cls(
            harmless(tool.name, MAX_NAME_LENGTH),
            tuple(arguments_of(tool.input_schema)),
            None if hints is None else hints.read_only_hint,
            None if hints is None else hints.destructive_hint,
        )


def arguments_of(schema: Json) -> Iterable[ToolArgument]:
    """Those that are needed come first."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    known = {**dict.fromkeys(sorted(needed)), **(properties if isinstance(properties, dict) else {})}
    found = [
        ToolArgument(harmless(name, MAX_NAME_LENGTH), kind_of_schema(each), name in needed)
        for name, each in known.items()
        if isinstance(name, str)
    ]
    return sorted(found, key=lambda argument: not argument.is_required)[:MAX_ARGUMENTS]


def kind_of_schema(schema: Json) -> str:
    """The types that a schema (JSON Schema 2020-12, 6.1.1) lets through: "string", "integer or null"."""
    if not isinstance(schema, dict):
        return "any"
    ways = schema.get("anyOf") or schema.get("oneOf")
    each = [part for part in ways if isinstance(part, dict)] if isinstance(ways, list) else [schema]
    kinds: list[str] = []
    for part in each:
        named = part.get("type")
        kinds += [kind for kind in (named if isinstance(named, list) else [named]) if isinstance(kind, str)]
    return harmless(" or ".join(dict.fromkeys(kinds)) or "any", MAX_KIND_LENGTH)
