"""Ways through JSON values, also through JSON that stands in a text of theirs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from sim.standin.tape.tape_file import parsed

Json = Any
PART = re.compile(r"[A-Za-z0-9_.~@-]+")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
OF_THINGS = frozenset(
    {"id", "ids", "uid", "uuid", "guid", "etag", "token", "href", "url", "uri", "path", "slug"}
)
"""Words in names of keys whose values name a thing."""
# fmt: off
OF_TEXTS = frozenset({
    "title", "content", "text", "body", "message", "description", "comment", "query", "summary",
    "subject", "note",
})
# fmt: on
"""Words in names of keys whose values people write."""


@attrs.frozen
class Leaf:
    """A value that is neither list nor object. `place`: the keys on the way to it, rows not counted."""

    place: tuple[str, ...]
    value: Json

    @property
    def key(self) -> str:
        return self.place[-1] if self.place else ""

    @property
    def names_a_thing(self) -> bool:
        """By its key."""
        return bool(words_of(self.key) & OF_THINGS)

    @property
    def token(self) -> str:
        """The value as a text: numbers come as texts and the other way round; "" for what is neither."""
        return token_of(self.value)


def token_of(value: Json) -> str:
    is_plain = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_plain else ""


def words_of(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in WORD.findall(name))


def leaves(value: Json, place: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """All there are, in order."""
    inner = parsed(value) if isinstance(value, str) else value
    if isinstance(inner, dict):
        for key, each in inner.items():
            yield from leaves(each, (*place, key))
    elif isinstance(inner, list):
        for each in inner:
            yield from leaves(each, place)
    else:
        yield Leaf(place, value)


def texts_of(every: Iterable[Leaf]) -> dict[tuple[str, ...], str]:
    """The texts of arguments by their place, where there is one alone."""
    several = list(every)
    places = Counter(leaf.place for leaf in several)
    return {
        leaf.place: leaf.value
        for leaf in several
        if isinstance(leaf.value, str) and leaf.value and places[leaf.place] == 1
    }


def parts_of(text: str) -> list[str]:
    """What may be an id within a longer text: a path, an address."""
    return PART.findall(text) if len(text) < 2000 else []


def rewritten(value: Json, change: Callable[[Leaf], Json], place: tuple[str, ...] = ()) -> Json:
    """`value` with each leaf as `change` gives it; JSON in a text stays JSON in a text."""
    if isinstance(value, dict):
        return {key: rewritten(each, change, (*place, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [rewritten(each, change, place) for each in value]
    inner = parsed(value) if isinstance(value, str) else value
    if isinstance(inner, dict | list):
        return json.dumps(rewritten(inner, change, place))
    return change(Leaf(place, value))
