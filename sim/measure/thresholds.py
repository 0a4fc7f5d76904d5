"""Limits, judged on leaves of the measured phase: of a whole run, or of windows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, assert_never, cast

import attrs

from actors.events import Missed, Phase
from sim.config.grammar.threshold import Aggregate, Metric, Threshold, Unit, format_bound
from sim.config.threshold_words import WORDS, Count, executions
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import CallSums, Leaves, StepLeaf, StoryLeaf
from sim.measure.sketch import Sketch

Leaf = TypeVar("Leaf", StepLeaf, StoryLeaf)


@attrs.frozen
class Verdict:
    """A limit and what was measured against it.

    Attributes:
        measured: in the unit of the bound; None where nothing was measured, and then it did not hold.
        note: what else there is to say, "" for nothing: that it held over the whole run, though it broke
            on the way.
        broke_at: the first instant at which it was seen broken; None where it never was.
    """

    threshold: Threshold
    measured: float | None
    held: bool
    note: str = ""
    broke_at: float | None = None

    def __str__(self) -> str:
        measured = (
            "nothing was measured"
            if self.measured is None
            else format_bound(self.measured, self.threshold.unit)
        )
        return f"{self.threshold}: {measured}" + (f" ({self.note})" if self.note else "")


def judge(threshold: Threshold, leaves: Leaves) -> Verdict:
    """Compare one limit with what `leaves` have of the measured phase."""
    measured = measure(threshold, Selection(leaves, threshold.metric))
    held = measured is not None and threshold.comparison.holds(measured, threshold.bound)
    return Verdict(threshold, measured, held)


def measure(threshold: Threshold, chosen: Selection) -> float | None:
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
            return in_unit(chosen.counted(), threshold.unit, chosen.seconds)
        case other:
            assert_never(other)


def in_unit(counted: Count, unit: Unit, seconds: float) -> float | None:
    if not counted.of or not seconds:
        return None
    match unit:
        case Unit.COUNT:
            return counted.count
        case Unit.FRACTION:
            return (counted.count if counted.bad is None else counted.bad) / counted.of
        case Unit.PER_SECOND:
            return counted.count / seconds
        case _:
            raise AssertionError(f"{unit} counts nothing")


class Selection:
    """The leaves that a metric is about; `Chosen`, to the table of words."""

    def __init__(self, leaves: Leaves, metric: Metric) -> None:
        self._leaves = leaves
        self._metric = metric
        self._word = WORDS.get(metric.name)
        self.seconds = leaves.seconds

    def times(self) -> Sketch:
        """Durations: of calls for a step, of executions for a workflow, else of what the word says.

        Response times where there are any, as in the open model, else service times.
        """
        if self._word is not None:
            assert self._word.times is not None
            return Sketch.merged(cast("Iterable[Sketch]", self._word.times(self)))
        if self._metric.step is not None:
            return responses_first(self.steps, lambda leaf: leaf.service)
        return responses_first(self.stories, lambda leaf: leaf.duration)

    def counted(self) -> Count:
        """How many there are of the word, of the step, or of the workflow."""
        if self._word is not None:
            assert self._word.counts is not None
            return self._word.counts(self)
        return executions(self) if self._metric.step is None else self.calls

    @property
    def steps(self) -> list[StepLeaf]:
        return [leaf for key, leaf in self._leaves.steps.items() if self._has_step(key)]

    def _has_step(self, key: StepKey) -> bool:
        metric = self._metric
        if key.phase is not Phase.MEASURED or not self._is_of(key.workflow, key.group, key.region):
            return False
        return metric.step in (None, key.step)

    @property
    def stories(self) -> list[StoryLeaf]:
        return [leaf for key, leaf in self._in_all_phases() if key.phase is Phase.MEASURED]

    @property
    def everywhere(self) -> list[StoryLeaf]:
        return [leaf for _, leaf in self._in_all_phases()]

    def _in_all_phases(self) -> list[tuple[StoryKey, StoryLeaf]]:
        stories = self._leaves.stories.items()
        return [(key, leaf) for key, leaf in stories if self._is_of(key.workflow, key.group, key.region)]

    def _is_of(self, workflow: str, group: str, region: str) -> bool:
        metric = self._metric
        return (
            (self._word is not None or metric.name == workflow)
            and metric.group in (None, group)
            and metric.region in (None, region)
        )

    @property
    def calls(self) -> Count:
        counts = [CallSums.of(leaf.outcomes) for leaf in self.steps]
        ended = sum(each.total - each.interrupted for each in counts)
        return Count(ended, ended, sum(each.failed for each in counts))

    @property
    def lateness(self) -> Sketch:
        return self._leaves.lateness

    def count_not_started(self, why: Missed) -> int:
        return self._leaves.count_not_started(why)


def responses_first(leaves: list[Leaf], service: Callable[[Leaf], Sketch]) -> Sketch:
    """Response times of all leaves, or where nothing was due, what `service` gives."""
    responses = Sketch.merged(leaf.response for leaf in leaves)
    return responses if responses.count else Sketch.merged(service(leaf) for leaf in leaves)
