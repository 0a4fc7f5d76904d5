"""Several moves at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

import trio

from actors.errors import SimulateError


async def made_together(moves: Sequence[Awaitable[Any]]) -> list[Any]:
    """Make all `moves` at the same time; their answers in the same order.

    All of them are brought to an end, then the first failure is raised, if there was any.
    """
    answers: list[Any] = [None] * len(moves)
    failures: list[SimulateError] = []

    async def make(place: int, move: Awaitable[Any]) -> None:
        try:
            answers[place] = await move
        except SimulateError as failure:
            failures.append(failure)

    if len(moves) == 1:
        return [await moves[0]]
    async with trio.open_nursery() as nursery:
        for place, move in enumerate(moves[:-1]):
            nursery.start_soon(make, place, move)
        if moves:
            # In this task, which would only wait: another one costs as much as a step.
            await make(len(moves) - 1, moves[-1])
    if failures:
        raise failures[0]
    return answers
