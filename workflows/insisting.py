"""Trying again when somebody else was first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from actors.answer import Json
from actors.messages import Done, Step
from workflows.failures import StepFailed
from workflows.scene import Scene

MAX_TRIES = 8
"""How often a user tries to get a change past the others before they give up."""


async def insist(
    scene: Scene,
    ask: Callable[[Step], Awaitable[Done]],
    step: Step,
    last: Step,
    again: Callable[[], Awaitable[Mapping[str, Json]]] | None,
) -> Done:
    """Have `step` made, after a conflict with what `again` returns; the last try is `last`, which counts.

    What was never answered is not repeated: it may have been carried out. Raises StepFailed.
    """
    for _ in range(MAX_TRIES - 1):
        try:
            return await ask(step)
        except StepFailed as failure:
            if not failure.is_conflict:
                raise
        scene.note_conflict()
        newer = dict(await again()) if again is not None else {}
        step, last = (replace(each, arguments={**each.arguments, **newer}) for each in (step, last))
    return await ask(last)
