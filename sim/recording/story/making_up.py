"""What clients made up: titles, names, uids, paths of new files. Each execution makes up its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sim.recording.story.expressions import Made
from sim.recording.story.leaf_values import NUMBER, UUID, Path
from sim.recording.story.name_words import QUALIFIERS, spelled, words_of
from sim.recording.story.takes import Json, Take

TITLE_WORDS = spelled(
    "title name summary subject fn label heading caption displayname display full headline topic"
)
TEXT_KEYS = frozenset({"message", "text", "comment", "body", "content"})
PATH_KEYS = frozenset({"path", "destination_path", "filename", "file_path"})
OWN_IDS = frozenset({"uid", "uuid", "guid"})
MAX_TITLE = 200
SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")


def made_of(take: Take, path: Path, value: Json, *, is_named_elsewhere: bool) -> Made | None:
    """What the argument at `path` makes up, None where it makes up nothing.

    Args:
        is_named_elsewhere: whether the call says by other arguments what the new thing is called.
    """
    if not isinstance(value, str) or not value.strip() or not path or isinstance(path[-1], int):
        return None
    key, is_top = str(path[-1]), len(path) == 1
    if take.only_reads or (take.error is not None and not take.is_conflict):
        return None
    if is_new_path(take, key) and is_top:
        return _new_path(take, key, value)
    if take.tool.creates and key.lower() in OWN_IDS and is_top:
        return Made(value, value, "uuid" if UUID.fullmatch(value) else "slug", key, take)
    if is_new_name(take, key, is_named_elsewhere=is_named_elsewhere) and is_top and _is_line(value):
        return Made(value, value, "slug" if SLUG.fullmatch(value) else "title", key, take)
    if is_titlish(key) and (is_top or take.tool.creates) and _is_line(value) and _may_title(take):
        is_slug = SLUG.fullmatch(value) and words_of(key)[-1] == "name"
        return Made(value, value, "slug" if is_slug else "title", key, take)
    if (
        take.tool.creates
        and key.lower() in TEXT_KEYS
        and is_top
        and _is_line(value)
        and not is_named_elsewhere
    ):
        return Made(value, value, "title", key, take)
    return None


def _may_title(take: Take) -> bool:
    return (
        take.tool.creates
        or take.tool.verb in ("update", "edit", "rename", "change", "")
        or "create" in take.call.name
    )


def _is_line(value: str) -> bool:
    return (
        len(value) <= MAX_TITLE
        and not NUMBER.fullmatch(value)
        and "\n" not in value
        and value.lstrip()[:1] not in ("{", "[")
    )


def is_titlish(key: str) -> bool:
    core = [word for word in words_of(key) if word not in QUALIFIERS]
    return bool(core) and TITLE_WORDS.issuperset(core)


def is_new_name(take: Take, key: str, *, is_named_elsewhere: bool) -> bool:
    """Whether `room_name` is the name of what is created: so it is where nothing else is one."""
    words = words_of(key)
    return take.tool.creates and words[-1:] == ("name",) and len(words) > 1 and not is_named_elsewhere


def is_new_path(take: Take, key: str) -> bool:
    """Whether what stands at the path is made by the call."""
    words = words_of(key)
    if "destination" in words or "target" in words:
        return "path" in words
    return (
        take.tool.creates and key.lower() in PATH_KEYS and take.tool.thing not in ("share", "comment", "link")
    )


def _new_path(take: Take, key: str, value: str) -> Made | None:
    name = value.rstrip("/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    title = stem if dot and stem and len(ending) <= 5 else name
    return Made(value, title, "title", key, take) if title.strip() else None


def says_what_it_is_called(take: Take) -> bool:
    """Whether the call has a title, a path, or an id of the client's own among its arguments."""
    keys = [str(key) for key in take.call.arguments]
    return any(
        (is_titlish(key) or key.lower() in OWN_IDS or is_new_path(take, key)) and take.call.arguments[key]
        for key in keys
    )


def within(made: Iterable[Made], text: str) -> list[Made]:
    """Those that stand in `text`, longest first."""
    found = [each for each in made if each.recorded in text and each.recorded != text]
    return sorted(found, key=lambda each: -len(each.recorded))
