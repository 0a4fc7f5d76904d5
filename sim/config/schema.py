"""The JSON Schema of scenario files (draft 2020-12), for editors that complete and check while one writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.config.option import Option
from sim.config.options import OPTIONS

Schema = dict[str, Any]


def scenario_schema() -> Schema:
    """Made from the table of options."""
    group = _object(option for option in OPTIONS if option.grouped)
    name = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
    group["properties"] = {
        "name": {"description": "As reports name the group.", **name},
        "region": {"description": "The region that its users sit in.", **name},
        **group["properties"],
    }
    group["required"] = ["name"]
    schema = _object(option for option in OPTIONS if option.filed)
    schema["properties"]["group"] = {
        "description": "Groups of users who behave alike.",
        "type": "array",
        "items": group,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of bin/simulate",
        **schema,
    }


def _object(options: Iterable[Option[Any]]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {option.name: _property(option) for option in options},
    }


def _property(option: Option[Any]) -> Schema:
    schema: Schema = {"description": option.help}
    if not (option.says_nothing or option.secret):
        schema["default"] = option.type.show(option.default)
    text: Schema = {"type": option.type.json_type}
    if option.type.choices:
        text["enum"] = list(option.type.choices)
    if option.many:
        return schema | {"anyOf": [text, {"type": "array", "items": text}]}
    if option.joined:
        return schema | {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}
    if option.type.takes_numbers and option.type.json_type == "string":
        return schema | {"type": ["string", "number"], **{k: v for k, v in text.items() if k != "type"}}
    return schema | text
