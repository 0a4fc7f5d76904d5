"""JSON that somebody else wrote, read within bounds.

The standard library's parser takes more than RFC 8259 allows and than the rest of a program survives:
`NaN`, and nesting so deep that comparing, copying or printing the value exhausts the stack.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

MAX_DEPTH = 100
"""Arrays and objects within each other. No answer of a tool needs a tenth of it."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def read_json(text: str | bytes) -> Any:
    """The value of `text`; bytes are UTF-8, a byte order mark before them is left out.

    Raises ValueError for anything that is no JSON, or is nested deeper than `MAX_DEPTH`.
    """
    if isinstance(text, bytes):
        text = text.decode().removeprefix("\ufeff")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise too_deep()
    return value


def too_deep() -> ValueError:
    return ValueError(f"nested more than {MAX_DEPTH} deep")


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
