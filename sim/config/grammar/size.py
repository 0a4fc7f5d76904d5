"""Sizes: `64KiB`, `1MB`, or a bare number of bytes."""

from __future__ import annotations

import re

from sim.config.grammar.number import DIGITS, parse_decimal
from sim.config.grammar.piece import Piece, missing

LARGEST = 1 << 40
_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
_SIZE = re.compile(rf"({DIGITS})\s*([A-Za-z]*)")


def parse_size(text: str | Piece, what: str = "a size") -> int:
    """Bytes; KiB, MiB, GiB are powers of 1024 (IEC 80000-13), kB, MB, GB of 1000. Raises GrammarError."""
    piece = Piece.of(text)
    match = _SIZE.fullmatch(piece.text)
    if match is None:
        if piece:
            parse_decimal(piece.cut(0, 1) if piece.text[0] == "-" else piece, what)
        raise missing(piece, what)
    unit = match[2].lower()
    if unit not in _UNITS:
        raise piece.cut(match.start(2)).error(
            f"{match[2][:24]!r} is no unit of {what} (B, kB, MB, GB, KiB, MiB, GiB)"
        )
    value = parse_decimal(piece.cut(0, match.end(1)), what) * _UNITS[unit]
    if value > LARGEST:
        raise piece.error(f"{what} is too large (at most 1024GiB)")
    if value != int(value):
        raise piece.error(f"{piece.text} is no whole number of bytes")
    return int(value)


def format_size(size: int) -> str:
    """The text that reads back as exactly this many bytes."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _UNITS[unit.lower()] == 0:
            return f"{size // _UNITS[unit.lower()]}{unit}"
    return f"{size}B"
