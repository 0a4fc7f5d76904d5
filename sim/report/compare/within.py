"""Bounds of a shift between two single runs, by what varied inside of them: a bootstrap of their rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

from actors.draws import draws_of
from sim.measure.bins import BIN_EDGES_S
from sim.report.compare.gauges import Gauge, GaugeKind, GaugeReading
from sim.report.result import Result
from sim.report.result_course import TimelineRow
from sim.report.statistics.resampling import DRAWS, block_length, block_sums, middle_of
from sim.report.statistics.shifts import CONFIDENCE

MIN_ROWS = 6
BINS = len(BIN_EDGES_S) + 1
Totals = Sequence[float]


def within(gauge: Gauge, before: Result, after: Result) -> tuple[float, float] | None:
    """Around the exact shift, on the additive scale; None for what rows do not know."""
    read, was, is_ = reader(gauge), gauge.read(before), gauge.read(after)
    if read is None or was is None or is_ is None:
        return None
    one, other = wobble(gauge, read, before), wobble(gauge, read, after)
    if not one or not other:
        return None
    low, high = middle_of([b - a for a, b in zip(one, other, strict=True)], CONFIDENCE)
    shift = gauge.additive(is_) - gauge.additive(was)
    return shift + low, shift + high


def wobble(gauge: Gauge, read: Callable[[Totals], GaugeReading | None], result: Result) -> list[float]:
    """How far the metric lies off its own middle in each drawing of the run's rows; none of too few rows."""
    rows = [row for row in result.timeseries.rows if row.phase == "measured"]
    if len(rows) < MIN_ROWS:
        return []
    block = block_length([row.service.p50 or 0.0 for row in rows])
    draws = draws_of(f"{result.seed}/rows/{gauge.name}")
    columns = [columns_of(row) for row in rows]
    readings = [read(sums) for sums in block_sums(columns, block, draws, DRAWS)]
    values = [gauge.additive(each) for each in readings if each is not None]
    if len(values) < len(readings):
        return []
    middle = math.fsum(values) / len(values)
    return [value - middle for value in values]


def columns_of(row: TimelineRow) -> list[float]:
    """One, operations, errors, then calls by bin."""
    bins = [*row.bins, *[0] * (BINS - len(row.bins))]
    return [1.0, float(row.operations), float(row.errors), *map(float, bins)]


def reader(gauge: Gauge) -> Callable[[Totals], GaugeReading | None] | None:
    """The same metric from sums over rows; None for what rows do not know."""
    if gauge.kind is GaugeKind.RATE:
        return lambda sums: GaugeReading(sums[1] / sums[0], int(sums[1]))
    if gauge.kind is GaugeKind.SHARE:
        return lambda sums: GaugeReading(sums[2] / sums[1], int(sums[1])) if sums[1] else None
    subject, _, percent = gauge.name.partition(".p")
    if subject != "calls" or not percent:
        return None
    q = float(percent) / 100
    return lambda sums: quantile_of_bins(sums[3:], q)


def quantile_of_bins(counts: Totals, q: float) -> GaugeReading | None:
    """Between the edges of its bin by the logarithm."""
    ends = [0.0, *accumulate(counts)]
    if not ends[-1]:
        return None
    target = q * ends[-1]
    place = next(i for i, end in enumerate(ends[1:]) if end >= target)
    inside = (target - ends[place]) / (ends[place + 1] - ends[place]) if counts[place] else 0.0
    edges = [BIN_EDGES_S[0] / math.sqrt(2), *BIN_EDGES_S, BIN_EDGES_S[-1] * math.sqrt(2)]
    return GaugeReading(edges[place] * (edges[place + 1] / edges[place]) ** inside, int(ends[-1]))
