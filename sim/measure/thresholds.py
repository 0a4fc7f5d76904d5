"""Limits, judged on leaves of the measured phase: of a whole run, or of windows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, assert_never

import attrs

from actors.events import Ending, Missed, Phase, ViolationKind
from sim.config.grammar.threshold import SUBJECTS, Aggregate, Metric, Threshold, Unit, format_bound
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import CallCounts, Leaves, StepLeaf, StoryLeaf
from sim.measure.sketch import Sketch

INTERVAL = "propagation"
VIOLATIONS = {kind.value: (kind,) for kind in ViolationKind} | {"violations": tuple(ViolationKind)}

Leaf = TypeVar("Leaf", StepLeaf, StoryLeaf)


@attrs.frozen
class Verdict:
    """A limit and what was measured against it.

    Attributes:
        measured: in the unit of the bound; None where nothing was measured, and then it did not hold.
        note: what else there is to say, "" for nothing: that it held over the whole run, though it broke
            on the way.
    """

    threshold: Threshold
    measured: float | None
    held: bool
    note: str = ""

    def __str__(self) -> str:
        measured = (
            "nothing was measured"
            if self.measured is None
            else format_bound(self.measured, self.threshold.unit)
        )
        return f"{self.threshold}: {measured}" + (f" ({self.note})" if self.note else "")


@attrs.frozen
class _Count:
    """A number of things, out of how many."""

    count: int
    of: int


def judge(threshold: Threshold, leaves: Leaves) -> Verdict:
    """Compare one limit with what `leaves` have of the measured phase."""
    measured = measure(threshold, _Selection(leaves, threshold.metric))
    held = measured is not None and threshold.comparison.holds(measured, threshold.bound)
    return Verdict(threshold, measured, held)


def measure(threshold: Threshold, chosen: _Selection) -> float | None:
    """The value that the bound is compared with; None where nothing was measured."""
    match threshold.aggregate:
        case Aggregate.QUANTILE:
            assert threshold.quantile is not None
            return chosen.times().quantile(threshold.quantile)
        case Aggregate.MEAN:
            return chosen.times().mean
        case Aggregate.MIN | Aggregate.MAX:
            times = chosen.times()
            if not times.count:
                return None
            return times.min if threshold.aggregate is Aggregate.MIN else times.max
        case Aggregate.RATE | Aggregate.COUNT:
            return in_unit(chosen.counted(threshold.unit), threshold.unit, chosen.seconds)
        case other:
            assert_never(other)


def in_unit(counted: _Count, unit: Unit, seconds: float) -> float | None:
    if not counted.of or not seconds:
        return None
    match unit:
        case Unit.COUNT:
            return counted.count
        case Unit.FRACTION:
            return counted.count / counted.of
        case Unit.PER_SECOND:
            return counted.count / seconds
        case _:
            raise AssertionError(f"{unit} counts nothing")


class _Selection:
    """The leaves that a metric is about."""

    def __init__(self, leaves: Leaves, metric: Metric) -> None:
        self._leaves = leaves
        self._metric = metric
        self.seconds = leaves.seconds

    def times(self) -> Sketch:
        """Durations: of calls for a step, of executions for a workflow, else of what the word says.

        Response times where there are any, as in the open model, else service times.
        """
        metric = self._metric
        match metric.name:
            case "calls":
                return Sketch.merged(leaf.service for leaf in self._steps())
            case "response":
                return Sketch.merged(leaf.response for leaf in self._steps())
            case "propagation":
                spans = (leaf.intervals.get(INTERVAL) for leaf in self._stories())
                return Sketch.merged(span.upper for span in spans if span is not None)
            case "lateness":
                return self._leaves.lateness
            case _ if metric.step is not None:
                return responses_first(self._steps(), lambda leaf: leaf.service)
            case _:
                return responses_first(self._stories(), lambda leaf: leaf.duration)

    def counted(self, unit: Unit) -> _Count:
        """How many there are; as a share of all (`Unit.FRACTION`) how many of them went wrong."""
        name, is_share = self._metric.name, unit is Unit.FRACTION
        match name:
            case "errors":
                return self._calls(failed_only=True)
            case "calls":
                return self._calls(failed_only=False)
            case "propagation":
                return self._propagations()
            case "conflicts":
                return _Count(sum(leaf.conflicts for leaf in self._stories()), self._executions())
            case "dropped":
                return self._dropped()
            case "postponed":
                return self._postponed()
            case _ if name in VIOLATIONS:
                return self._violations(VIOLATIONS[name])
            case _ if self._metric.step is not None:
                return self._calls(failed_only=is_share)
            case _:
                # A workflow, or `executions`.
                return self._endings(failed_only=is_share)

    def _steps(self) -> list[StepLeaf]:
        return [leaf for key, leaf in self._leaves.steps.items() if self._has_step(key)]

    def _has_step(self, key: StepKey) -> bool:
        metric = self._metric
        if key.phase is not Phase.MEASURED or not self._is_of(key.workflow, key.group, key.region):
            return False
        return metric.step in (None, key.step)

    def _stories(self) -> list[StoryLeaf]:
        return [leaf for key, leaf in self._everywhere() if key.phase is Phase.MEASURED]

    def _everywhere(self) -> list[tuple[StoryKey, StoryLeaf]]:
        """The executions of all phases."""
        stories = self._leaves.stories.items()
        return [(key, leaf) for key, leaf in stories if self._is_of(key.workflow, key.group, key.region)]

    def _is_of(self, workflow: str, group: str, region: str) -> bool:
        metric = self._metric
        return (
            (metric.name in SUBJECTS or metric.name == workflow)
            and metric.group in (None, group)
            and metric.region in (None, region)
        )

    def _calls(self, *, failed_only: bool) -> _Count:
        """Of those that were brought to an end. What failed as part of a story is no failure."""
        counts = [CallCounts.of(leaf.outcomes) for leaf in self._steps()]
        ended = sum(each.total - each.interrupted for each in counts)
        return _Count(sum(each.failed for each in counts) if failed_only else ended, ended)

    def _executions(self) -> int:
        return sum(leaf.endings.total() for leaf in self._stories())

    def _endings(self, *, failed_only: bool) -> _Count:
        leaves = self._stories()
        ended = sum(leaf.endings[Ending.SUCCEEDED] + leaf.endings[Ending.FAILED] for leaf in leaves)
        return _Count(sum(leaf.endings[Ending.FAILED] for leaf in leaves) if failed_only else ended, ended)

    def _violations(self, kinds: Iterable[ViolationKind]) -> _Count:
        """In all phases: what is wrong is wrong in the warm-up too."""
        leaves = [leaf for _, leaf in self._everywhere()]
        wanted = tuple(kinds)
        found = sum(leaf.violations[kind] for leaf in leaves for kind in wanted)
        return _Count(found, sum(leaf.endings.total() for leaf in leaves))

    def _propagations(self) -> _Count:
        seen = self.times().count
        return _Count(seen, seen)

    def _dropped(self) -> _Count:
        """Of those that were due, which is nothing in the closed model."""
        dropped = self._leaves.count_not_started(Missed.DROPPED)
        return _Count(dropped, dropped + sum(leaf.arrived.total() for leaf in self._stories()))

    def _postponed(self) -> _Count:
        """Of those that users set about, which is nothing in the open model."""
        postponed = self._leaves.count_not_started(Missed.POSTPONED)
        arrived = sum(leaf.arrived.total() for leaf in self._stories())
        return _Count(postponed, postponed + self._executions() - arrived)


def responses_first(leaves: list[Leaf], service: Callable[[Leaf], Sketch]) -> Sketch:
    """Response times of all leaves, or where nothing was due, what `service` gives."""
    responses = Sketch.merged(leaf.response for leaf in leaves)
    return responses if responses.count else Sketch.merged(service(leaf) for leaf in leaves)
