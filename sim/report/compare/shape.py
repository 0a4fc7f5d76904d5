"""Which part of the distribution moved, and how both sides went over time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import attrs

from sim.measure.sketch import Sketch
from sim.report.compare.gauges import TINY, sketch_of
from sim.report.result import Result
from sim.report.result_course import Timeseries
from sim.report.statistics.shifts import welch

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
MOVED = 0.05
MAX_POINTS = 240


@attrs.frozen
class QuantileShift:
    """One quantile of all calls.

    Attributes:
        before, after: seconds, of the calls of all runs of a side together.
        shift: relative; `low` and `high` bound it by how runs differ; None with a single run on a side.
    """

    quantile: float
    before: float
    after: float
    shift: float
    low: float | None = None
    high: float | None = None


@attrs.frozen
class CoursePoint:
    """A moment of one side: the middle of its runs. Seconds, and operations a second."""

    at: float
    p50: float | None
    p95: float | None
    operations: float


def shape(before: Sequence[Result], after: Sequence[Result], subject: str = "calls") -> list[QuantileShift]:
    """The shift function (Doksum 1974); nothing where a side has no calls."""
    sides = [[sketch_of(result, subject) for result in side] for side in (before, after)]
    if not all(any(each.count for each in side) for side in sides):
        return []
    merged = [Sketch.merged(side) for side in sides]
    return [_at(q, sides, merged) for q in DECILES]


def _at(q: float, sides: list[list[Sketch]], merged: list[Sketch]) -> QuantileShift:
    was, is_ = (max(TINY, each.quantile(q) or 0.0) for each in merged)
    logs = [[math.log(max(TINY, each.quantile(q) or 0.0)) for each in side if each.count] for side in sides]
    if min(map(len, logs)) < 2:
        return QuantileShift(q, was, is_, is_ / was - 1)
    low, high = (math.expm1(min(end, 50.0)) for end in welch(*logs).interval())
    return QuantileShift(q, was, is_, is_ / was - 1, low, high)


def in_words(shifts: Sequence[QuantileShift]) -> str:
    """Which part has moved, in one line; "" where there is nothing to say it of."""
    if not shifts:
        return ""
    moved = [each for each in shifts if abs(each.shift) > MOVED]
    if not moved:
        return f"No part of the distribution moved by more than {MOVED:.0%}."
    words = {"slower" if each.shift > 0 else "faster" for each in moved}
    if len(words) > 1:
        return "Some calls got faster, others slower: the distribution changed its shape."
    (word,) = words
    if len(moved) == len(shifts):
        return f"The whole distribution got {word}."
    if moved[-1] is shifts[-1] and len(moved) == len(shifts) - shifts.index(moved[0]):
        return f"Only the slowest {1 - moved[0].quantile:.0%} of calls got {word}."
    if moved[0] is shifts[0] and len(moved) == shifts.index(moved[-1]) + 1:
        return f"Only the fastest {moved[-1].quantile:.0%} of calls got {word}."
    return f"A part in the middle of the distribution got {word}."


def course(side: Sequence[Result]) -> list[CoursePoint]:
    """The middle of its runs, moment by moment; neighbouring rows are one where there are very many.

    Runs need not be equally long, and their rows need not be either: at a moment those count that have it.
    """
    known = [result.timeseries for result in side if result.timeseries.rows]
    if not known:
        return []
    row_s = max(each.row_seconds for each in known)
    longest = max(math.ceil(len(each.rows) * each.row_seconds / row_s) for each in known)
    stride = max(1, math.ceil(longest / MAX_POINTS))
    return [_point(place * row_s, stride * row_s, known) for place in range(0, longest, stride)]


def _point(at: float, span_s: float, side: Sequence[Timeseries]) -> CoursePoint:
    within = [
        (row, each.row_seconds)
        for each in side
        for row in each.rows[round(at / each.row_seconds) : round((at + span_s) / each.row_seconds)]
    ]
    return CoursePoint(
        at=at,
        p50=_middle([row.service.p50 for row, _ in within]),
        p95=_middle([row.service.p95 for row, _ in within]),
        operations=sum(row.operations for row, _ in within) / math.fsum(seconds for _, seconds in within),
    )


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
