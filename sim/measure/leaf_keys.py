"""Where leaves belong."""

from __future__ import annotations

import attrs

from actors.events import Phase


@attrs.frozen
class StepKey:
    """Where a step leaf belongs."""

    phase: Phase
    workflow: str
    step: str
    tool: str
    group: str
    region: str


@attrs.frozen
class StoryKey:
    """Where a story leaf belongs; the phase is that in which its executions were due, or began."""

    phase: Phase
    workflow: str
    group: str
    region: str
