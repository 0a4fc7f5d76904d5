"""The MCP tools over the store, callable by name, shaped like those of the real server.

The same `Toolbox` answers the MCP endpoint and, in-process, a virtual run.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import attrs

from sim.standin.failure import ToolFailure
from sim.standin.file_tools import FileTools
from sim.standin.note_store import Notes
from sim.standin.note_tools import NoteTools
from sim.standin.share_tools import ShareTools
from sim.standin.store import NOTE_SUFFIX, NOTES_FOLDER, Store
from sim.standin.store_errors import StoreError

Tool = Callable[..., Awaitable[dict[str, Any] | str]]
"""`async def tool(self, uid, **arguments)`: a structured result, or a JSON string (the share tools)."""

WRITING_FILES = frozenset(
    {
        "nc_notes_create_note",
        "nc_notes_update_note",
        "nc_notes_append_content",
        "nc_webdav_write_file",
        "nc_webdav_create_directory",
        "nc_webdav_move_resource",
        "nc_webdav_copy_resource",
    }
)
"""Tools that leave something in the caller's home."""
CHANGING = WRITING_FILES | {
    "nc_notes_delete_note",
    "nc_webdav_delete_resource",
    "nc_share_create",
    "nc_share_update",
    "nc_share_delete",
}

DELETING = {name for name in CHANGING if "_delete" in name}
"""Those after which something is gone."""

JSON_TYPES = {"str": "string", "int": "integer", "bool": "boolean"}
OF_TYPE = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
"""What most arguments are at first sight; `fits` knows the rest."""


@attrs.frozen
class ToolAnswer:
    """What a tool returned: the structured value (None where it is an error), and the same as text.

    Attributes:
        status: the HTTP status behind an error, where there is one; the wire does not tell it.
    """

    structured: dict[str, Any] | None
    text: str
    is_error: bool = False
    status: int | None = None

    @classmethod
    def failure(cls, text: str, status: int | None = None) -> ToolAnswer:
        return cls(None, text, True, status)


@attrs.frozen
class ToolSpec:
    """One tool: its function, the scope it needs, and what `tools/list` says of it."""

    name: str
    function: Tool
    scope: str
    summary: str
    required: frozenset[str]
    schema: dict[str, Any]
    kinds: Mapping[str, tuple[str, ...]]
    """By argument, the JSON types that it may have."""
    is_read_only: bool | None = None
    is_destructive: bool | None = None
    is_idempotent: bool | None = None
    """What its annotations say; None: nothing."""
    output_schema: dict[str, Any] | None = None
    taped: Callable[[str, Mapping[str, Any]], ToolAnswer] | None = None
    """Answers it (user id, arguments) where the function does not."""
    may_change: bool = True

    def is_open_to(self, scopes: Collection[str]) -> bool:
        """Whether a token with these is enough for it."""
        return not self.scope or self.scope in scopes


def describe(name: str, function: Tool, scope: str) -> ToolSpec:
    """Make the spec of a bound method from its signature."""
    properties: dict[str, Any] = {}
    every: dict[str, tuple[str, ...]] = {}
    required = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        kinds = [
            JSON_TYPES[kind.strip()]
            for kind in str(parameter.annotation).split("|")
            if kind.strip() != "None"
        ]
        nullable = "None" in str(parameter.annotation)
        every[parameter.name] = (*kinds, *(["null"] if nullable else []))
        types = [{"type": kind} for kind in every[parameter.name]]
        properties[parameter.name] = types[0] if len(types) == 1 else {"anyOf": types}
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        else:
            properties[parameter.name] = {**properties[parameter.name], "default": parameter.default}
    schema = {"type": "object", "properties": properties, "required": required, "title": f"{name}Arguments"}
    return ToolSpec(
        name,
        function,
        scope,
        inspect.getdoc(function) or "",
        frozenset(required),
        schema,
        every,
        is_read_only=name not in CHANGING,
        is_destructive=name in DELETING,
        may_change=name in CHANGING,
    )


