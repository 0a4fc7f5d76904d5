"""What is kept of one span of time, for good."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import attrs

from sim.measure.leaves import Leaves
from sim.measure.points import Points
from sim.measure.row_parts import Parts, bounds_of_spans, parts_by, together
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot

ROW_COMPRESSION = 20.0
"""There are thousands of rows."""


@attrs.define
class Row:
    """What ended in one span of time.

    Attributes:
        errors: failed calls; what is part of a story is none.
        outcomes: calls by kind.
        timed: how many calls `service_s` is the sum of: all but those during which the simulator stood still.
        phase: the one that lasted at its end.
        there, wanted: users on stage by group, as they were and as the load shape wanted them; the most in
            the span.
        service, response: of successful calls.
        bins: successful calls by service time, in half octaves (`sim.measure.bins`).
        violations, not_started: by kind, and by reason.
        lateness_s: how late the simulator itself let a workflow arrive, at most; `stalled_s` for how long
            it stood still.
        cpu_s, rss_bytes: of the simulator itself; 0 where that is not known.
        seen_after: how long it took until others saw what was shared, at least and at most.
        regions, groups: calls by these.
    """

    calls: int = 0
    errors: int = 0
    executions: int = 0
    service_s: float = 0.0
    slowest_s: float = 0.0
    timed: int = 0
    phase: str = ""
    there: dict[str, int] = attrs.Factory(dict)
    wanted: dict[str, float] = attrs.Factory(dict)
    violations: Counter[str] = attrs.Factory(Counter)
    not_started: Counter[str] = attrs.Factory(Counter)
    lateness_s: float = 0.0
    stalled_s: float = 0.0
    outcomes: Counter[str] = attrs.Factory(Counter)
    service: Sketch = attrs.Factory(Sketch)
    response: Sketch = attrs.Factory(Sketch)
    bins: Counter[int] = attrs.Factory(Counter)
    cpu_s: float = 0.0
    rss_bytes: int = 0
    seconds: float = 0.0
    conflicts: int = 0
    seen_after: tuple[Sketch, Sketch] = attrs.Factory(lambda: (Sketch(), Sketch()))
    regions: Parts = attrs.Factory(dict)
    groups: Parts = attrs.Factory(dict)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Row:
        """What is kept of a window for good."""
        leaves = snapshot.leaves
        row = cls(
            calls=leaves.ended_calls,
            errors=leaves.ended_errors,
            executions=leaves.ended_executions,
            service_s=leaves.ended.total,
            slowest_s=max(0.0, leaves.ended.max) if leaves.ended.count else 0.0,
            timed=leaves.ended.count,
            phase=snapshot.phase.value,
            there=dict(snapshot.there),
            wanted=dict(snapshot.wanted),
            lateness_s=leaves.lateness.max if leaves.lateness.count else 0.0,
            stalled_s=snapshot.stalled_s,
            cpu_s=snapshot.generator.cpu_s if snapshot.generator else 0.0,
            rss_bytes=snapshot.generator.rss_bytes if snapshot.generator else 0,
            seconds=snapshot.seconds,
            bins=Counter(snapshot.bins),
        )
        service, response = Sketch(), Sketch()
        for leaf in leaves.steps.values():
            row.outcomes.update(leaf.outcomes)
            service.absorb(leaf.service)
            response.absorb(leaf.response)
        for story in leaves.stories.values():
            row.violations.update({kind.value: count for kind, count in story.violations.items()})
        for (_, why), count in leaves.not_started.items():
            row.not_started[why] += count
        row.service, row.response = coarse(service), coarse(response)
        row.note_more(leaves)
        return row

    def note_more(self, leaves: Leaves) -> None:
        """Conflicts, propagation, and the parts."""
        self.conflicts = sum(story.conflicts for story in leaves.stories.values())
        lower, upper = bounds_of_spans(leaves)
        self.seen_after = coarse(lower), coarse(upper)
        self.regions = together({}, parts_by(lambda key: key.region, leaves), coarse)
        self.groups = together({}, parts_by(lambda key: key.group, leaves), coarse)

    @property
    def users(self) -> int:
        """On stage, of all groups."""
        return sum(self.there.values())

    @property
    def mean_s(self) -> float | None:
        """Mean service time; None where no call was timed."""
        return self.service_s / self.timed if self.timed else None

    def absorb(self, other: Row) -> None:
        """Add the row that follows."""
        self.calls += other.calls
        self.errors += other.errors
        self.executions += other.executions
        self.service_s += other.service_s
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.timed += other.timed
        self.phase = other.phase or self.phase
        self.there, self.wanted = most(self.there, other.there), most(self.wanted, other.wanted)
        self.violations.update(other.violations)
        self.not_started.update(other.not_started)
        self.lateness_s = max(self.lateness_s, other.lateness_s)
        self.stalled_s += other.stalled_s
        self.outcomes.update(other.outcomes)
        self.bins.update(other.bins)
        self.service = coarse(Sketch.merged((self.service, other.service)))
        self.response = coarse(Sketch.merged((self.response, other.response)))
        self.cpu_s += other.cpu_s
        self.rss_bytes = max(self.rss_bytes, other.rss_bytes)
        self.seconds += other.seconds
        self.conflicts += other.conflicts
        (lower, upper), (its_lower, its_upper) = self.seen_after, other.seen_after
        self.seen_after = coarse(Sketch.merged((lower, its_lower))), coarse(Sketch.merged((upper, its_upper)))
        self.regions = together(self.regions, other.regions, coarse)
        self.groups = together(self.groups, other.groups, coarse)


Number = TypeVar("Number", int, float)


def most(one: Mapping[str, Number], other: Mapping[str, Number]) -> dict[str, Number]:
    """The greater number of each name."""
    both = {**one, **other}
    return {name: max(one.get(name, number), number) for name, number in both.items()}


def coarse(sketch: Sketch) -> Sketch:
    """The same in few points: there are thousands of rows."""
    if not sketch.count:
        return sketch
    points = sketch.points(ROW_COMPRESSION)
    kept = Points(array("d", points.means), array("d", points.weights))
    return Sketch.of_points(kept, sketch.min, sketch.max, sketch.total, compression=ROW_COMPRESSION)
