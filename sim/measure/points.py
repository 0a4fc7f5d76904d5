"""Samples gathered into points, by the scale function of the t-digest (Dunning & Ertl 2019)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import fsum
from operator import mul

import attrs

COMPRESSION = 200.0
"""How finely samples are cut into points (δ of the paper): fine at both tails, coarse in the middle."""
TAIL = 30.0
"""Of what lies above it, no point holds more than TAIL/COMPRESSION. By k1 alone one point holds
the slowest thousandth, and p99.9 would be off by per cents; it costs some fifty points.
"""


@attrs.frozen
class Points:
    """Sorted means, and the number of samples (a whole number) at each."""

    means: Sequence[float]
    weights: Sequence[float]

    @classmethod
    def sorted(cls, pairs: Iterable[tuple[float, float]]) -> Points:
        ordered = sorted(pairs)
        return cls([mean for mean, _ in ordered], [weight for _, weight in ordered])

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self.means, self.weights, strict=True)


def ones(samples: Iterable[float]) -> Points:
    """Single samples as points."""
    ordered = sorted(samples)
    return Points(ordered, [1] * len(ordered))


def cut(points: Points, compression: float = COMPRESSION) -> Points:
    """Gather points into fewer, by the scale function k1 of the paper, and more finely at the upper end:
    never more than is allowed in one.

    Equal ones stay together: where there are more than is allowed they are one point, and nothing else
    is in it.
    """
    means, weights = points.means, points.weights
    ends = [0.0, *accumulate(weights)]
    gathered: list[tuple[float, float]] = []
    first, reach = 0, Reach(compression)
    while first < len(means):
        limit = reach.of(ends[first] / ends[-1]) * ends[-1]
        after = max(first + 1, bisect_right(ends, limit, first) - 1)
        if after < len(means) and means[after] == means[after - 1]:
            run = bisect_left(means, means[after], first, after)
            after = run if run > first else bisect_right(means, means[after], after)
        weight = ends[after] - ends[first]
        middle = fsum(map(mul, means[first:after], weights[first:after])) / weight
        # Rounding is not to carry it past its own samples.
        gathered.append((min(means[after - 1], max(means[first], middle)), weight))
        first = after
    return Points([mean for mean, _ in gathered], [weight for _, weight in gathered])


class Reach:
    """How far a point may go: it is asked for each point, so that what is the same for all is at hand.

    k1 is an angle, asin(2q − 1); the sine of an angle that is wider by 2π/δ is a sum of two products.
    """

    __slots__ = ("_cos", "_sin", "_tail")

    def __init__(self, compression: float) -> None:
        step = 2 * math.pi / compression
        self._cos, self._sin = math.cos(step), math.sin(step)
        self._tail = TAIL / compression

    def of(self, begun: float) -> float:
        """The share of all samples at which a point that begins at the share `begun` has to end."""
        place = 2 * begun - 1
        of_tail = begun + self._tail * (1 - begun)
        if place >= self._cos:
            return min(1.0, of_tail)
        k1 = (1 + place * self._cos) / 2 + math.sqrt(begun * (1 - begun)) * self._sin
        return min(k1, of_tail)
