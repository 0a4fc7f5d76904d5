"""What a row of the timeline keeps beside its totals: propagation between its bounds, regions, and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from sim.measure.kinds import is_failure
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves
from sim.measure.sketch import Sketch

MAX_PARTS = 12
"""Of so many regions, or groups, there are figures over time; by name, the first."""


@attrs.define
class PartOfRow:
    """The calls of one region or group. `service`: of successful ones."""

    calls: int = 0
    errors: int = 0
    service: Sketch = attrs.Factory(Sketch)

    def absorb(self, other: PartOfRow, thin: Callable[[Sketch], Sketch]) -> None:
        """Add the part that follows; `thin` keeps its sketch small."""
        self.calls += other.calls
        self.errors += other.errors
        self.service = thin(Sketch.merged((self.service, other.service)))


Parts = dict[str, PartOfRow]


def parts_by(label: Callable[[StepKey], str], leaves: Leaves) -> Parts:
    """By region or by group; nothing where there is one alone."""
    names = sorted({label(key) for key in leaves.steps} - {""})[:MAX_PARTS]
    parts = {name: PartOfRow() for name in names}
    for key, leaf in leaves.steps.items():
        if part := parts.get(label(key)):
            part.calls += leaf.outcomes.total()
            part.errors += sum(count for kind, count in leaf.outcomes.items() if is_failure(kind))
            part.service.absorb(leaf.service)
    return parts


def bounds_of_spans(leaves: Leaves) -> tuple[Sketch, Sketch]:
    """How long it took, at least and at most, until others saw what was shared."""
    spans = [span for story in leaves.stories.values() for span in story.intervals.values()]
    return Sketch.merged(span.lower for span in spans), Sketch.merged(span.upper for span in spans)


def together(one: Parts, other: Mapping[str, PartOfRow], thin: Callable[[Sketch], Sketch]) -> Parts:
    """Both, part by part; those that are already known first."""
    for name, part in other.items():
        if name in one or len(one) < MAX_PARTS:
            one.setdefault(name, PartOfRow()).absorb(part, thin)
    return one
