"""Where a series of runs changed: E-divisive means in windows, each point held against a t-test.

D. S. Matteson, N. A. James: A nonparametric approach for multiple change point analysis (arXiv:1306.4933).
M. Fleming et al.: Hunter (ICPE 2023, doi:10.1145/3578244.3583719): windows, first a lenient test, then the
weakest points are taken away until all that are left hold. Agrees with apache-otava 0.8 to the point, also
where one would do otherwise: its standard deviations are over n, not n−1.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import attrs

from sim.measure.student import t_tail

WINDOW = 50
MAX_P = 0.001
LENIENCE = 10
"""How many times as much the first pass lets through."""


@attrs.frozen(slots=False)
class ChangePoint:
    """The first value after a change, and what lies on both sides up to the next ones."""

    index: int
    before: tuple[float, ...]
    after: tuple[float, ...]

    @cached_property
    def p(self) -> float:
        """Of Student's t-test with equal variances."""
        n, m = len(self.before), len(self.after)
        if n + m <= 2:
            return 1.0
        shift = self._means[1] - self._means[0]
        squares = (n - 1) * statistics.pvariance(self.before) + (m - 1) * statistics.pvariance(self.after)
        error = math.sqrt(squares / (n + m - 2) * (1 / n + 1 / m))
        if not error:
            return 0.0 if shift else 1.0
        return t_tail(shift / error, n + m - 2)

    @cached_property
    def magnitude(self) -> float:
        """The relative change, seen from the smaller side."""
        before, after = self._means
        return max(abs(after / before - 1) if before else 0.0, abs(before / after - 1) if after else 0.0)

    @property
    def change(self) -> float:
        """The relative change from before; 0 where that was nothing."""
        before, after = self._means
        return after / before - 1 if before else 0.0

    @cached_property
    def _means(self) -> tuple[float, float]:
        return statistics.fmean(self.before), statistics.fmean(self.after)


def change_points(
    series: Sequence[float], window: int = WINDOW, max_p: float = MAX_P, min_magnitude: float = 0.0
) -> list[ChangePoint]:
    """All points of change, in order.

    Args:
        window: how many values are looked at together.
        max_p: of the t-test, for each point that stays.
        min_magnitude: the smallest relative change that stays.
    """
    lenient = max_p * LENIENCE if max_p < 0.05 else min(1.0, max_p * 2) if max_p < 0.5 else max_p
    points = _between(series, _candidates(series, window, lenient))
    while points:
        weakest = max(points, key=lambda point: point.p)
        if weakest.p < max_p:
            weakest = min(points, key=lambda point: point.magnitude)
            if weakest.magnitude > min_magnitude:
                return points
        points = _without(points, weakest, series)
    return []


def _without(points: list[ChangePoint], gone: ChangePoint, series: Sequence[float]) -> list[ChangePoint]:
    """The others. The two after it are weighed anew; the one before it keeps its sides, as it does there."""
    place = points.index(gone)
    kept = [point.index for point in points if point is not gone]
    return [*points[:place], *_between(series, kept)[place : place + 2], *points[place + 3 :]]


def _candidates(series: Sequence[float], window: int, max_p: float) -> list[int]:
    """From windows that overlap by half, unless a change was found further on."""
    found: set[int] = set()
    start = 0
    while start < len(series):
        here = [start + index for index in _divide(series[start : start + window], max_p)]
        found.update(here)
        start = max(here[-1] if here else 0, start + window // 2)
    return sorted(found)


def _divide(series: Sequence[float], max_p: float) -> list[int]:
    """Split where the two sides differ most, again and again, until a split is not significant."""
    splits: list[int] = []
    while True:
        edges = [0, *splits, len(series)]
        spans = [span for span in pairwise(edges) if span[1] - span[0] > 1]
        if not spans:
            return splits
        best = max((_best_split(series, *span) for span in spans), key=lambda found: found[1])
        (point,) = (p for p in _between(series, sorted([*splits, best[0]])) if p.index == best[0])
        if point.p > max_p:
            return splits
        splits = sorted([*splits, best[0]])


def _best_split(series: Sequence[float], start: int, end: int) -> tuple[int, float]:
    """Where the divergence Q̂ of what comes before and after is the greatest, and how great (equation 7).

    What comes after may end before the span does.
    """
    within = _pair_sums(series[start:end])
    length = end - start
    best = 1, -math.inf
    for n in range(1, length):
        for until in range(n + 1, length + 1):
            m = until - n
            left, right = within[0][n], within[n][until]
            between = within[0][until] - left - right
            inner = (left * m / (n - 1) if n > 1 else 0.0) + (right * n / (m - 1) if m > 1 else 0.0)
            value = 2 / (n + m) * (between - inner)
            if value > best[1]:
                best = n, value
    return start + best[0], best[1]


def _pair_sums(values: Sequence[float]) -> list[list[float]]:
    """At [a][b]: the sum of the distances of all pairs of values from a up to b."""
    count = len(values)
    sums = [[0.0] * (count + 1) for _ in range(count + 1)]
    for a in range(count - 1, -1, -1):
        to_others = 0.0
        for b in range(a + 1, count + 1):
            to_others += abs(values[a] - values[b - 1])
            sums[a][b] = sums[a + 1][b] + to_others
    return sums


def _between(series: Sequence[float], indices: Sequence[int]) -> list[ChangePoint]:
    edges = [0, *indices, len(series)]
    return [
        ChangePoint(here, tuple(series[before:here]), tuple(series[here:after]))
        for before, here, after in zip(edges, edges[1:], edges[2:], strict=False)
    ]
