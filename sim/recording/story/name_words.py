"""What names say: of a tool what it does and to what, of a key which value of which thing it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import attrs

from actors.offered_tool import READING_VERBS

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
MAX_NAME_LENGTH = 200


def spelled(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


CREATING = frozenset(
    {"create", "add", "insert", "new", "import", "upload", "write", "make", "send", "post", "copy"}
)
REMOVING = ("delete", "remove", "destroy", "trash", "revoke", "cancel", "unshare")
"""Best one first."""
CHANGING = frozenset(
    {"update", "edit", "append", "set", "move", "rename", "assign", "complete", "archive", "change", "manage"}
    | {
        "react",
        "check",
        "mark",
        "attach",
        "reorder",
        "restore",
        "link",
        "share",
        "patch",
        "put",
        "unassign",
        "unarchive",
    }
)
VERBS = CREATING | READING_VERBS | CHANGING | frozenset(REMOVING)

KINDS = {
    **dict.fromkeys(("id", "uid", "uuid", "guid", "number", "identifier", "ref"), "id"),
    **dict.fromkeys(("token", "key", "slug", "code", "handle"), "token"),
    **dict.fromkeys(("path", "href", "uri", "url", "filename"), "path"),
    **dict.fromkeys(("name", "title"), "name"),
    **dict.fromkeys(("etag", "version", "revision", "match"), "etag"),
    "cursor": "cursor",
}
NAMING = frozenset({"id", "token", "name", "path"})
"""Kinds of values by which a thing is named in a later call."""
QUALIFIERS = spelled(
    "source target destination dest parent from to old new last first read known next prev "
    "previous dependent current original other my the reply in of by with if since after before "
    "deleted created affected"
)
QUANTITIES = spelled(
    "limit offset page size count total permission order priority duration minute day hour "
    "timeout status type color colour score weight rank quantity amount yield timestamp percent "
    "complete state kind method unit date time datetime start end due format language depth level "
    "min max width height year month code success is unread recipe_count order found index mode"
)
"""What counts, measures or chooses: equal by chance, and never an address."""
GENERIC = spelled("data result results item items value payload body entry entries hit hits list response")
FIELDS = frozenset({"column", "field", "property", "attribute", "question"})
"""Things whose ids are keys of an object."""
USERISH = spelled(
    "user uid participant share owner attendee invite member assigned assignee recipient actor "
    "person account login author principal"
)
"""Words in the names of arguments that name somebody."""
KEPT_S = re.compile(r"(?:ss|us|is)$")


def singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not KEPT_S.search(word) else word


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """`sourceBoard_ids` → source, board, id."""
    return tuple(singular(word.lower()) for word in WORD.findall(name[:MAX_NAME_LENGTH]))


@attrs.frozen
class KeyName:
    """What the name of an argument, or of a value in an answer, says.

    Attributes:
        words: all of them.
        kind: of value ("id", "path", …), "" where it says none.
        thing: whose value it is, "" where nothing says so.
        is_explicit: whether the name itself says of which thing, and not what it stands in.
    """

    words: tuple[str, ...]
    kind: str
    thing: str
    is_explicit: bool

    @property
    def core(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if word not in QUALIFIERS)

    @property
    def is_quantity(self) -> bool:
        return bool(self.words) and self.words[-1] in QUANTITIES

    @property
    def is_relative(self) -> bool:
        """Whether it names a thing of the same sort (`reply_to`, `parent_id`)."""
        return bool({"reply", "parent", "dependent"} & {*self.words})


def read_name(name: str, around: Iterable[str], tool: str) -> KeyName:
    """What `name` says, in objects under the keys `around` (innermost last), of `tool`."""
    words = words_of(name)
    core = [word for word in words if word not in QUALIFIERS]
    kind = KINDS.get(core[-1], "") if core else ""
    things = core[:-1] if kind else core
    if things:
        return KeyName(words, kind, things[-1], is_explicit=True)
    for key in reversed(list(around)):
        inside = [word for word in words_of(key) if word not in QUALIFIERS]
        if inside and inside[-1] not in GENERIC:
            return KeyName(words, kind, inside[-1], is_explicit=False)
    return KeyName(words, kind, ToolName.of(tool).thing, is_explicit=False)


@attrs.frozen
class ToolName:
    """What the name of a tool says: `nc_notes_create_note` → note, create, note."""

    family: str
    verb: str
    things: tuple[str, ...]

    @property
    def thing(self) -> str:
        """What it works on: `create_card_comment` makes a comment, and assigns a label *to a card*."""
        return self.things[-1] if self.things else self.family

    @classmethod
    def of(cls, name: str) -> ToolName:
        words = [word for word in words_of(name) if word != "nc"]
        place = next((at for at, word in enumerate(words) if word in VERBS), None)
        verbs = [at for at, word in enumerate(words) if word in VERBS]
        if place == 0 and len(verbs) > 1 and words[0] == "share":
            # The family of the share tools: nc_share_create.
            place = verbs[1]
        if place is None:
            return cls(words[0] if words else "", "", tuple(words[1:]))
        before, after = words[:place], words[place + 1 :]
        for joint in ("to", "from", "in", "with", "by", "of", "into"):
            after = after[: after.index(joint)] if joint in after else after
        things = tuple(word for word in after if word not in QUALIFIERS) or tuple(before[-1:])
        return cls(before[0] if before else "", words[place], things)

    @property
    def creates(self) -> bool:
        return self.verb in CREATING or self.verb == "share"

    @property
    def removes(self) -> bool:
        return self.verb in REMOVING
