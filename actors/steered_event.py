"""What somebody who looks on changes in a run, as an event of it."""

from __future__ import annotations

import enum

import attrs


class SteeringKind(enum.StrEnum):
    """What somebody who looked on asked of the run."""

    LOAD = "load"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STOP_NOW = "stop_now"
    MARK = "mark"

    @property
    def changes(self) -> bool:
        """Whether the run is another one for it; a mark is only a line on charts."""
        return self is not SteeringKind.MARK


@attrs.frozen
class Steered:
    """Somebody changed the load at `at`, or marked the instant; `text` says how, or with which word."""

    at: float
    kind: SteeringKind
    text: str
