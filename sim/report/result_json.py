"""The document of a run as JSON, and back: a text gives values that give the same text again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn, get_origin

import attrs
import cattrs
from cattrs.cols import homogenous_tuple_structure_factory

from actors.text import harmless
from sim.report.result import SCHEMA_VERSION, Result

MAX_TEXT = 2_000
MAX_INT = 2**63 - 1
"""What every reader of JSON can hold, and more than is ever counted."""
PLAIN = json.JSONEncoder(allow_nan=False)
"""`json.dumps` makes one for each value."""
Take = Callable[[Any, Any], Any]


class BadResult(ValueError):
    """What is no result of a run, or one that cannot be read; its text is one line."""


def to_json(result: Result) -> str:
    """As it stands in a file: valid UTF-8, whatever texts servers and files have put in.

    Raises ValueError where a figure is no finite number.
    """
    return written(presentable(cattrs.unstructure(result))) + "\n"


def from_json(text: str) -> Result:
    """Raises BadResult."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadResult(f"no JSON: {harmless(str(error))}") from None
    return from_plain(document)


def from_plain(document: object) -> Result:
    """The same from values as JSON has them. Raises BadResult."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or not _is_int(version):
        raise BadResult("no result of a run: it says no schema_version")
    if version != SCHEMA_VERSION:
        age = "a newer" if version > SCHEMA_VERSION else "an older"
        raise BadResult(f"of {age} release: its schema is {version}, and this one reads {SCHEMA_VERSION}")
    try:
        return _converter().structure(document, Result)
    except (cattrs.BaseValidationError, RecursionError) as error:
        raise BadResult(f"not as results are: {_first_of(error)}") from None


def presentable(value: Any) -> Any:
    """The same, without control characters and halves of characters in keys and texts.

    Raises ValueError where a figure is no finite number.
    """
    match value:
        case str():
            return value if value.isprintable() else harmless(value, MAX_TEXT)
        case dict():
            return {presentable(str(key)): presentable(inner) for key, inner in value.items()}
        case list() | tuple():
            return type(value)(presentable(inner) for inner in value)
        case float() if not math.isfinite(value):
            raise ValueError(f"not a finite number: {value}")
        case None | int() | float():
            return value  # most there is
        case _ if attrs.has(type(value)):
            return type(value)(**presentable(attrs.asdict(value, recurse=False)))
        case _:
            return value


def written(value: Any, margin: str = "") -> str:
    """JSON that people can read: a key a line, but a list of plain values on one."""
    inner = f"{margin}  "
    match value:
        case dict() if value:
            lines = [f"{inner}{PLAIN.encode(key)}: {written(each, inner)}" for key, each in value.items()]
            return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
        case list() | tuple() if any(isinstance(each, dict | list | tuple) for each in value):
            return "[\n" + ",\n".join(inner + written(each, inner) for each in value) + f"\n{margin}]"
        case _:
            return PLAIN.encode(value)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INT


def _is_number(value: object) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _converter() -> cattrs.Converter:
    """Takes nothing for something else: no text for a number, no number for a list."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind, is_good, problem in (
        (int, _is_int, "no whole number"),
        (float, _is_number, "no number"),
        (str, _is_a(str), "no text"),
        (bool, _is_a(bool), "neither true nor false"),
    ):
        converter.register_structure_hook(kind, _checked(is_good, problem, lambda value, _: value))
    converter.register_structure_hook_factory(
        _made_of(tuple),
        lambda kind: _checked(_is_a(list), "no list", homogenous_tuple_structure_factory(kind, converter)),
    )
    converter.register_structure_hook_factory(
        _made_of(dict),
        lambda kind: _checked(_is_a(dict), "no object", converter.gen_structure_mapping(kind)),
    )
    converter.register_structure_hook_factory(
        attrs.has,
        lambda kind: _checked(_is_a(dict), "no object", converter.gen_structure_attrs_fromdict(kind)),
    )
    return converter


def _made_of(origin: object) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) == origin


def _is_a(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _checked(is_good: Callable[[object], bool], problem: str, take: Take) -> Take:
    def checked(value: Any, kind: Any) -> Any:
        if not is_good(value):
            raise ValueError(problem)
        return take(value, kind)

    return checked


def _first_of(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    first = cattrs.transform_error(error, path="", format_exception=_problem)[0]
    return harmless(first.replace(" @ .", " at ").replace(" @ ", " at "))


def _problem(error: BaseException, _: type | None) -> str:
    match error:
        case KeyError():
            return f"{error.args[0]} is missing"
        case cattrs.ForbiddenExtraKeysError():
            return f"unknown: {', '.join(sorted(error.extra_fields))}"
        case ValueError():
            return str(error)
        case _:
            return "not what stands there"
