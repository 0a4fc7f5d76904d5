"""A JSON Schema made into a function, once: whether a value plainly fits it.

What it lets through, a validator lets through as well; what it refuses is no verdict, but a case for one
(`actors.output_schema`). It knows the keywords that servers write of themselves (JSON Schema 2020-12, and
draft 7 where that means the same).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from actors.answer import Json

Fits = Callable[[Json], bool]

MAX_PARTS = 300
"""Schemas within a schema, a reference counting as what it refers to: what refers to itself has no end."""
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples"}
    | {"format", "deprecated", "readOnly", "writeOnly"}
)
"""They refuse nothing."""
OF_TYPE: Mapping[type, tuple[str, ...]] = {
    dict: ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    list: ("items", "minItems", "maxItems"),
    str: ("minLength", "maxLength"),
    int: ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    bool: (),
    type(None): (),
}
KNOWN = frozenset({"type", "enum", "const", "anyOf", "allOf"}.union(*OF_TYPE.values()))
REFERENCE = re.compile(r"#(?:/[^/~%]+)*\Z")
LEAST = {"minProperties", "minItems", "minLength"}
BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}


class NotPlain(Exception):
    """A schema has something that is not known here."""


def plain_fit(schema: Json) -> Fits | None:
    """What tells whether a value plainly fits a valid `schema`; None where it is not plain enough."""
    try:
        return _Compiler(schema).fit(schema)
    except (NotPlain, RecursionError):
        return None


class _Compiler:
    def __init__(self, root: Json) -> None:
        self._root = root
        self._parts = 0

    def fit(self, schema: Json) -> Fits:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise NotPlain
        if schema is True:
            return anything
        if not isinstance(schema, dict):
            raise NotPlain
        keywords = {name for name in schema if name not in ANNOTATIONS and not name.startswith("x-")}
        if keywords == {"$ref"}:
            return self.fit(self._target(schema["$ref"]))
        if not keywords <= KNOWN:
            raise NotPlain
        return self._joined(schema)

    def _joined(self, schema: dict[str, Json]) -> Fits:
        """All that it says, of each type by itself."""
        by_type = {kind: self._of_type(kind, schema) for kind in types_of(schema)}
        if words := words_of(schema):
            by_type = {str: all_of([by_type[str], lambda value: value in words])}
        wanted = by_type.get

        def fits(value: Json) -> bool:
            look = wanted(type(value))
            return look is not None and look(value)

        more = [self.fit(each) for each in schema.get("allOf", ())]
        if "anyOf" in schema:
            more.append(any_of([self.fit(each) for each in schema["anyOf"]]))
        return all_of([fits, *more]) if more else fits

    def _of_type(self, kind: type, schema: dict[str, Json]) -> Fits:
        if kind is dict:
            return self._object(schema)
        bounds = [size_bound(name, schema[name]) for name in OF_TYPE.get(kind, ())[-2:] if name in schema]
        if kind in (int, float):
            bounds = [number_bound(name, schema[name]) for name in BOUNDS if name in schema]
        if kind is list and "items" in schema:
            bounds.append(each_of(self.fit(schema["items"])))
        return all_of(bounds)

    def _object(self, schema: dict[str, Json]) -> Fits:
        sizes = all_of([size_bound(name, schema[name]) for name in OF_TYPE[dict][-2:] if name in schema])
        known = {name: self.fit(each) for name, each in schema.get("properties", {}).items()}
        needed = tuple(schema.get("required", ()))
        others = schema.get("additionalProperties", True)
        other = nothing if others is False else self.fit(others)
        of_name = known.get

        def fits(value: Json) -> bool:
            for name in needed:
                if name not in value:
                    return False
            for name, each in value.items():
                if not of_name(name, other)(each):
                    return False
            return sizes(value)

        return fits

    def _target(self, reference: Json) -> Json:
        """What a reference within the document refers to (RFC 6901)."""
        if not isinstance(reference, str) or not REFERENCE.match(reference):
            raise NotPlain
        found = self._root
        for name in reference[1:].split("/")[1:]:
            if not isinstance(found, dict) or name not in found:
                raise NotPlain
            found = found[name]
        return found


def types_of(schema: dict[str, Json]) -> Iterable[type]:
    """Those that it lets through."""
    said = schema.get("type", list(TYPES))
    kinds = [said] if isinstance(said, str) else said
    return dict.fromkeys(kind for name in kinds for kind in TYPES[name])


def words_of(schema: dict[str, Json]) -> frozenset[str]:
    """The texts that it lets through by name; none where it does not name what it lets through."""
    named = [schema["const"]] if "const" in schema else schema.get("enum")
    if named is None:
        return frozenset()
    words = frozenset(word for word in named if isinstance(word, str))
    if not words or str not in types_of(schema) or ("const" in schema and "enum" in schema):
        raise NotPlain
    return words


def size_bound(name: str, bound: Any) -> Fits:
    if name in LEAST:
        return lambda value: len(value) >= bound
    return lambda value: len(value) <= bound


def number_bound(name: str, bound: Any) -> Fits:
    holds = BOUNDS[name]
    return lambda value: holds(value, bound)


def each_of(fits: Fits) -> Fits:
    return lambda value: all(map(fits, value))


def any_of(ways: list[Fits]) -> Fits:
    return lambda value: any(fits(value) for fits in ways)


def all_of(parts: list[Fits]) -> Fits:
    if not parts:
        return anything
    return parts[0] if len(parts) == 1 else lambda value: all(fits(value) for fits in parts)


def anything(value: Json) -> bool:
    return True


def nothing(value: Json) -> bool:
    return False
