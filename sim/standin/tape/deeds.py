"""What tools do, as their server says, else as their names do.

The stand-in imports nothing of the rest of the program, which would be tested against itself then; so the
verbs stand here once more, and a test holds them to those of `actors.offered_tool`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sim.standin.tape.tape_file import Json

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
REMOVING = frozenset({"delete", "remove", "destroy", "trash", "unshare", "revoke", "cancel", "leave"})
UPDATING = frozenset({
    "update", "edit", "rename", "move", "set", "append", "patch", "change", "modify", "put", "mark", "toggle",
    "archive", "reorder",
})
"""Verbs that make nothing anew, whatever new values there are in their answers."""
ADDING = frozenset({"append", "add"})
"""Verbs after which what was said before still holds."""
# fmt: on


def may_change(tool: str, listed: Mapping[str, Json]) -> bool:
    """By the tool's own annotation (MCP, `readOnlyHint`) where it has one, else by its name.

    `listed`: as the server listed it.
    """
    hints = listed.get("annotations")
    hint = hints.get("readOnlyHint") if isinstance(hints, dict) else None
    return not (hint if isinstance(hint, bool) else reads_by_name(tool))


def reads_by_name(name: str) -> bool:
    """See `actors.offered_tool.reads_by_name`."""
    return bool(verbs_of(name) & READING_VERBS) and not verbs_of(name) & WRITING_VERBS


def removes(tool: str) -> bool:
    return bool(verbs_of(tool) & REMOVING)


def updates(tool: str) -> bool:
    return bool(verbs_of(tool) & UPDATING)


def adds(tool: str) -> bool:
    return bool(verbs_of(tool) & ADDING)


@lru_cache(maxsize=1024)
def verbs_of(name: str) -> frozenset[str]:
    """The words of a name, verbs among them."""
    return frozenset(word.lower() for word in WORD_OF_NAME.findall(name))
