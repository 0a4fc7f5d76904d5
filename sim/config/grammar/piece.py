"""A part of a text that knows where it stands, so that an error can point at the place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import attrs

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_SHOWN = 60


class GrammarError(ValueError):
    """A text that does not follow its grammar; `str()` of it is one line.

    Attributes:
        problem: what is wrong.
        source: the whole text.
        offset: index into `source` of the place that is wrong.
    """

    def __init__(self, problem: str, source: str, offset: int) -> None:
        place = f" (at character {offset + 1})" if offset else ""
        super().__init__(f"{_clipped(source, offset)!r}: {problem}{place}")
        self.problem = problem
        self.source = source
        self.offset = offset


@attrs.frozen
class Piece:
    """`source[start:end]`."""

    source: str
    start: int
    end: int

    @classmethod
    def of(cls, text: str | Piece) -> Piece:
        """The whole of `text`, without the blanks around it; a Piece is trimmed likewise."""
        return (cls(text, 0, len(text)) if isinstance(text, str) else text).stripped()

    @property
    def text(self) -> str:
        return self.source[self.start : self.end]

    def __bool__(self) -> bool:
        return self.start < self.end

    def stripped(self) -> Piece:
        text = self.text
        start = self.start + len(text) - len(text.lstrip(" \t"))
        return Piece(self.source, start, max(start, self.start + len(text.rstrip(" \t"))))

    def cut(self, start: int, end: int | None = None) -> Piece:
        """A part of it, counted from its own beginning."""
        stop = self.end if end is None else self.start + end
        return Piece(self.source, self.start + start, stop)

    def partition(self, separator: str) -> tuple[Piece, Piece | None]:
        """What is before the first separator, and what is after it: None where there is none."""
        at = self.text.find(separator)
        if at < 0:
            return self.stripped(), None
        return self.cut(0, at).stripped(), self.cut(at + len(separator)).stripped()

    def split(self, separator: str) -> list[Piece]:
        pieces = []
        rest: Piece | None = self
        while rest is not None:
            first, rest = rest.partition(separator)
            pieces.append(first)
        return pieces

    def error(self, problem: str) -> GrammarError:
        return GrammarError(problem, self.source, self.start)


def parse_name(text: str | Piece, what: str) -> str:
    """A name of ASCII letters, digits, `_` and `-`. Raises GrammarError, which says `what` it is to name."""
    piece = Piece.of(text)
    if not piece:
        raise piece.error(f"no name of {what}")
    if not NAME.fullmatch(piece.text):
        raise piece.error(f"{piece.text!r} is no name of {what} (letters, digits, '_' and '-')")
    return piece.text


def parse_fields(piece: Piece, what: str) -> dict[str, tuple[Piece, Piece]]:
    """`a=1,b=x:2,3` → each name with the pieces of the name and of its value.

    A part without `=` goes on with the value before it, as in `service=lognormal:30ms,0.5`.
    Raises GrammarError on a name that is no name or stands twice, and on a missing value.
    """
    fields: dict[str, tuple[Piece, Piece]] = {}
    last = ""
    for part in piece.split(","):
        name, value = part.partition("=")
        if value is None and last and part:
            key, before = fields[last]
            fields[last] = (key, Piece(piece.source, before.start, part.end))
            continue
        if value is None:
            raise part.error(f"{part.text!r} is no {what}=VALUE" if part else f"no {what}=VALUE here")
        last = parse_name(name, what)
        if last in fields:
            raise name.error(f"{last!r} stands here twice")
        if not value:
            raise value.error(f"no value after '{last}='")
        fields[last] = (name, value)
    return fields


def one_of(piece: Piece, known: Iterable[str], what: str) -> str:
    """The text, which must be one of `known`. Raises GrammarError with the nearest one, or all."""
    if piece.text in (names := list(known)):
        return piece.text
    found = f"{piece.text!r} is no {what}" if piece else f"no {what} given"
    raise piece.error(f"{found}; {nearest(piece.text, names)}")


def nearest(text: str, known: Iterable[str]) -> str:
    """`did you mean 'mixed'?`, or what there is."""
    names = list(known)
    near = difflib.get_close_matches(text, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"


def missing(piece: Piece, what: str) -> GrammarError:
    """There is no text where `what` ("a duration") belongs."""
    return piece.error(f"no {what.removeprefix('a ')} given")


def _clipped(source: str, offset: int) -> str:
    if len(source) <= _SHOWN:
        return source
    start = max(0, min(offset - _SHOWN // 2, len(source) - _SHOWN))
    end = start + _SHOWN
    return ("…" if start else "") + source[start:end] + ("…" if end < len(source) else "")
