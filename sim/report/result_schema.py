"""The JSON Schema (draft 2020-12) of the document of a run, made from its classes."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import attrs

from sim.report.result import PRODUCT, SCHEMA_VERSION, Result

Schema = dict[str, Any]
_PLAIN: dict[Any, str] = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def result_schema() -> Schema:
    """Every class is a definition; units are descriptions."""
    definitions: dict[str, Schema] = {}
    _refer(Result, definitions)
    whole = definitions.pop(Result.__name__)
    whole["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Result of a run of {PRODUCT}",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _refer(kind: type, definitions: dict[str, Schema]) -> Schema:
    """A reference to this class, which is defined on the way."""
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # it may hold itself
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind, include_extras=True)
    fields = attrs.fields(kind)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.default is attrs.NOTHING],
        "properties": {field.name: _schema(hints[field.name], definitions) for field in fields},
    }


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:
    """Of one annotation."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin is Annotated:
        return {**_schema(inner[0], definitions), "description": inner[1]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, definitions) for each in inner]}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    return _refer(hint, definitions)
