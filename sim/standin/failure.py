"""How a tool says that it failed."""

from __future__ import annotations


class ToolFailure(Exception):
    """The text of an answer with `isError`.

    Attributes:
        status: the HTTP status behind it, None where there is none.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
