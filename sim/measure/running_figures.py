"""The figures of a run that goes on, as metrics that only grow: each window is added when it is closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sim.measure import metric_names as names
from sim.measure.leaves import Leaves, StepLeaf, StoryLeaf
from sim.measure.metric_family import BinnedTimes, FilledFamily, Labels, MetricFamily, Value
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot
from sim.measure.thresholds import Verdict

QUANTILES = (0.5, 0.95, 0.99, 1.0)

Verdicts = Callable[[], Sequence[Verdict]]
"""How the limits stand now."""


class RunningFigures:
    """Add windows; ask for `families` at any time. What it keeps does not grow with the length of a run.

    A time in a window lies in its own bin; so the counts at the edges are exact.
    """

    def __init__(self, verdicts: Verdicts = tuple) -> None:
        self.verdicts = verdicts
        """May be set as soon as there is somebody who judges."""
        self._counts: defaultdict[MetricFamily, Counter[Labels]] = defaultdict(Counter)
        self._times: defaultdict[MetricFamily, dict[Labels, BinnedTimes]] = defaultdict(dict)
        self._lateness = Sketch()
        self._stalled_s = 0.0
        self._last: Snapshot | None = None

    def add(self, window: Snapshot) -> None:
        """Of one window."""
        leaves = window.leaves
        for key, leaf in leaves.steps.items():
            self._add_step((key.phase.value, key.workflow, key.step), leaf)
        for place, story in leaves.stories.items():
            self._add_story((place.phase.value, place.workflow), story)
        self._add_not_started(leaves)
        self._lateness.absorb(leaves.lateness)
        self._stalled_s += window.stalled_s
        self._last = window

    def families(self) -> list[FilledFamily]:
        """All that is known now."""
        grown = [family.of(counts) for family, counts in self._counts.items()]
        timed = [family.of(times) for family, times in self._times.items()]
        return [*grown, *timed, *limits_of(self.verdicts()), *self._of_itself(), *self._of_now()]

    def _add_step(self, where: Labels, leaf: StepLeaf) -> None:
        counted = self._counts[names.CALLS]
        for outcome, count in leaf.outcomes.items():
            counted[*where, outcome] += count
        self._add_times(names.CALL_TIMES, where, leaf.service)
        self._add_times(names.RESPONSE_TIMES, where, leaf.response)

    def _add_story(self, where: Labels, story: StoryLeaf) -> None:
        workflow = where[1]
        for ending, count in story.endings.items():
            self._counts[names.EXECUTIONS][*where, ending.value] += count
        for kind, count in story.violations.items():
            self._counts[names.VIOLATIONS][workflow, kind.value] += count
        if story.conflicts:
            self._counts[names.CONFLICTS][workflow,] += story.conflicts
        self._add_times(names.EXECUTION_TIMES, where, story.duration)

    def _add_not_started(self, leaves: Leaves) -> None:
        for (workflow, why), count in leaves.not_started.items():
            self._counts[names.NOT_STARTED][workflow, why] += count

    def _add_times(self, family: MetricFamily, where: Labels, sketch: Sketch) -> None:
        if sketch.count:
            times = self._times[family].setdefault(where, BinnedTimes())
            times.add(sketch.weighted(), sketch.total)

    def _of_itself(self) -> Iterator[FilledFamily]:
        yield names.STALLED.of({(): self._stalled_s})
        late = ((f"{q:g}", self._lateness.quantile(q)) for q in QUANTILES)
        yield names.LATENESS.of({(q,): value for q, value in late if value is not None})
        if self._last is not None and self._last.generator is not None and self._last.seconds:
            yield names.CPU.of({(): self._last.generator.cpu_s / self._last.seconds})
            yield names.MEMORY.of({(): self._last.generator.rss_bytes})

    def _of_now(self) -> Iterator[FilledFamily]:
        if self._last is not None:
            there, wanted, units = self._last.there, self._last.wanted, self._last.units
            yield names.USERS.of(by_group(there, lambda group, n: ((group,), n)))
            yield names.WANTED.of(by_group(wanted, lambda group, n: ((group, units.get(group, "users")), n)))


def by_group(
    counts: Mapping[str, float], point: Callable[[str, float], tuple[Labels, float]]
) -> dict[Labels, Value]:
    return dict(point(group, count) for group, count in counts.items())


def limits_of(verdicts: Iterable[Verdict]) -> Iterator[FilledFamily]:
    """What each allows, what was measured, and whether it holds; nothing of one that was not measured yet."""
    bounds: dict[Labels, Value] = {}
    measured: dict[Labels, Value] = {}
    held: dict[Labels, Value] = {}
    for verdict in verdicts:
        text, unit = str(verdict.threshold), verdict.threshold.unit.value
        bounds[text, unit] = verdict.threshold.bound
        if verdict.measured is not None:
            measured[text, unit], held[text,] = verdict.measured, int(verdict.held)
    yield names.LIMIT_BOUND.of(bounds)
    yield names.LIMIT_MEASURED.of(measured)
    yield names.LIMIT_OK.of(held)
