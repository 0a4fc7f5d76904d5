"""A tool as a server offers it (MCP, tools/list): what it needs, and what the server says of its effects.

Schemas are the server's to write, of whatever shape; what cannot be read in one is left out.
"""

from __future__ import annotations

import re
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
WORD_OF_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# fmt: off
READING_VERBS = frozenset({
    "get", "list", "search", "read", "find", "show", "view", "count", "query", "fetch", "lookup", "describe",
    "browse",
})
WRITING_VERBS = frozenset({
    "create", "update", "delete", "remove", "add", "set", "mark", "send", "write", "append", "move", "copy",
    "upload", "rename", "edit", "put", "post", "patch", "insert", "clear", "reset", "toggle", "assign",
    "unassign", "provision", "revoke", "run", "execute", "check", "uncheck", "complete", "restore", "archive",
    "unarchive", "tag", "untag", "pin", "unpin", "star", "unstar", "trash", "import", "merge", "lock",
    "unlock", "join", "leave", "invite", "accept", "decline", "reply", "cancel", "start", "stop", "enable",
    "disable", "reorder", "sync", "bulk", "manage",
})
# fmt: on


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
        is_read_only, is_destructive, is_idempotent: hints of the server; None where it gives none.
        input_schema, output_schema: as the server wrote them; None where it did not.
    """

    name: str
    arguments: tuple[ToolArgument, ...] = ()
    is_read_only: bool | None = None
    is_destructive: bool | None = None
    is_idempotent: bool | None = None
    input_schema: Json = attrs.field(default=None, eq=False, repr=False)
    output_schema: Json = attrs.field(default=None, eq=False, repr=False)

    @classmethod
    def of(cls, tool: types.Tool) -> OfferedTool:
        """From the answer to `tools/list`."""
        hints = tool.annotations
        if hints is None:
            return cls.described(tool.name, tool.input_schema, tool.output_schema)
        return cls.described(
            tool.name,
            tool.input_schema,
            tool.output_schema,
            is_read_only=hints.read_only_hint,
            is_destructive=hints.destructive_hint,
            is_idempotent=hints.idempotent_hint,
        )

    @classmethod
    def described(
        cls, name: str, input_schema: Json, output_schema: Json = None, **hints: bool | None
    ) -> OfferedTool:
        """From its name, its schemas and the hints of its server."""
        return cls(
            harmless(name, MAX_NAME_LENGTH),
            tuple(arguments_of(input_schema)),
            input_schema=input_schema,
            output_schema=output_schema,
            **hints,
        )


def reading(offered: Iterable[OfferedTool]) -> frozenset[str]:
    """The names of those that are known to change nothing.

    By the server's own word (`readOnlyHint`, which is false where it is left out, MCP ToolAnnotations); only
    where a server says that of none of its tools, by names that leave no doubt.
    """
    tools = list(offered)
    has_hints = any(tool.is_read_only is not None for tool in tools)
    return frozenset(
        tool.name for tool in tools if tool.is_read_only or (not has_hints and reads_by_name(tool.name))
    )


def reads_by_name(name: str) -> bool:
    """`nc_notes_get_note` reads; `get_or_create`, `mark_as_read` and what has no verb at all may write."""
    words = {word.lower() for word in WORD_OF_NAME.findall(name)}
    return bool(words & READING_VERBS) and not words & WRITING_VERBS


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
