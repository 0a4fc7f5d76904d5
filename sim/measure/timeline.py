"""What happened each second, in bounded memory."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import attrs

from sim.measure.leaves import Leaves
from sim.measure.points import Points
from sim.measure.row_parts import Parts, bounds_of_spans, parts_by, together
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot

MAX_ROWS = 3600
"""When a run has more rows than this, two become one, and a row is twice as long from then on."""

MIN_FAILURES = 10
SHORT = 0.2
"""Failures come in a burst when half of them fell into no more than this share of the time."""


ROW_COMPRESSION = 20.0


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


@attrs.frozen
class Burst:
    """A span of time, in seconds since the timeline's start, with most of the failures of a run."""

    from_s: float
    to_s: float
    failures: int
    of: int


class Timeline:
    """Rows of equal length from the instant `started` on: windows, put together where there are many.

    Attributes:
        row_s: the length of a row, seconds; doubles whenever there are too many.
    """

    def __init__(self, started: float) -> None:
        self.row_s = 1.0
        self.rows: list[Row] = []
        self._started = started

    def add(self, snapshot: Snapshot) -> None:
        """Add a window; it belongs to the row in which it began."""
        row = Row.of(snapshot)
        place = max(0, int((snapshot.started - self._started) / self.row_s + 1e-6))
        while place >= MAX_ROWS:
            self._halve()
            place //= 2
        while len(self.rows) <= place:
            before = self.rows[-1].there if self.rows and len(self.rows) < place else {}
            self.rows.append(Row(there=dict(before)))
        self.rows[place].absorb(row)

    def burst(self) -> Burst | None:
        """The shortest span with at least half of all failures, where it is short against the whole."""
        failures = [row.errors for row in self.rows]
        total = sum(failures)
        if total < MIN_FAILURES:
            return None
        first, length = shortest_span(failures, total / 2)
        if length > SHORT * len(failures):
            return None
        inside = sum(failures[first : first + length])
        return Burst(first * self.row_s, (first + length) * self.row_s, inside, total)

    def _halve(self) -> None:
        for first, second in zip(self.rows[::2], self.rows[1::2], strict=False):
            first.absorb(second)
        self.rows = self.rows[::2]
        self.row_s *= 2


def shortest_span(counts: Sequence[int], enough: float) -> tuple[int, int]:
    """Where the shortest run of neighbours begins that sums up to `enough`, and how long it is."""
    best, first, inside = (0, len(counts)), 0, 0
    for place, count in enumerate(counts):
        inside += count
        while inside - counts[first] >= enough:
            inside -= counts[first]
            first += 1
        if inside >= enough and place + 1 - first < best[1]:
            best = first, place + 1 - first
    return best
