"""Leaves as documents, and back. What is written is bounded; what is read is checked by the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import groupby, pairwise
from typing import TypeVar

import msgspec

from actors.events import Violation
from sim.measure.documents import (
    MAX_TEXT,
    LeavesDocument,
    SketchDocument,
    SpanDocument,
    StepDocument,
    StoryDocument,
    ViolationDocument,
)
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import IntervalLeaf, Leaves, StepLeaf, StoryLeaf
from sim.measure.points import Points
from sim.measure.sketch import MAX_POINTS, Sketch

Key = TypeVar("Key")

POINT_DIGITS, EXACT_DIGITS = 5, 9
"""So many significant ones have the points of a sketch; and its extremes and its sum."""
MAX_POINTS_OF_ALL = 64
"""What there is once in a window, and of all its calls, is sent more coarsely: few ask for its tails."""


def leaves_document(leaves: Leaves) -> LeavesDocument:
    """All of them, each sketch in at most `MAX_POINTS` points."""
    return LeavesDocument(
        steps=[step_document(key, leaf) for key, leaf in leaves.steps.items()],
        stories=[story_document(key, leaf) for key, leaf in leaves.stories.items()],
        not_started=[(workflow, why, count) for (workflow, why), count in leaves.not_started.items()],
        dropped_due=list(leaves.dropped_due),
        inbox_wait=sketch_document(leaves.inbox_wait, MAX_POINTS_OF_ALL),
        lateness=sketch_document(leaves.lateness, MAX_POINTS_OF_ALL),
        ended=sketch_document(leaves.ended, MAX_POINTS_OF_ALL),
        ended_calls=leaves.ended_calls,
        ended_errors=leaves.ended_errors,
        ended_executions=leaves.ended_executions,
        seconds=leaves.seconds,
    )


def leaves_of(document: LeavesDocument) -> Leaves:
    """Raises ValueError where a sketch is none, or two leaves are the same."""
    leaves = Leaves(
        steps={key_of_step(each): step_of(each) for each in document.steps},
        stories={key_of_story(each): story_of(each) for each in document.stories},
        not_started=Counter({(workflow, why): count for workflow, why, count in document.not_started}),
        inbox_wait=sketch_of(document.inbox_wait, MAX_POINTS_OF_ALL),
        lateness=sketch_of(document.lateness, MAX_POINTS_OF_ALL),
        ended=sketch_of(document.ended, MAX_POINTS_OF_ALL),
        ended_calls=document.ended_calls,
        ended_errors=document.ended_errors,
        ended_executions=document.ended_executions,
        seconds=document.seconds,
    )
    leaves.dropped_due.extend(document.dropped_due)
    for kept, told in (
        (leaves.steps, document.steps),
        (leaves.stories, document.stories),
        (leaves.not_started, document.not_started),
    ):
        if len(kept) != len(told):
            raise ValueError("two of its leaves are the same")
    return leaves


def step_document(key: StepKey, leaf: StepLeaf) -> StepDocument:
    return StepDocument(
        key.phase,
        key.workflow,
        key.step,
        key.tool,
        key.group,
        key.region,
        sketch_document(leaf.service),
        sketch_document(leaf.response),
        filled(leaf.outcomes),
        leaf.kept_out,
    )


def key_of_step(told: StepDocument) -> StepKey:
    return StepKey(told.phase, told.workflow, told.step, told.tool, told.group, told.region)


def step_of(told: StepDocument) -> StepLeaf:
    return StepLeaf(sketch_of(told.service), sketch_of(told.response), Counter(told.outcomes), told.kept_out)


def story_document(key: StoryKey, leaf: StoryLeaf) -> StoryDocument:
    return StoryDocument(
        phase=key.phase,
        workflow=key.workflow,
        group=key.group,
        region=key.region,
        endings=filled(leaf.endings),
        arrived=filled(leaf.arrived),
        latest_start_s=leaf.latest_start_s,
        duration=sketch_document(leaf.duration),
        response=sketch_document(leaf.response),
        failures=filled(leaf.failures),
        violations=filled(leaf.violations),
        examples=[violation_document(each) for each in leaf.examples],
        intervals={name: span_document(spans) for name, spans in leaf.intervals.items()},
        checks=filled(leaf.checks),
        conflicts=leaf.conflicts,
        leftovers=leaf.leftovers,
        kept_out=leaf.kept_out,
    )


def key_of_story(told: StoryDocument) -> StoryKey:
    return StoryKey(told.phase, told.workflow, told.group, told.region)


def story_of(told: StoryDocument) -> StoryLeaf:
    return StoryLeaf(
        endings=Counter(told.endings),
        arrived=Counter(told.arrived),
        latest_start_s=told.latest_start_s,
        duration=sketch_of(told.duration),
        response=sketch_of(told.response),
        failures=Counter(told.failures),
        violations=Counter(told.violations),
        examples=[Violation(**msgspec.structs.asdict(each)) for each in told.examples],
        intervals={name: span_of(spans) for name, spans in told.intervals.items()},
        checks=Counter(told.checks),
        conflicts=told.conflicts,
        leftovers=told.leftovers,
        kept_out=told.kept_out,
    )


def violation_document(seen: Violation) -> ViolationDocument:
    expected, found = seen.expected[:MAX_TEXT], seen.seen[:MAX_TEXT]
    where = (seen.kind, seen.workflow, seen.step, seen.user)
    return ViolationDocument(*where, expected, found, seen.at, seen.trace_id)


def span_document(leaf: IntervalLeaf) -> SpanDocument:
    return SpanDocument(sketch_document(leaf.lower), sketch_document(leaf.upper), leaf.first_hits)


def span_of(told: SpanDocument) -> IntervalLeaf:
    return IntervalLeaf(sketch_of(told.lower), sketch_of(told.upper), told.first_hits)


def sketch_document(sketch: Sketch, max_points: int = MAX_POINTS) -> SketchDocument | None:
    """None of an empty one. What a document gave is given back as it was."""
    if not sketch.count:
        return None
    kept = sorted(sketch.weighted())
    points = Points.sorted(kept) if len(kept) <= max_points else sketch.points(max_points)
    short = [(rounded(mean, POINT_DIGITS), int(weight)) for mean, weight in points]
    means, weights = [], []
    for mean, equal in groupby(short, lambda point: point[0]):
        means.append(mean)
        weights.append(sum(weight for _, weight in equal))
    single = all(weight == 1 for weight in weights)
    least, most, total = (rounded(value, EXACT_DIGITS) for value in (sketch.min, sketch.max, sketch.total))
    return SketchDocument(least, most, total, means, [] if single else weights)


def sketch_of(told: SketchDocument | None, max_points: int = MAX_POINTS) -> Sketch:
    """Raises ValueError where its points are none."""
    if told is None:
        return Sketch()
    if told.weights and len(told.weights) != len(told.means):
        raise ValueError(f"a sketch has {len(told.means)} means and {len(told.weights)} weights")
    if told.min > told.max or any(one >= next_one for one, next_one in pairwise(told.means)):
        raise ValueError("the points of a sketch are not in ascending order")
    weights = told.weights or [1] * len(told.means)
    # So few have never been cut.
    few = sum(weights) <= max_points
    points = Points(told.means, weights)
    return Sketch.of_points(points, told.min, told.max, told.sum, compression=max_points, are_samples=few)


def rounded(value: float, digits: int) -> float:
    """To so many significant digits."""
    return float(f"{value:.{digits}g}")


def filled(counts: Mapping[Key, int]) -> dict[Key, int]:
    """Without zeros: a counter that was asked keeps none either."""
    return {key: count for key, count in counts.items() if count}
