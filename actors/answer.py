"""What a step returned, read with care, and what a check finds in it.

A server under load may answer anything. `Answer` turns a missing key or a wrong type into
`WrongAnswer`, an outcome, where plain indexing would end the run with a `KeyError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import msgspec

from actors.errors import SimulateError
from actors.events import ViolationKind
from actors.json_text import read_json
from actors.text import harmless

Json = Any
"""A value as `json.loads` returns it."""

EXCERPT_LENGTH = 120


def excerpt(value: Json, length: int = EXCERPT_LENGTH) -> str:
    """`value` as a short, harmless text for reports; long ones are cut and say so."""
    text = value if isinstance(value, str) else written_out(value)
    shown = harmless(text[:length], length)
    return shown if len(text) <= length else f"{shown}… ({len(text)} characters)"


def written_out(value: Json) -> str:
    """`repr` of a foreign value: numbers of thousands of digits and deep nesting have none."""
    try:
        return repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} that cannot be written out"


class WrongAnswer(SimulateError):
    """An answer has not the shape that the step needs."""

    def __init__(self, expected: str, seen: Json) -> None:
        super().__init__(f"expected {expected}, got {excerpt(seen)}")
        self.expected = expected
        self.seen = excerpt(seen)


class Answer(msgspec.Struct, frozen=True):
    """The result of one step. `value` is the plain JSON; the rest raises `WrongAnswer` on surprises."""

    value: Json

    def __getitem__(self, key: str) -> Json:
        if not isinstance(self.value, dict) or key not in self.value:
            raise WrongAnswer(f"an object with {key!r}", self.value)
        return self.value[key]

    def get(self, key: str, default: Json = None) -> Json:
        """The value at `key`, `default` where there is none."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def at(self, *path: str | int) -> Json:
        """The value at the end of `path`: keys, places in lists, and on into texts that hold JSON."""
        value = self.value
        for part in path:
            value = opened(value)
            is_there = part in value if isinstance(value, dict) else is_place(value, part)
            if not is_there:
                raise WrongAnswer(f"something at {'.'.join(map(str, path))}", self.value)
            value = value[part]
        return value

    def one(self, *path: str | int, **wanted: Json) -> Answer:
        """The first row of the list at `path` with the values `wanted`: `shares.one(id=share["id"])`."""
        rows = opened(self.at(*path))
        each = rows if isinstance(rows, list) else []
        for row in each:
            if isinstance(row, dict) and all(
                key in row and row[key] == value for key, value in wanted.items()
            ):
                return Answer(row)
        raise WrongAnswer(f"a row with {excerpt(wanted)}", self.value)

    def text(self, key: str) -> str:
        """The string at `key`."""
        value = self[key]
        if not isinstance(value, str):
            raise WrongAnswer(f"a text at {key!r}", value)
        return value

    def rows(self, *keys: str) -> Iterator[Answer]:
        """The objects of a list: of the answer itself, or of the first of `keys` that it has."""
        value = self.value
        if isinstance(value, dict):
            value = next((value[key] for key in keys if key in value), value)
        if not isinstance(value, list):
            raise WrongAnswer("a list", self.value)
        return (Answer(row) for row in value)


def opened(value: Json) -> Json:
    """`value`, or what it holds where it is a text that holds JSON."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except ValueError:
        return value


def is_place(value: Json, part: str | int) -> bool:
    return isinstance(value, list) and isinstance(part, int) and -len(value) <= part < len(value)


@attrs.frozen
class Finding:
    """Something an answer should not have shown. Texts are for reports: short, and made harmless here."""

    kind: ViolationKind
    expected: str = attrs.field(converter=harmless)
    seen: str = attrs.field(converter=harmless)


Check = Callable[[Answer], "tuple[Finding, ...]"]
"""Looks at an answer and returns what is wrong with it, nothing when all is well."""


def examine(check: Check | None, value: Json) -> tuple[Finding, ...]:
    """Run `check` on `value`; an answer of the wrong shape is a finding too.

    A check may be a person's own: it may raise anything, and TypeError is raised for what are no findings.
    """
    if check is None:
        return ()
    try:
        found = tuple(check(Answer(value)) or ())
        if found and not all(isinstance(finding, Finding) for finding in found):
            raise TypeError("a check gives findings, in a tuple")
        return found
    except WrongAnswer as wrong:
        return (Finding(ViolationKind.WRONG_CONTENT, wrong.expected, wrong.seen),)
