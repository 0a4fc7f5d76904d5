"""Durations: `250ms`, `30s`, `5m30s`, `2h`, or a bare number of seconds."""

from __future__ import annotations

import re
from decimal import Decimal

from sim.config.grammar.number import DIGITS, format_decimal, parse_decimal
from sim.config.grammar.piece import Piece, missing

MAX_DURATION_S = 366 * 86_400.0
_UNITS = {
    "d": Decimal(86_400),
    "h": Decimal(3_600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
    "us": Decimal("0.000001"),
}
_PART = re.compile(rf"({DIGITS})(us|ms|[dhms])")


def parse_duration(text: str | Piece, what: str = "a duration", *, zero: bool = True) -> float:
    """Seconds. Units go from large to small, each once. Raises GrammarError; on 0 too unless `zero`."""
    piece = Piece.of(text)
    value = _seconds(piece, what)
    if value > MAX_DURATION_S:
        raise piece.error(f"{what} is too long (at most 366d)")
    if not zero and float(value) <= 0:
        raise piece.error(f"{what} must be longer than 0")
    return float(value)


def parse_time(text: str | Piece, what: str = "a duration", *, zero: bool = True) -> float:
    """A duration whose unit is said: elsewhere a bare number would be milliseconds. Raises GrammarError."""
    piece = Piece.of(text)
    if piece and not piece.text.strip("0123456789.") and piece.text.strip("0."):
        raise piece.error(f"{what} needs a unit: did you mean {piece.text}ms or {piece.text}s?")
    return parse_duration(piece, what, zero=zero)


def format_duration(seconds: float) -> str:
    """The text that reads back as exactly this many seconds, such as `5m30s`."""
    rest = Decimal(repr(float(seconds)))
    if rest == 0:
        return "0s"
    if rest < 1:
        unit = "ms" if rest >= _UNITS["ms"] else "us"
        return format_decimal(rest / _UNITS[unit]) + unit
    text = ""
    for unit in ("h", "m"):
        whole, rest = divmod(rest, _UNITS[unit])
        text += f"{whole}{unit}" if whole else ""
    return text + (f"{format_decimal(rest)}s" if rest else "")


def _seconds(piece: Piece, what: str) -> Decimal:
    if not piece:
        raise missing(piece, what)
    if piece.text[-1] in "0123456789.":
        at = max((match.end() for match in _PART.finditer(piece.text)), default=0)
        if at:
            raise piece.cut(at).error(f"no unit after {piece.text[at:]!r} (us, ms, s, m, h or d)")
        return parse_decimal(piece, what)
    total, at, smallest = Decimal(0), 0, Decimal("Infinity")
    while at < len(piece.text):
        match = _PART.match(piece.text, at)
        rest = piece.cut(at)
        if rest.text.startswith("-"):
            raise rest.error(f"{what} cannot be negative")
        if match is None:
            raise rest.error(
                f"{rest.text[:24]!r} is no {what.removeprefix('a ')} (they read 250ms, 30s, 5m30s or 2h)"
            )
        unit = _UNITS[match[2]]
        if unit >= smallest:
            raise rest.error(f"'{match[2]}' after a unit that is not larger")
        total += parse_decimal(piece.cut(at, match.end(1)), what) * unit
        at, smallest = match.end(), unit
    return total
