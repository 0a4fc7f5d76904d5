"""Who handed something over to whom, and who looked for it first."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from sim.recording.story.expressions import UidOf, parts_of
from sim.recording.story.story_model import PlannedStep
from sim.recording.story.takes import Take


class Handing:
    """Calls in which people name others, by the others' roles; and looks by who made them with which tool."""

    def __init__(self, steps: Sequence[PlannedStep]) -> None:
        self._namings: dict[str, list[Take]] = defaultdict(list)
        self._looks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for step in sorted(steps, key=lambda each: each.take.place):
            if step.take.error is not None:
                continue
            if step.take.only_reads:
                self._looks[step.role, step.tool].append(step.take.place)
                continue
            for role in named_by(step) - {step.role}:
                self._namings[role].append(step.take)

    def handed_over(self, step: PlannedStep) -> Take | None:
        """The last call of somebody else that named this person, where this look is their first after it."""
        namings = self._namings.get(step.role, [])
        at = bisect_left(namings, step.first.place, key=lambda take: take.place)
        looks = self._looks.get((step.role, step.tool), [])
        before = bisect_left(looks, step.first.place)
        if not at or (before and looks[before - 1] > namings[at - 1].place):
            return None
        return namings[at - 1]


def named_by(step: PlannedStep) -> set[str]:
    """The roles whose uids are among its arguments."""
    parts = (part for value in step.arguments.values() for part in parts_of(value))
    return {part.role for part in parts if isinstance(part, UidOf)}
