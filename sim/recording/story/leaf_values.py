"""The single values of an answer or an argument, JSON inside texts taken apart, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from actors.json_text import read_json

Json = Any
Path = tuple[str | int, ...]

MAX_LEAVES = 20_000
"""Of one answer; what comes after is not looked at."""
MAX_INNER_JSON = 1_000_000
"""Characters of a text that is read as JSON."""
MAX_CARRIED = 4096
"""Characters of a text that is carried as a whole."""
MAX_DEPTH_SEEN = 24

NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{2}:\d{2}(?::\d{2})?"
)
MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[^\s]+")
HEX = re.compile(r"[0-9a-f]{16,}")

Plain = tuple[str, str | int]


@attrs.frozen
class LeafValue:
    """One value that is no container. `inner`: the path on which a text was read as JSON, None where not."""

    path: Path
    value: Json

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(part for part in self.path if isinstance(part, str))


def leaves_of(value: Json) -> Iterator[LeafValue]:
    """All of them in order, at most `MAX_LEAVES`. A text that holds JSON comes whole, then taken apart."""
    stack: list[tuple[Path, Json]] = [((), value)]
    budget = MAX_LEAVES
    while stack and budget:
        path, each = stack.pop()
        if isinstance(each, dict):
            stack += [
                ((*path, key), child) for key, child in reversed(each.items()) if len(path) < MAX_DEPTH_SEEN
            ]
            continue
        if isinstance(each, list):
            rows = list(enumerate(each[:MAX_LEAVES]))
            stack += [((*path, at), child) for at, child in reversed(rows) if len(path) < MAX_DEPTH_SEEN]
            continue
        budget -= 1
        yield LeafValue(path, each)
        inner = json_in(each)
        if inner is not None and len(path) < MAX_DEPTH_SEEN:
            stack.append((path, inner))


def json_in(value: Json) -> dict[str, Json] | list[Json] | None:
    """The object or list that a text holds; None for all else."""
    if (
        not isinstance(value, str)
        or not 2 <= len(value) <= MAX_INNER_JSON
        or value.lstrip()[:1] not in ("{", "[")
    ):
        return None
    try:
        inner = read_json(value)
    except ValueError:
        return None
    return inner if isinstance(inner, dict | list) and inner else None


def at_path(value: Json, path: Path) -> Json:
    """What lies at `path`, through texts that hold JSON; None where nothing does."""
    for part in path:
        if isinstance(value, str):
            value = json_in(value)
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def plain_of(value: Json) -> Plain | None:
    """`value` such that 12 and "12" are the same; None for what is never carried."""
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return None
    if isinstance(value, int):
        return ("number", value) if 0 < value < 10**18 else None
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_CARRIED:
        return None
    if NUMBER.fullmatch(value):
        return ("number", int(value)) if value != "0" else None
    return None if DATE.fullmatch(value) else ("text", value)


def specificity(plain: Plain) -> float:
    """How little chance there is that two such values are equal by chance, from 0 (a count) to 3 (a UUID)."""
    value = plain[1]
    if isinstance(value, int):
        return 2.0 if value >= 10_000 else 1.5 if value >= 1_000 else 1.0 if value >= 100 else 0.0
    if (
        UUID.fullmatch(value)
        or HEX.fullmatch(value)
        or (len(value) >= 8 and MIXED.fullmatch(value) and "/" not in value)
    ):
        return 3.0
    if len(value) >= 5 and ("/" in value or "@" in value):
        return 2.0
    if len(value) >= 4 and MIXED.fullmatch(value):
        return 2.0
    if " " in value.strip() and len(value) >= 9:
        return 2.0
    return 1.0 if len(value) >= 9 else 0.0
