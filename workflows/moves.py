"""A step that a user is about to make."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

import attrs

from actors.answer import Answer
from actors.messages import Done


@attrs.define(eq=False)
class Move:
    """Await it to have it made, once; it gives the `Answer`.

    Nothing happens before, so moves can be handed to `Scene.together` and `Scene.afterwards` as they are. One
    that is neither awaited nor handed over by the end of a story is a mistake in the story, and is told.

    Attributes:
        name: of the step.
        done: how it went; None until it has been made.
        is_begun: whether somebody awaited it.
    """

    name: str
    _act: Callable[[], Awaitable[Done]]
    done: Done | None = None
    is_begun: bool = False

    def __await__(self) -> Generator[Any, Any, Answer]:
        self.is_begun = True
        return self._make().__await__()

    async def _make(self) -> Answer:
        self.done = await self._act()
        return Answer(self.done.value)


def was_made(move: Awaitable[Any]) -> bool:
    """Whether it has been made, and has worked."""
    return isinstance(move, Move) and move.done is not None
