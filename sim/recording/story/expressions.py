"""What stands for a value in a written workflow: what was carried, made, or is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from sim.recording.story.leaf_values import Path
from sim.recording.story.takes import Take

Json = Any


@attrs.frozen
class Fixed:
    """The value as it was recorded."""

    value: Json


@attrs.frozen
class UidOf:
    """The uid of a role."""

    role: str


@attrs.define(eq=False)
class Made:
    """Something that a client made up, to be made up anew in each execution.

    Attributes:
        recorded: as it was, whole.
        title: what of it is the title: all, or the part of a path.
        style: "title"; "slug" (a title without blanks), "uuid".
        key: of the argument in which it stood first.
        take: the call in which it did.
    """

    recorded: str
    title: str
    style: str
    key: str
    take: Take

    @property
    def around(self) -> tuple[str, str]:
        before, _, after = self.recorded.rpartition(self.title)
        return before, after


@attrs.frozen
class MadeValue:
    made: Made


@attrs.frozen
class CarriedValue:
    """What stands at `path` in the answer to `take`. `convert`: "int", "str" or ""."""

    take: Take
    path: Path
    convert: str = ""


@attrs.frozen
class NotePath:
    """Where the note that `take` created lies among its author's files."""

    take: Take


@attrs.frozen
class JoinedText:
    parts: tuple[Expression, ...]


@attrs.frozen
class EncodedText:
    """Percent-encoded (RFC 3986, 2.1)."""

    inner: Expression


@attrs.frozen
class JsonText:
    inner: Expression


@attrs.frozen
class ObjectOf:
    items: tuple[tuple[Expression, Expression], ...]


@attrs.frozen
class ListOf:
    items: tuple[Expression, ...]


@attrs.frozen
class LeftOut:
    """A secret, which no recording holds."""

    what: str


Expression = (
    Fixed
    | UidOf
    | MadeValue
    | CarriedValue
    | NotePath
    | JoinedText
    | EncodedText
    | JsonText
    | ObjectOf
    | ListOf
    | LeftOut
)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expression itself, and all that it is made of."""
    yield expression
    match expression:
        case JoinedText(parts=inner) | ListOf(items=inner):
            children = list(inner)
        case EncodedText(inner=one) | JsonText(inner=one):
            children = [one]
        case ObjectOf(items=rows):
            children = [each for row in rows for each in row]
        case _:
            children = []
    for child in children:
        yield from parts_of(child)


def is_fixed(expression: Expression) -> bool:
    """Whether all of it is as it was recorded."""
    return not any(
        isinstance(each, UidOf | MadeValue | CarriedValue | NotePath | LeftOut)
        for each in parts_of(expression)
    )
