"""Arguments for a tool, made from its schema: what is required, and nothing else.

What can be made up is made up (a query, a date, a number within its bounds). What names a thing that has to
be there (an id, a path, somebody's calendar) nobody can invent.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from actors.answer import Json
from workflows.schema_check import is_number, misfit, resolved

MAX_DEPTH_MADE = 12
QUERIES = ("report", "meeting", "budget", "team", "project", "plan", "invoice", "holiday")
"""Words that people look for."""
IDS = frozenset({"id", "ids", "uid", "uids", "uuid", "guid"})
# fmt: off
NAMING = IDS | frozenset({
    "path", "paths", "href", "url", "uri", "token", "etag", "key", "file", "filename", "folder",
    "directory", "user", "users", "username", "userid", "recipient", "participant", "member",
    "owner", "email", "phone", "slug", "handle", "number", "revision", "version",
})
# fmt: on
"""Words in names of arguments that name a thing which has to be there."""
# fmt: off
FREE = frozenset({
    "query", "q", "search", "term", "terms", "keyword", "keywords", "text", "content", "title",
    "body", "message", "description", "comment", "subject", "summary", "prompt", "question",
    "phrase", "pattern",
})
# fmt: on
"""Words in names of arguments that take any text."""
OF_NEW_THINGS = frozenset({"title", "subject", "summary", "name", "label"})
"""Those by which what is created is found again."""
# fmt: off
MOMENTS = frozenset({
    "date", "datetime", "since", "until", "after", "before", "start", "end", "begin", "deadline",
    "due", "day",
})
# fmt: on
SPANS = {
    "limit": (1, 20),
    "size": (1, 20),
    "count": (1, 20),
    "top": (1, 20),
    "max": (1, 20),
    "results": (1, 20),
}
SPANS |= {"page": (1, 1), "offset": (0, 0), "skip": (0, 0), "month": (1, 12), "year": (2026, 2026)}
"""What numbers are like, by a word in the name of the argument."""
USUAL_SPAN = (1, 10)
YEAR_BEGINS = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""Days are drawn from the year that begins then: the same seed makes the same arguments whenever it runs."""
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

Title = Callable[[str], str]
"""Makes a title that nobody else uses of a word."""


