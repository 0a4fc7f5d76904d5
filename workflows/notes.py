"""A note that a story creates, and removes again, also when nobody knows whether it came to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from actors.answer import Answer
from actors.errors import CallError, Outcome
from actors.messages import Done, Step
from workflows.expect import Expectation, is_note
from workflows.failures import ExpectationFailed, StepFailed, StoryEnded
from workflows.moves import Move
from workflows.scene import Scene

SEARCH = "nc_notes_search_notes"
LOOKS_AFTER_S = (0.0, 0.5, 1.5)
"""When a note of unknown fate is looked for: who hangs up stops nothing, the server may still be at it."""


def may_have_worked(error: CallError) -> bool:
    """Whether a call that failed may have been carried out all the same."""
    if not error.answered or error.outcome is Outcome.PROTOCOL_ERROR:
        return True
    if error.outcome is Outcome.AUTHORIZATION or error.reason == "connect":
        return False
    return error.status is None or error.status >= 500


class NewNote:
    """A note of one user, from its creation to its removal. `ask` has a step made by that user."""

    def __init__(
        self,
        scene: Scene,
        ask: Callable[[Step], Awaitable[Done]],
        step: str,
        removal: str,
        title: str,
        content: str,
        category: str,
    ) -> None:
        self._scene = scene
        self._ask = ask
        self._removal = removal
        self._title = title
        arguments = {"title": title, "content": content, "category": category}
        self.message = scene.step(step, None, arguments, check=Expectation(None, is_note))

    async def create(self) -> Done:
        """Create it, and note its removal with the scene."""
        try:
            done = await self._ask(self.message)
        except StepFailed as failure:
            if may_have_worked(failure.error):
                self._remove_afterwards(was_answered=failure.error.answered)
            raise
        except ExpectationFailed:
            self._remove_afterwards(was_answered=True)
            raise
        removal = self._scene.step(self._removal, None, {"note_id": Answer(done.value)["id"]})
        self._scene.afterwards(Move(removal.name, lambda: self._ask(removal)))
        return done

    def _remove_afterwards(self, *, was_answered: bool) -> None:
        name = f"{self._removal} of unknown fate"

        async def remove() -> Done:
            return await self._find_and_remove(was_answered)

        self._scene.afterwards(Move(name, remove))

    async def _find_and_remove(self, was_answered: bool) -> Done:
        """Remove what bears the title.

        Raises StoryEnded when the creation was never answered and no look finds the note: it may still come.
        """
        for pause_s in LOOKS_AFTER_S:
            await trio.sleep(pause_s)
            found = await self._ask(self._search())
            named = [row for row in Answer(found.value).rows("results") if self._is_named(row)]
            for row in named:
                step = self._scene.step(self._removal, None, {"note_id": row["id"]})
                await self._ask(step)
            if named or was_answered:
                return found
        raise StoryEnded(f"{self.message.name}: nobody knows whether {self._title!r} is there")

    def _search(self) -> Step:
        workflow, number = self.message.workflow, self._scene.number
        return Step(workflow, "find_note_of_unknown_fate", SEARCH, {"query": self._title}, number)

    def _is_named(self, row: Answer) -> bool:
        """Nextcloud adds a number to a title that is taken: `T (2)`."""
        title = row.get("title")
        return isinstance(title, str) and (title == self._title or title.startswith(f"{self._title} ("))
