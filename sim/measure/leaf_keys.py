"""Where leaves belong."""

from __future__ import annotations

from typing import NamedTuple

from actors.events import Phase


class StepKey(NamedTuple):
    """Where a step leaf belongs."""

    phase: Phase
    workflow: str
    step: str
    tool: str
    group: str
    region: str


class StoryKey(NamedTuple):
    """Where a story leaf belongs; the phase is that in which its executions were due, or began."""

    phase: Phase
    workflow: str
    group: str
    region: str
