"""What `simulate cleanup` says: never a reason to stop removing."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO

from actors.text import harmless


def say(text: str) -> None:
    """A line on standard output."""
    _print(text, sys.stdout)


def say_error(text: str) -> None:
    """A line on standard error."""
    _print(text, sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    with suppress(OSError, ValueError, AttributeError):  # closed, full, or nobody reads it
        print(text if text.isprintable() else harmless(text, len(text)), file=stream, flush=True)


def silent(text: str) -> None:
    """Not verbose."""
