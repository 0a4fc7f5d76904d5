"""What a terminal can do, and how what stands on it is taken back.

No alternate screen and no hidden cursor: whatever ends the process, there is nothing to be put right.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TextIO

BACK = "\r\x1b[K"
"""Carriage return, and erase to the end of the line (ECMA-48, EL)."""


def is_terminal(stream: TextIO | None, descriptor: int | None) -> bool:
    """Whether a person looks at it, and not a pipe or a file."""
    try:
        return os.isatty(descriptor) if descriptor is not None else stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


def can_redraw(environment: Mapping[str, str]) -> bool:
    """Whether a terminal obeys ECMA-48. `dumb` is the name of one that does not (terminfo)."""
    return environment.get("TERM") != "dumb"


def erase(widths: Sequence[int], columns: int) -> str:
    """From the end of what is shown to its beginning, and erase all of it (CUU, ED).

    Args:
        widths: of its lines. Where the terminal has become narrower since, a line takes several rows.
        columns: of the terminal; 0: not known.
    """
    rows = sum(max(1, -(-width // columns)) if columns else 1 for width in widths)
    return BACK if rows <= 1 else f"\r\x1b[{rows - 1}A\x1b[J"
