"""What a tool says that its structured content looks like, compiled once, and answers held against it.

The verdict is that of the SDK's session (`ClientSession.validate_tool_result`), within bounds: a schema is a
server's own text, and checking an answer against it could take for ever. Where it would take too long, or
cannot be bounded, nothing is said: what is not known is no violation. Nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from actors.answer import Json
from actors.json_text import is_deeper
from actors.plain_schema import Fits, plain_fit

MAX_SCHEMA_NODES = 3_000
MAX_VALUE_NODES = 20_000
"""Of a schema, or an answer, with more of them nothing is said."""
MAX_STEPS = 10_000
"""Keywords that are applied to one answer: some 30 ms."""
MAX_NESTED, MAX_SCHEMA_DEPTH = 100, 24
"""Keywords that are applied within each other, and a schema's own depth: what `jsonschema` stands on panics
where the stack ends, past everything that catches exceptions."""
MAX_PATTERN, MAX_MATCHED = 200, 1_000
"""Characters of a pattern, and of what it is looked for in."""
TAME = re.compile(
    r"""\^? (?: (?: [\w\ \-/:@#,;=&~'"%!<>] | \\[.dwsDWS\-/+*?()\[\]{}|^$\\] | \.
                 | \[\^?(?:[^\[\]\\]|\\[dws.\-/+])+\] )
             (?: \{\d{1,3}\} | [*+?] | \{\d+,\d*\} )? )* \$?""",
    re.VERBOSE | re.ASCII,
)
"""Patterns without groups, whose parts repeat by themselves. At most one may repeat at will:"""
AT_WILL = re.compile(r"(?<!\\)(?:[*+?]|\{\d+,\d*\})")
DIALECTS = (
    None,
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema#",
)
"""In which the keywords of `actors.plain_schema` mean the same."""
UNBOUNDED = frozenset({"unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef"})
"""Keywords whose cost cannot be counted from outside."""
OF_NAMES = frozenset({"patternProperties", "additionalProperties", "propertyNames"})


class OutputSchema:
    """One declared schema. Compiling takes milliseconds: share it where it is the same."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._plain: Fits | None = None
        self._errors: Callable[[Json], Iterable[Any]] | None = None
        self._invalid = ""
        if is_bounded(schema):
            self._compile(schema)

    def problem(self, tool: str, value: Json) -> str:
        """Why `value`, of `tool`, does not conform; "" where it does, or where that cannot be told."""
        if self._invalid:
            return f"Invalid schema for tool {tool}: {self._invalid}"
        if self._errors is None or is_larger(value, MAX_VALUE_NODES):
            return ""
        if self._plain is not None and self._plain(value):
            return ""
        return self._verdict(self._errors, tool, value)

    def _compile(self, schema: dict[str, Any]) -> None:
        # Imported here: most servers declare nothing, and it takes a tenth of a second.
        from jsonschema import SchemaError
        from jsonschema.validators import validator_for

        kind = validator_for(schema)
        try:
            kind.check_schema(schema)
        except SchemaError as error:
            self._invalid = error.message
            return
        self._plain = plain_fit(schema) if schema.get("$schema") in DIALECTS else None
        self._errors = counted(kind, schema)

    def _verdict(self, errors: Callable[[Json], Iterable[Any]], tool: str, value: Json) -> str:
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            error = best_match(errors(value))
        except Unresolvable as unresolved:
            return f"Invalid schema for tool {tool}: {unresolved}"
        except Exception:
            # Over the bound, or whatever a validator raises at what a server made up. It would come again.
            self._errors = None
            return ""
        return "" if error is None else f"Invalid structured content returned by tool {tool}: {error.message}"


class OverBound(Exception):
    """An answer cannot be held against a schema within bounds."""


def counted(kind: Any, schema: dict[str, Any]) -> Callable[[Json], Iterable[Any]]:
    """What yields the errors of a value; it raises OverBound at the bound."""
    from jsonschema.validators import extend
    from referencing import Registry

    left = depth = 0

    def bounded(name: str, keyword: Any) -> Any:
        def apply(validator: Any, said: Any, value: Json, within: Any) -> Iterator[Any]:
            nonlocal left, depth
            left, depth = left - 1, depth + 1
            try:
                if left < 0 or depth > MAX_NESTED or is_costly(name, value):
                    raise OverBound
                yield from keyword(validator, said, value, within) or ()
            finally:
                depth -= 1

        return apply

    keywords = {name: bounded(name, keyword) for name, keyword in kind.VALIDATORS.items()}
    # Without its name: where a part refers to the whole, that would bring the uncounted validator back.
    whole = {name: each for name, each in schema.items() if name != "$schema"}
    validator = extend(kind, keywords)(whole, registry=Registry())

    def errors(value: Json) -> Iterable[Any]:
        nonlocal left, depth
        left, depth = MAX_STEPS, 0
        return validator.iter_errors(value)  # type: ignore[no-any-return]

    return errors


def is_costly(keyword: str, value: Json) -> bool:
    """Whether one keyword alone may take too long for `value`."""
    if keyword == "pattern":
        return isinstance(value, str) and len(value) > MAX_MATCHED
    if keyword == "uniqueItems":
        return isinstance(value, list) and len(value) > MAX_MATCHED
    return keyword in OF_NAMES and isinstance(value, dict) and any(len(name) > MAX_MATCHED for name in value)


def is_bounded(schema: dict[str, Any]) -> bool:
    """Whether what an answer costs can be counted: no part in another language, no pattern that runs wild."""
    if is_larger(schema, MAX_SCHEMA_NODES) or is_deeper(schema, MAX_SCHEMA_DEPTH):
        return False
    parts: list[Any] = [{name: each for name, each in schema.items() if name not in ("$schema", "$id")}]
    for part in parts:
        if isinstance(part, list):
            parts += part
        if not isinstance(part, dict):
            continue
        if part.keys() & UNBOUNDED or "$schema" in part or "$id" in part:
            return False
        if "json-schema.org" in str(part.get("$ref", "")):
            return False
        if not all(map(is_tame, patterns_of(part))):
            return False
        parts += part.values()
    return True


def patterns_of(part: dict[str, Any]) -> Iterator[str]:
    if isinstance(part.get("pattern"), str):
        yield part["pattern"]
    if isinstance(part.get("patternProperties"), dict):
        yield from part["patternProperties"]


def is_tame(pattern: str) -> bool:
    """Whether looking for `pattern` takes a bounded time; what is none at all takes none."""
    if len(pattern) > MAX_PATTERN:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return True
    return TAME.fullmatch(pattern) is not None and len(AT_WILL.findall(pattern)) <= 1


def is_larger(value: Json, most: int) -> bool:
    """Whether it consists of more than so many values and names."""
    rest, count = [value], 0
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            count += len(each)
            rest += [inner for inner in each.values() if isinstance(inner, dict | list)]
        elif isinstance(each, list):
            count += len(each)
            rest += [inner for inner in each if isinstance(inner, dict | list)]
        if count > most:
            return True
    return False
