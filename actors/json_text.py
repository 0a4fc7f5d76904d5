"""JSON that somebody else wrote, read within bounds.

The standard library's parser takes more than RFC 8259 allows and than the rest of a program survives:
`NaN`, and nesting so deep that comparing, copying or printing the value exhausts the stack.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

MAX_DEPTH = 100
"""Arrays and objects within each other. No answer of a tool needs a tenth of it."""
UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec refuses, right or wrong: the standard library has the last word (half of a surrogate pair,
a byte order mark and `1e999` pass there)."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_STANDARD = json.JSONDecoder(parse_constant=_refuse)
_QUICK = msgspec.json.Decoder()


def read_json(text: str | bytes) -> Any:
    """The value of `text`; bytes are UTF-8, a byte order mark before them is left out.

    Raises ValueError for anything that is no JSON, or is nested deeper than `MAX_DEPTH`.
    """
    try:
        value = _QUICK.decode(text)
    except UNREADABLE:
        value = _read_slowly(text)
    if may_be_deep(text) and is_deeper(value, MAX_DEPTH):
        raise too_deep()
    return value


def _read_slowly(text: str | bytes) -> Any:
    if isinstance(text, bytes):
        text = text.decode().removeprefix("\ufeff")
    try:
        return _STANDARD.decode(text)
    except RecursionError:
        raise too_deep() from None


def too_deep() -> ValueError:
    return ValueError(f"nested more than {MAX_DEPTH} deep")


def may_be_deep(text: str | bytes) -> bool:
    """Whether there are brackets enough in it for more than `MAX_DEPTH` levels."""
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{") > MAX_DEPTH
    return text.count("[") + text.count("{") > MAX_DEPTH


def is_deeper(value: Any, most: int) -> bool:
    """Whether containers lie within each other more than `most` deep."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
    return bool(level)
