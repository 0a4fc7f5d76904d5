"""A step that a user is about to make."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol

import msgspec

from actors.answer import Answer
from actors.messages import Done
from workflows.pace import Pace


class Paced(Protocol):
    """Whoever's people may think before each step (`workflows.scene.Scene`)."""

    pace: Pace

    async def pause(self) -> None: ...


class Move(msgspec.Struct, eq=False):
    """Await it to have it made, once; it gives the `Answer`.

    Nothing happens before, so moves can be handed to `Scene.together` and `Scene.afterwards` as they are. One
    that is neither awaited nor handed over by the end of a story is a mistake in the story, and is told.

    Attributes:
        name: of the step.
        act: has it made.
        paced: who may have people think before it; None: nobody does.
        done: how it went; None until it has been made.
        is_begun: whether somebody awaited it.
    """

    name: str
    act: Callable[[], Awaitable[Done]]
    paced: Paced | None = None
    done: Done | None = None
    is_begun: bool = False

    def __await__(self) -> Generator[Any, Any, Answer]:
        self.is_begun = True
        return self._make().__await__()

    async def _make(self) -> Answer:
        if self.paced is not None and self.paced.pace.is_slow:
            await self.paced.pause()
        self.done = await self.act()
        return Answer(self.done.value)


def was_made(move: Awaitable[Any]) -> bool:
    """Whether it has been made, and has worked."""
    return isinstance(move, Move) and move.done is not None
