"""Curves that quantiles are read from: of samples, and of points that stand for many."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate
from typing import Protocol

import attrs

from sim.measure.points import Points, Reach


class Curve(Protocol):
    """Something that quantiles can be read from."""

    def at(self, q: float) -> float: ...


@attrs.frozen
class ExactCurve:
    """Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996)."""

    ordered: list[float]

    def at(self, q: float) -> float:
        place = q * (len(self.ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(self.ordered) - 1)
        return _between(self.ordered[low], self.ordered[high], place - low)


class InterpolatedCurve:
    """Straight lines between the middles of neighbouring points, the ends pinned to minimum and maximum.

    A point heavier than `cut` allows stands for equal samples (a point that was light enough once is so for
    ever: the more there is around it, the more is allowed). So the curve is flat over the whole of it.
    """

    def __init__(self, points: Points, least: float, most: float, compression: float) -> None:
        self._reach = Reach(compression)
        self._means = (least, *points.means, most)
        self._ends = (0.0, *accumulate(points.weights))
        self._count = self._ends[-1]

    def at(self, q: float) -> float:
        target = q * self._count
        i = min(max(1, bisect_left(self._ends, target)), len(self._ends) - 1)
        begin, end = self._span(i)
        if target < begin:
            return _through(self._span(i - 1)[1], self._means[i - 1], begin, self._means[i], target)
        if target > end:
            return _through(end, self._means[i], self._span(i + 1)[0], self._means[i + 1], target)
        return self._means[i]

    def _span(self, i: int) -> tuple[float, float]:
        """Where the curve is flat at the height of the i-th point: over all of a tie, else at its middle."""
        if i in (0, len(self._means) - 1):
            return (self._ends[min(i, len(self._ends) - 1)],) * 2
        left, right = self._ends[i - 1], self._ends[i]
        if right > self._reach.of(left / self._count) * self._count * (1 + 1e-9):
            return left, right
        return ((left + right) / 2,) * 2


def _through(left_at: float, left: float, right_at: float, right: float, at: float) -> float:
    return _between(left, right, (at - left_at) / (right_at - left_at)) if right_at > left_at else left


def _between(left: float, right: float, share: float) -> float:
    return left + (right - left) * min(1.0, max(0.0, share))
