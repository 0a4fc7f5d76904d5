"""Plain numbers, shares and rates: ASCII digits and one point; no sign, no exponent, no NaN."""

from __future__ import annotations

import re
from decimal import Decimal

from sim.config.grammar.piece import Piece, missing

DIGITS = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER = re.compile(DIGITS)
_MAX_DIGITS, _MAX_ZEROS = 30, 400
"""Noughts before and behind count by themselves: the least rates have many."""
_RATE_UNITS = {"s": 1, "m": 60, "h": 3600}

MAX_COUNT = 10_000_000
MAX_RATE = 1_000_000.0


def parse_decimal(text: str | Piece, what: str) -> Decimal:
    """A number of zero or more, exactly as written. Raises GrammarError."""
    piece = Piece.of(text)
    if not piece:
        raise missing(piece, what)
    if piece.text.startswith("-"):
        raise piece.error(f"{what} cannot be negative")
    if not _NUMBER.fullmatch(piece.text):
        raise piece.error(f"{_shown(piece)} is no number for {what}")
    if len(piece.text.strip("0.")) > _MAX_DIGITS or len(piece.text) > _MAX_ZEROS:
        raise piece.error(f"{what} has too many digits")
    return Decimal(piece.text)


def parse_number(text: str | Piece, what: str = "a number", most: float = 1e12) -> float:
    """A number of zero or more, at most `most`. Raises GrammarError."""
    piece = Piece.of(text)
    value = float(parse_decimal(piece, what))
    if value > most:
        raise piece.error(f"{what} is too large (at most {format_number(most)})")
    return value


def parse_count(text: str | Piece, what: str = "a count", least: int = 0, most: int = MAX_COUNT) -> int:
    """A whole number between `least` and `most`. Raises GrammarError."""
    piece = Piece.of(text)
    value = parse_decimal(piece, what)
    if "." in piece.text:
        raise piece.error(f"{what} must be a whole number, not {piece.text}")
    if value < least:
        raise piece.error(f"{what} must be at least {least}")
    if value > most:
        raise piece.error(f"{what} is too large (at most {most})")
    return int(value)


def parse_percentage(text: str | Piece, what: str = "a percentage") -> float:
    """`60%` → 0.6. The sign is required: `0.5` could be a half or half a percent. Raises GrammarError."""
    piece = Piece.of(text)
    if not piece:
        raise missing(piece, what)
    if not piece.text.endswith("%"):
        raise piece.error(f"{_shown(piece)} has no '%' ({what} reads 60%)")
    value = parse_decimal(piece.cut(0, -1 + len(piece.text)), what)
    if value > 100:
        raise piece.error(f"{what} is above 100%")
    return float(value / 100)


def parse_rate(text: str | Piece, what: str = "a rate") -> float:
    """`20/s`, `300/m`, `5/h` → per second. Raises GrammarError."""
    piece = Piece.of(text)
    number, unit = piece.partition("/")
    if unit is None:
        if not piece:
            raise missing(piece, what)
        raise piece.error(f"{_shown(piece)} has no unit ({what} reads 20/s, 300/m or 5/h)")
    value = parse_decimal(number, what)
    if unit.text not in _RATE_UNITS:
        raise unit.error(
            f"{_shown(unit)} is no unit of {what} (there are /s, /m and /h)" if unit else "no unit after '/'"
        )
    rate = float(value / _RATE_UNITS[unit.text])
    if rate > MAX_RATE:
        raise piece.error(f"{what} is too large (at most {format_rate(MAX_RATE)})")
    return rate


def format_number(value: float) -> str:
    """The shortest text without exponent that reads back as the same number."""
    return format_decimal(Decimal(repr(float(value))))


def format_decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_percentage(share: float) -> str:
    return f"{format_decimal(Decimal(repr(float(share))) * 100)}%"


def format_rate(per_s: float) -> str:
    return f"{format_number(per_s)}/s"


def _shown(piece: Piece) -> str:
    text = piece.text
    return repr(text if len(text) <= 24 else text[:23] + "…")
