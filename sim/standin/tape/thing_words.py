"""What names of tools and keys say of the thing whose number stands there."""

from __future__ import annotations

import re
from functools import lru_cache

import attrs

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
KEPT_S = re.compile(r"(?:ss|us|is)$")
# fmt: off
OF_NUMBERS = frozenset({
    "id", "uid", "uuid", "guid", "number", "identifier", "ref", "href", "url", "uri", "path",
})
"""Words after which, in the name of a key, a value names a thing."""
BESIDE = frozenset({
    "source", "target", "destination", "dest", "parent", "from", "to", "old", "new", "last", "first", "read",
    "known", "next", "prev", "previous", "dependent", "current", "original", "other", "my", "the", "reply",
    "in", "of", "by", "with", "since", "after", "before", "deleted", "created", "affected",
})
"""Words that say which one it is, and not what."""
RELATIVE = frozenset({"reply", "parent", "dependent"})
"""Words for another thing of the same sort."""
OF_NOTHING = frozenset({
    "data", "result", "item", "value", "payload", "body", "entry", "hit", "list", "response", "object",
    "record", "entity",
})
"""Words for whatever an answer has in it."""
VERBS = frozenset({
    "create", "add", "insert", "import", "upload", "write", "make", "send", "post", "copy", "delete",
    "remove", "destroy", "trash", "revoke", "cancel", "unshare", "get", "list", "search", "find", "check",
    "show", "fetch", "query", "lookup", "update", "edit", "append", "set", "move", "rename", "assign",
    "complete", "archive", "change", "manage", "react", "mark", "attach", "reorder", "restore", "link",
    "share", "patch", "put", "unassign", "unarchive", "read", "view", "count", "describe", "browse",
})
CREATING = frozenset({
    "create", "add", "insert", "import", "upload", "write", "make", "send", "post", "copy", "share",
})
QUANTITIES = frozenset({
    "limit", "offset", "page", "size", "count", "total", "permission", "order", "priority", "duration",
    "minute", "day", "hour", "timeout", "status", "type", "color", "score", "weight", "rank", "quantity",
    "amount", "timestamp", "percent", "state", "kind", "unit", "date", "time", "start", "end", "depth",
    "level", "min", "max", "width", "height", "year", "month", "code", "unread", "found", "index", "length",
})
"""Things that are no things: what counts, measures or chooses."""
JOINTS = ("to", "from", "in", "with", "by", "of", "into")
# fmt: on


@attrs.frozen
class ThingName:
    """Whose number a key holds.

    Attributes:
        thing: what it is called, by the key, else by what that stands in, else by the tool.
        is_explicit: the key says so itself.
        is_told: the key says so, or what that stands in, and not only the tool.
        has_number: the key says that it holds the number of something.
        is_relative: it is another one of the same sort (`reply_to`, `parent_id`).
        is_lone: the key says nothing but what it is (`event`, `last_read_message`), in the singular.
    """

    thing: str
    is_explicit: bool
    is_told: bool
    has_number: bool
    is_relative: bool
    is_lone: bool


def thing_at(place: tuple[str, ...], tool: str) -> ThingName:
    """What stands at this place, in the arguments or the answer of a tool."""
    return _thing_at(place[-8:], tool)


@lru_cache(maxsize=4096)
def _thing_at(place: tuple[str, ...], tool: str) -> ThingName:
    plain = WORD.findall(place[-1][:200]) if place else []
    words = [singular(word.lower()) for word in plain]
    has_number = bool(OF_NUMBERS & {*words})
    core = [word for word in words if word not in BESIDE and word not in OF_NUMBERS]
    is_lone = len(core) == 1 and core[0] in (word.lower() for word in plain)
    told = core or next(filter(None, map(said_by, reversed(place[:-1]))), [])
    thing = (told or [tool_thing(tool)[1]])[-1]
    return ThingName(thing, bool(core), bool(told), has_number, bool(RELATIVE & {*words}), is_lone)


def said_by(key: str) -> list[str]:
    """What the things that stand in it are called; nothing where they are just items."""
    return [word for word in words_in_order(key) if word not in BESIDE | OF_NOTHING]


@lru_cache(maxsize=4096)
def tool_thing(tool: str) -> tuple[str, str]:
    """The verb of a tool, and what it works on: `deck_create_card_comment` creates a comment."""
    words = words_in_order(tool)
    verbs = [at for at, word in enumerate(words) if word in VERBS]
    if not verbs:
        return "", words[-1] if words else ""
    # The family of the tools for shares: nc_share_create.
    place = verbs[1] if words[verbs[0]] == "share" and len(verbs) > 1 else verbs[0]
    after = without_joints(words[place + 1 :])
    things = [word for word in after if word not in BESIDE] or words[:place][-1:]
    return words[place], things[-1] if things else words[place]


def without_joints(words: list[str]) -> list[str]:
    """Up to the first of `to`, `from`, …: a label is assigned *to a card*."""
    place = next((at for at, word in enumerate(words) if word in JOINTS), len(words))
    return words[:place]


def words_in_order(name: str) -> list[str]:
    return [singular(word.lower()) for word in WORD.findall(name[:200])]


def singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not KEPT_S.search(word) else word
