"""Intervals around what was measured of one stretch of a run, by the method of batch means.

Calls that follow each other are not independent (who comes into a queue finds those before them there), so
the scatter of single calls says too little. The stretch is cut into batches of equal time, and each of
them gives a pair: of a share the calls beyond a bound and all calls, of a rate the calls and the seconds. The
whole is the ratio of both sums, and its variance that of a ratio estimator (Cochran, Sampling Techniques,
1977, section 6.4). What is left of the dependence between neighbours is taken for an autoregression of the
first order, and widens the interval (Law, Simulation Modeling and Analysis, 2015, section 9.5).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import fsum

import attrs

from sim.measure.student import t_quantile

Pair = tuple[float, float]
"""A numerator and a denominator."""
MIN_BATCHES = 4
MAX_CORRELATION = 0.9
"""More is not believed: the interval would never end."""


@attrs.frozen
class Estimate:
    """A figure, and between which bounds it lies; both infinite where there are too few batches."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def map(self, change: Callable[[float], float]) -> Estimate:
        """Of something that rises or falls with it."""
        ends = change(self.low), change(self.high)
        return Estimate(change(self.value), min(ends), max(ends))


def ratio(pairs: Sequence[Pair], confidence: float = 0.95) -> Estimate | None:
    """Sum of the first over sum of the second, each batch being a pair; None where the second are all 0."""
    top, bottom = fsum(x for x, _ in pairs), fsum(n for _, n in pairs)
    if not bottom:
        return None
    value = top / bottom
    count = len(pairs)
    if count < MIN_BATCHES:
        return Estimate(value, -math.inf, math.inf)
    half = t_quantile((1 + confidence) / 2, count - 1) * math.sqrt(spread(pairs)) / bottom
    return Estimate(value, value - half, value + half)


def spread(pairs: Sequence[Pair]) -> float:
    """The variance of the sum of the first around what the second let expect; 0 of fewer than two."""
    count, bottom = len(pairs), fsum(n for _, n in pairs)
    if count < 2 or not bottom:
        return 0.0
    value = fsum(x for x, _ in pairs) / bottom
    off = [x - value * n for x, n in pairs]
    return count / (count - 1) * fsum(each * each for each in off) * inflation(off)


def added(pairs: Iterable[Pair]) -> Pair:
    """All of them together."""
    known = list(pairs)
    return fsum(x for x, _ in known), fsum(n for _, n in known)


def inflation(off: Sequence[float]) -> float:
    """By how much dependence between neighbours raises the variance of their sum; never below 1.

    The correlation of short series comes out too low by about one over their length (Kendall 1954).
    """
    squares = fsum(each * each for each in off)
    if not squares:
        return 1.0
    together = fsum(one * two for one, two in pairwise(off))
    correlation = min(MAX_CORRELATION, max(0.0, together / squares + 1 / len(off)))
    return (1 + correlation) / (1 - correlation)


def growth(values: Sequence[float], confidence: float = 0.99) -> Estimate | None:
    """By what share of their mean `values` grow from the first to the last, along a straight line.

    None where there are too few, or their mean is 0.
    """
    count = len(values)
    mean = math.fsum(values) / count if count else 0.0
    if count < MIN_BATCHES or not mean:
        return None
    middle = (count - 1) / 2
    spread = fsum((i - middle) ** 2 for i in range(count))
    slope = fsum((i - middle) * value for i, value in enumerate(values)) / spread
    off = [value - mean - slope * (i - middle) for i, value in enumerate(values)]
    variance = fsum(each * each for each in off) / (count - 2) / spread * inflation(off)
    half = t_quantile((1 + confidence) / 2, count - 2) * math.sqrt(variance)
    scale = (count - 1) / mean
    return Estimate(slope, slope - half, slope + half).map(lambda each: each * scale)


def settled_from(values: Sequence[float]) -> int:
    """From which place on `values` are free of the transient after a change of load: MSER.

    That which makes the standard error of what is left smallest; only up to half of them is given away
    (White, Cobb, Spratt: A comparison of five steady-state truncation heuristics for simulation, WSC 2000).
    Values are means of many calls already, as the five of MSER-5 are.
    """
    count = len(values)
    best, chosen = math.inf, 0
    total, squares = 0.0, 0.0
    for start in range(count - 1, -1, -1):
        # From the last one on: of values that are all the same, rounding would leave some variance.
        off = values[start] - values[-1]
        total += off
        squares += off * off
        left = count - start
        error = max(0.0, squares - total * total / left) / left**2
        if start <= count / 2 and left >= MIN_BATCHES and error <= best:
            best, chosen = error, start
    return chosen