class CannotInvent(Exception):
    """Something is required that nobody can make up. `name`: where it stands, as `filter.board_id`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def words_of(name: str) -> frozenset[str]:
    """`noteId` and `note_id` are the words note and id."""
    return frozenset(word.lower() for word in WORD.findall(name))


def make_arguments(schema: Json, random: Random, title: Title | None = None) -> dict[str, Json]:
    """Only those that are required. Raises CannotInvent.

    Args:
        title: for tools that may create something: names it so that it is known as the run's.
    """
    made = _Making(schema, random, title).of_object(resolved(schema, schema), "", 0)
    if misfit(schema, made):
        raise CannotInvent("what its schema asks for beside types")
    return made


def not_to_be_invented(schema: Json, *, is_new: bool = False) -> list[str]:
    """The arguments that are required and that nobody can make up; empty where a call can be made."""
    title: Title | None = str if is_new else None
    making = _Making(schema, Random(0), title)  # noqa: S311 (nothing is drawn that anybody uses)
    found = []
    for name, each in _required(resolved(schema, schema)):
        try:
            making.make(each, name, name, 1)
        except CannotInvent as problem:
            found.append(problem.name)
    if not found:
        try:
            make_arguments(schema, Random(0), title)  # noqa: S311
        except CannotInvent as problem:
            return [problem.name]
    return found


def _required(schema: Json) -> Iterator[tuple[str, Json]]:
    if not isinstance(schema, dict):
        return
    properties, required = schema.get("properties"), schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    for name in required if isinstance(required, list) else []:
        if isinstance(name, str):
            yield name, known.get(name, {})


class _Making:
    """Makes values for one schema; `root` is where its references lead into."""

    def __init__(self, root: Json, random: Random, title: Title | None) -> None:
        self._root = root
        self._random = random
        self._title = title

    def of_object(self, schema: Json, path: str, depth: int) -> dict[str, Json]:
        return {
            name: self.make(each, name, f"{path}.{name}" if path else name, depth + 1)
            for name, each in _required(schema)
        }

    def make(self, schema: Json, name: str, path: str, depth: int) -> Json:
        """Raises CannotInvent."""
        schema = resolved(self._root, schema)
        if depth > MAX_DEPTH_MADE or not isinstance(schema, dict):
            raise CannotInvent(path)
        if "const" in schema or "default" in schema:
            return schema.get("const", schema.get("default"))
        given = _listed(schema, "examples") or _listed(schema, "enum")
        if given:
            return self._random.choice(given)
        if ways := _ways(schema):
            return self._first_of(ways, name, path, depth + 1)
        return self._of_type(schema, name, path, depth)

    def _first_of(self, ways: list[Json], name: str, path: str, depth: int) -> Json:
        """The first that can be made; nothing at all is the last resort."""
        ways = sorted(ways, key=lambda way: isinstance(way, dict) and way.get("type") == "null")
        for way in ways:
            try:
                return self.make(way, name, path, depth)
            except CannotInvent:
                continue
        raise CannotInvent(path)

    def _of_type(self, schema: dict[str, Any], name: str, path: str, depth: int) -> Json:
        match schema.get("type"):
            case "boolean":
                return self._random.random() < 0.5
            case "null":
                return None
            case "integer" | "number":
                return self._number(schema, name, path)
            case "string":
                return self._text(schema, name, path)
            case "array":
                return self._array(schema, name, path, depth)
            case "object":
                return self.of_object(schema, path, depth)
            case _ if "properties" in schema:
                return self.of_object(schema, path, depth)
            case _:
                raise CannotInvent(path)

    def _array(self, schema: dict[str, Any], name: str, path: str, depth: int) -> list[Json]:
        least = schema.get("minItems")
        number = max(1, least) if isinstance(least, int) and least < 20 else 1
        first = _listed(schema, "prefixItems")
        rules = [first[i] if i < len(first) else schema.get("items") for i in range(max(number, len(first)))]
        return [self.make(rule, name, f"{path}[]", depth + 1) for rule in rules]

    def _number(self, schema: dict[str, Any], name: str, path: str) -> float:
        words = words_of(name)
        if words & IDS or (words & NAMING and not words & SPANS.keys()):
            raise CannotInvent(path)
        usual = next((SPANS[word] for word in sorted(words) if word in SPANS), USUAL_SPAN)
        step = schema.get("multipleOf")
        try:
            low, high = bounds_of(schema, usual)
            if is_number(step) and step > 0:
                return step * self._random.randint(math.ceil(low / step), math.floor(high / step))
            return self._random.randint(low, high)
        except (ValueError, OverflowError):
            # Bounds between which there is nothing, or that are no numbers at all.
            raise CannotInvent(path) from None

    def _text(self, schema: dict[str, Any], name: str, path: str) -> str:
        words = words_of(name)
        made = self._moment(str(schema.get("format", "")), words, str(schema.get("description", "")))
        if made is None:
            made = self._words(schema, words, path)
        least, most = schema.get("minLength"), schema.get("maxLength")
        if isinstance(least, int) and len(made) < least <= 10_000:
            made = (f"{made} " * least)[:least]
        return made[:most] if isinstance(most, int) else made

    def _words(self, schema: dict[str, Any], words: frozenset[str], path: str) -> str:
        word = self._random.choice(QUERIES)
        if self._title is not None and words & OF_NEW_THINGS and words <= OF_NEW_THINGS | {"display"}:
            return self._title(word.capitalize())
        if "mime" in words:
            return "text/plain"
        if words & NAMING or not words & FREE or "pattern" in schema or "format" in schema:
            raise CannotInvent(path)
        return word

    def _moment(self, form: str, words: frozenset[str], told: str) -> str | None:
        """A day, or an instant of one; None where it is to be neither."""
        at = YEAR_BEGINS + datetime.timedelta(minutes=self._random.randrange(365 * 24 * 60))
        if not form and words & MOMENTS and not words & NAMING:
            wants_time = "time" in words or "datetime" in words or re.search(r"T\d\d:\d\d|datetime", told)
            form = "date-time" if wants_time else "date"
        match form:
            case "date":
                return at.date().isoformat()
            case "date-time":
                return at.isoformat().replace("+00:00", "Z")
            case "time":
                return at.time().isoformat()
            case "duration":
                return f"PT{self._random.randint(1, 12)}H"
            case _:
                return None


def bounds_of(schema: dict[str, Any], usual: tuple[int, int]) -> tuple[int, int]:
    """Whole numbers between which one may be, with the usual ones where it says nothing."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    lows = [math.ceil(low)] if is_number(low) else []
    lows += [math.floor(above) + 1] if is_number(above) else []
    highs = [math.floor(high)] if is_number(high) else []
    highs += [math.ceil(below) - 1] if is_number(below) else []
    first = max(lows) if lows else min(usual[0], *highs) if highs else usual[0]
    last = min(highs) if highs else max(usual[1], first)
    return first, last


def _ways(schema: dict[str, Any]) -> list[Json]:
    """Several schemas of which one will do."""
    for key in ("anyOf", "oneOf"):
        if found := _listed(schema, key):
            return found
    if all_of := _listed(schema, "allOf"):
        merged: dict[str, Any] = {}
        for part in all_of:
            merged |= part if isinstance(part, dict) else {}
        return [merged]
    types = schema.get("type")
    return [{**schema, "type": each} for each in types] if isinstance(types, list) else []


def _listed(schema: dict[str, Any], key: str) -> list[Json]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
