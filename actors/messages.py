"""What is said between the director and a user: a step to carry out, and its answer.

Messages hold values only. A reply is one of `Done`, `Failed`, `ActorGone`; whoever asks gets
exactly one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from actors.errors import CallError

Json = Any
"""A value as `json.loads` returns it."""


@attrs.frozen
class Step:
    """One call that a user is asked to make.

    Attributes:
        workflow, name: where it stands in the story.
        tool: the tool's name, or a resource's URI (anything that contains `://`).
        arguments: of the tool; JSON values.
        execution: number of the workflow execution it belongs to.
        due: the instant at which it should start, in the open model; None otherwise.
    """

    workflow: str
    name: str
    tool: str
    arguments: Mapping[str, Json]
    execution: int
    due: float | None = None


@attrs.frozen
class Done:
    """The step was carried out; `value` is the tool's result as JSON, instants as in `Measurement`."""

    value: Json
    started: float
    finished: float


@attrs.frozen
class Failed:
    """The server was asked, or could not be, and the call did not succeed."""

    error: CallError
    started: float
    finished: float


@attrs.frozen
class ActorGone:
    """The user left (or was cancelled) before he carried the step out."""

    user: str


Reply = Done | Failed | ActorGone
