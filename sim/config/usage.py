"""What people get wrong."""

from __future__ import annotations


class UsageError(Exception):
    """What was asked for cannot be done (exit code 2). `str()` is one line: where, what, and what to do."""
