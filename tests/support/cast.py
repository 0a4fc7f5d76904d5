"""Small values that tests of actors and workflows are made of."""

from __future__ import annotations

from typing import Any

from actors.errors import CallError, Outcome
from actors.messages import Step


def step(tool: str = "nc_notes_search_notes", **fields: Any) -> Step:
    """A step of a workflow `w`; fields as in `Step`, the rest are its arguments."""
    known = set(Step.__struct_fields__)
    own: dict[str, Any] = {"workflow": "w", "name": tool, "execution": 1}
    own |= {k: v for k, v in fields.items() if k in known}
    arguments = {k: v for k, v in fields.items() if k not in known}
    return Step(tool=tool, arguments=arguments, **own)


def tool_error(status: int | None = None, text: str = "no") -> CallError:
    return CallError(Outcome.TOOL_ERROR, text, status=status)
