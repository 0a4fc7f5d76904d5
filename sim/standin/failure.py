"""How a tool says that it failed."""

from __future__ import annotations


class ToolFailure(Exception):
    """The text of an answer with `isError`."""
