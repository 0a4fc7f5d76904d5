"""Checks of the files that a run names, before anything is created."""

from __future__ import annotations

import os
from pathlib import Path

LEDGER_HEAD = b'{"run": {'


def is_same_file(one: Path, other: Path) -> bool:
    """Also by a link, and also when there is no such file yet."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def looks_like_a_ledger(path: Path) -> bool:
    """Whether it lists what a run has to remove."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(LEDGER_HEAD)) == LEDGER_HEAD
    except OSError:
        return False


def why_unwritable(path: Path) -> str:
    """Why this file cannot be written, "" when it can; it is not created to find out."""
    try:
        path = Path(os.path.realpath(path)) if path.is_symlink() and not path.exists() else path
        if path.is_dir():
            return "is a directory, not a file"
        if path.exists():
            return "" if os.access(path, os.W_OK) else "may not be written"
        if not path.parent.is_dir():
            return f"there is no directory {str(path.parent)!r}"
    except OSError as error:
        return (error.strerror or "cannot be written").lower()
    may_be_made = os.access(path.parent, os.W_OK | os.X_OK)
    return "" if may_be_made else f"directory {str(path.parent)!r} may not be written"
