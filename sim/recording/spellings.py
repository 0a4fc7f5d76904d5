"""One text however it is written: as it is, escaped in JSON (RFC 8259, 7), or percent-encoded (RFC 3986)."""

from __future__ import annotations

import re

_SAME_EVERYWHERE = re.compile(r"[A-Za-z0-9_.-]+")
_PARTS = re.compile(r"\\+|[^\\]", re.DOTALL)
_ESCAPE = r"(?:\\|%5[Cc])"
_SHORT = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
MAX_ESCAPES = 16
"""JSON in a text of JSON doubles backslashes each time."""


def plain_stretch(text: str) -> str:
    """The longest stretch of it that every spelling leaves as it is; "" where there is none.

    Where this is not, the text is in no spelling.
    """
    return max(_SAME_EVERYWHERE.findall(text), key=len, default="")


def spellings(text: str) -> re.Pattern[str]:
    """Finds the text in whichever spelling, also where each of its characters has another one.

    It looks at a place a bounded number of times: backslashes are taken as many as there are, for good.
    """
    return re.compile("".join(_ways(found[0], text[: found.start()]) for found in _PARTS.finditer(text)))


def _ways(part: str, before: str) -> str:
    """Of one character, or of backslashes in a row, which swallow those that escape what follows."""
    if part[0] == "\\":
        return f"{_ESCAPE}{{{len(part)},{MAX_ESCAPES * len(part)}}}+"
    if _SAME_EVERYWHERE.fullmatch(part):
        return re.escape(part)
    escapes = f"{_ESCAPE}{{{0 if before.endswith(chr(92)) else 1},{MAX_ESCAPES}}}+"
    utf16 = part.encode("utf-16-be", "surrogatepass")
    units = (utf16[place : place + 2].hex() for place in range(0, len(utf16), 2))
    percents = "".join(f"%(?i:{byte:02x})" for byte in part.encode("utf-8", "surrogatepass"))
    short = _SHORT.get(part, f"(?:{re.escape(part)}|{percents})")
    ways = ["".join(f"{escapes}u(?i:{unit})" for unit in units), escapes + short, percents, re.escape(part)]
    return f"(?:{'|'.join(ways)}{r'|[+]' if part == ' ' else ''})"
