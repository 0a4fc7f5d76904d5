"""The tools of a tape as the stand-in offers them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from sim.standin.tape.tape_file import Json
from sim.standin.tape.tape_player import TapeAnswer, TapePlayer
from sim.standin.toolbox import ToolAnswer, ToolSpec

NO_ARGUMENTS = {"type": "object", "properties": {}}


def taped_specs(player: TapePlayer) -> dict[str, ToolSpec]:
    """Each as it was listed, by name."""
    return {name: _spec(name, listed, player) for name, listed in player.tape.tools.items()}


def _spec(name: str, listed: Mapping[str, Json], player: TapePlayer) -> ToolSpec:
    schema, output = listed.get("inputSchema"), listed.get("outputSchema")
    hints = listed.get("annotations")
    told = (
        {key: hint for key, hint in hints.items() if isinstance(hint, bool)}
        if isinstance(hints, dict)
        else {}
    )
    return ToolSpec(
        name,
        _never,
        "",
        str(listed.get("description") or ""),
        frozenset(),
        schema if isinstance(schema, dict) else NO_ARGUMENTS,
        {},
        is_read_only=told.get("readOnlyHint"),
        is_destructive=told.get("destructiveHint"),
        is_idempotent=told.get("idempotentHint"),
        output_schema=output if isinstance(output, dict) else None,
        taped=partial(_answer, player, name),
        may_change=player.facts.changes(name),
    )


def _answer(player: TapePlayer, name: str, uid: str, arguments: Mapping[str, Any]) -> ToolAnswer:
    played = player.call(uid, name, arguments)
    if played.is_error:
        return ToolAnswer.failure(str(played.value))
    if played.is_structured:
        return ToolAnswer(played.value, "")
    return ToolAnswer(None, in_text(played))


def in_text(played: TapeAnswer) -> str:
    """As the text of an answer that has nothing else."""
    return played.value if isinstance(played.value, str) else json.dumps(played.value)


async def _never(uid: str, **arguments: Json) -> str:
    """A taped tool is answered by its tape."""
    raise NotImplementedError