class Toolbox:
    """Every tool and resource, for callers who are already known by their user id.

    Args:
        store, notes: what the tools work on.
        pause: awaited between the read and the write of a read-modify-write, where the real server
            waits for Nextcloud: this is where concurrent appends meet.
    """

    def __init__(self, store: Store, notes: Notes, pause: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        note_tools, share_tools, file_tools = NoteTools(notes, pause), ShareTools(store), FileTools(store)
        self.tools = {
            spec.name: spec
            for spec in (
                describe("nc_notes_create_note", note_tools.create, "notes.write"),
                describe("nc_notes_get_note", note_tools.get, "notes.read"),
                describe("nc_notes_update_note", note_tools.update, "notes.write"),
                describe("nc_notes_append_content", note_tools.append, "notes.write"),
                describe("nc_notes_search_notes", note_tools.search, "notes.read"),
                describe("nc_notes_delete_note", note_tools.delete, "notes.write"),
                describe("nc_webdav_list_directory", file_tools.list_directory, "files.read"),
                describe("nc_webdav_read_file", file_tools.read_file, "files.read"),
                describe("nc_webdav_write_file", file_tools.write_file, "files.write"),
                describe("nc_webdav_create_directory", file_tools.create_directory, "files.write"),
                describe("nc_webdav_delete_resource", file_tools.delete_resource, "files.write"),
                describe("nc_webdav_move_resource", file_tools.move_resource, "files.write"),
                describe("nc_webdav_copy_resource", file_tools.copy_resource, "files.write"),
                describe("nc_share_create", share_tools.create, "sharing.write"),
                describe("nc_share_list", share_tools.list_shares, "sharing.write"),
                describe("nc_share_get", share_tools.get, "sharing.write"),
                describe("nc_share_update", share_tools.update, "sharing.write"),
                describe("nc_share_delete", share_tools.delete, "sharing.write"),
            )
        }
        self.resources = ("nc://capabilities", "notes://settings")
        self._notes = notes

    async def call(self, uid: str, name: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Call a tool as `uid`. Every failure is an answer with `isError`, as the real server has it."""
        spec = self.tools.get(name)
        if spec is None:
            return ToolAnswer.failure(f"Unknown tool: {name}")
        if spec.taped is not None:
            return spec.taped(uid, arguments)
        if problem := bad_arguments(spec, arguments):
            return ToolAnswer.failure(f"Error executing tool {name}: {problem}")
        try:
            result = await spec.function(uid, **arguments)
        except ToolFailure as failure:
            return ToolAnswer.failure(str(failure), failure.status)
        except StoreError as error:
            return ToolAnswer.failure(f"{name} failed: {error} (HTTP {error.status})", error.status)
        if isinstance(result, str):
            return ToolAnswer({"result": result}, result)
        return ToolAnswer(result, "")

    def read(self, uid: str, uri: str) -> dict[str, Any] | None:
        """A resource as JSON, None when there is no such one (for `uid`)."""
        if uri == "nc://capabilities":
            return capabilities()
        if uri == "notes://settings":
            return {"notesPath": NOTES_FOLDER, "fileSuffix": NOTE_SUFFIX, "noteMode": "rich"}
        scheme, _, number = uri.rpartition("/")
        if scheme == "nc://Notes" and number.isdecimal():
            try:
                return self._notes.get(uid, int(number)).as_json()
            except StoreError:
                return None
        return None


def as_text(answer: ToolAnswer) -> str:
    """The text block that goes with an answer: the structured value as JSON where it has none of its own."""
    return answer.text or json.dumps(answer.structured)


def bad_arguments(spec: ToolSpec, arguments: Mapping[str, Any]) -> str:
    """What is wrong with the arguments, "" when nothing is."""
    if missing := spec.required - arguments.keys():
        return f"{len(missing)} validation errors: field required: {', '.join(sorted(missing))}"
    for key, value in arguments.items():
        kinds = spec.kinds.get(key)
        if kinds is None:
            return f"1 validation error: unexpected argument: {key}"
        if OF_TYPE.get(type(value)) not in kinds and not any(fits(value, kind) for kind in kinds):
            return f"1 validation error: {key}: Input should be a valid {' or '.join(kinds)}"
    return ""


def fits(value: Any, kind: str) -> bool:
    """A JSON value is of a JSON Schema type; lenient about integers in strings as the real server is."""
    match kind:
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, str) and value.isdecimal()
            )
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return value is None


def capabilities() -> dict[str, Any]:
    """What `nc://capabilities` and the OCS call of that name answer."""
    return {
        "version": {"major": 31, "minor": 0, "micro": 0, "string": "31.0.0", "edition": ""},
        "capabilities": {
            "core": {"pollinterval": 60, "webdav-root": "remote.php/webdav"},
            "files": {"bigfilechunking": True, "versioning": True},
            "files_sharing": {"api_enabled": True, "resharing": True, "default_permissions": 31},
            "notes": {"api_version": ["0.2", "1.3"], "version": "4.12.0", "notes_path": NOTES_FOLDER},
        },
    }
