"""Whether a value is as a JSON Schema says (draft 2020-12), as far as a stranger's schema may be trusted.

Looked at are types, enumerations, bounds, properties, items, and the ways to combine them. A regular
expression of a stranger's may take for ever, and a reference to elsewhere would be fetched: neither is
followed, nor is what takes more than `MAX_CHECKS`. What is not looked at fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from actors.answer import Json, excerpt

MAX_CHECKS = 20_000
MAX_DEPTH = 60
SHOWN = 60
TYPES: dict[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: is_number(value),
    "integer": lambda value: is_number(value) and float(value).is_integer(),
}


class TooMuch(Exception):
    """A schema and a value that would take too long to compare."""


def misfit(schema: Json, value: Json) -> str:
    """Where `value` is not as `schema` says, and how; "" where it fits, or nobody can tell."""
    try:
        return next(_Comparison(schema).misfits(schema, value, "", 0), "")
    except (TooMuch, RecursionError):
        return ""


def resolved(root: Json, schema: Json) -> Json:
    """What a reference within the same document (`#/$defs/Note`) stands for; None where it leads nowhere."""
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            return schema
        schema = _at(root, schema["$ref"])
    return None


def is_number(value: Json) -> TypeGuard[int | float]:
    """A JSON number; Python's booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_same(one: Json, other: Json) -> bool:
    """Equal as JSON is: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _at(root: Json, reference: str) -> Json:
    """By JSON pointer (RFC 6901)."""
    if not reference.startswith("#"):
        return None
    place = root
    for part in [each for each in reference[1:].split("/") if each]:
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or key not in place:
            return None
        place = place[key]
    return place


class _Comparison:
    """One value against one schema; `left` bounds what it costs."""

    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = MAX_CHECKS

    def misfits(self, schema: Json, value: Json, path: str, depth: int) -> Iterator[str]:
        """Raises TooMuch."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise TooMuch
        if schema is False:
            yield f"{path or 'it'} must not be there"
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            yield from self.misfits(_at_ref(self._root, schema), value, path, depth + 1)
        yield from self._of_itself(schema, value, path)
        yield from self._combined(schema, value, path, depth + 1)
        if isinstance(value, dict):
            yield from self._of_object(schema, value, path, depth + 1)
        if isinstance(value, list):
            yield from self._of_array(schema, value, path, depth + 1)

    def fits(self, schema: Json, value: Json, depth: int) -> bool:
        return next(self.misfits(schema, value, "", depth), None) is None

    def _of_itself(self, schema: dict[str, Any], value: Json, path: str) -> Iterator[str]:
        where, shown = path or "it", excerpt(value, SHOWN)
        types = schema.get("type")
        known = [each for each in (types if isinstance(types, list) else [types]) if each in TYPES]
        if known and not any(TYPES[each](value) for each in known):
            yield f"{where} is no {' or '.join(known)}: {shown}"
        choices = schema.get("enum")
        if isinstance(choices, list) and not any(is_same(value, each) for each in choices):
            yield f"{where} is none of its values: {shown}"
        if "const" in schema and not is_same(value, schema["const"]):
            yield f"{where} is not {excerpt(schema['const'], SHOWN)}: {shown}"
        if is_number(value) and not within(schema, value):
            yield f"{where} is out of its bounds: {shown}"
        if isinstance(value, str | list | dict) and not is_long_enough(schema, value):
            yield f"{where} has a length out of its bounds: {len(value)}"

    def _combined(self, schema: dict[str, Any], value: Json, path: str, depth: int) -> Iterator[str]:
        for each in _list(schema, "allOf"):
            yield from self.misfits(each, value, path, depth)
        some, one = _list(schema, "anyOf"), _list(schema, "oneOf")
        if some and not any(self.fits(each, value, depth) for each in some):
            yield f"{path or 'it'} is as none of {len(some)} ways: {excerpt(value, SHOWN)}"
        if one and sum(self.fits(each, value, depth) for each in one) != 1:
            yield f"{path or 'it'} is not as exactly one of {len(one)} ways: {excerpt(value, SHOWN)}"
        if "not" in schema and self.fits(schema["not"], value, depth):
            yield f"{path or 'it'} is what it must not be: {excerpt(value, SHOWN)}"

    def _of_object(
        self, schema: dict[str, Any], value: dict[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        for name in _list(schema, "required"):
            if isinstance(name, str) and name not in value:
                yield f"{path or 'it'} has no {excerpt(name, SHOWN)!r}"
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        for name, each in value.items():
            place = f"{path}.{excerpt(name, SHOWN)}" if path else excerpt(name, SHOWN)
            if name in known:
                yield from self.misfits(known[name], each, place, depth)
            elif "patternProperties" not in schema and "additionalProperties" in schema:
                yield from self.misfits(schema["additionalProperties"], each, place, depth)

    def _of_array(self, schema: dict[str, Any], value: list[Any], path: str, depth: int) -> Iterator[str]:
        first = _list(schema, "prefixItems")
        for place, each in enumerate(value):
            rule = first[place] if place < len(first) else schema.get("items", True)
            yield from self.misfits(rule, each, f"{path}[{place}]", depth)


def within(schema: dict[str, Any], value: float) -> bool:
    """Its bounds as a number."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    is_low = (is_number(low) and value < low) or (is_number(above) and value <= above)
    is_high = (is_number(high) and value > high) or (is_number(below) and value >= below)
    return not is_low and not is_high


def is_long_enough(schema: dict[str, Any], value: str | list[Any] | dict[str, Any]) -> bool:
    """Its bounds as a text, a list or an object."""
    kind = "Length" if isinstance(value, str) else "Items" if isinstance(value, list) else "Properties"
    low, high = schema.get(f"min{kind}"), schema.get(f"max{kind}")
    return not ((is_number(low) and len(value) < low) or (is_number(high) and len(value) > high))


def _at_ref(root: Json, schema: dict[str, Any]) -> Json:
    reference = schema["$ref"]
    found = _at(root, reference) if isinstance(reference, str) else None
    return True if found is None else found


def _list(schema: dict[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
