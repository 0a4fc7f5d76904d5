"""Where a share that rises with the load crosses its bound, by all levels near it together.

Near the bound the share, on the logit scale, is taken to be linear in the logarithm of the load: a logistic
regression by iteratively reweighted least squares (McCullagh, Nelder: Generalized Linear Models, 1989,
chapter 4). Calls that follow each other are not independent: their variance is some times that of coins
(section 4.5), by batch means within the holds or by how holds differ among themselves, whichever is more.
The interval of the crossing is Fieller's (Finney: Probit Analysis, 1971, section 4.6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import fsum

import attrs

from sim.measure.scalability import Z95

MAX_ROUNDS = 60
MAX_STEP = 2.0
MAX_STEP_OF_SLOPE = 20.0
"""The same, of the slope: a guess far away does not run to infinity."""
MAX_LOGIT = 40.0
NEAR = 1.4
"""Levels up to so many times away say something about the slope; farther ones may be on another curve."""
SURE_Z = 5.0
"""So many standard errors from the bound, a level is beyond doubt, and what lies behind it is not asked."""
MIN_HOLDS = 5
"""Fewer do not tell how holds differ among themselves."""


@attrs.frozen
class SharePoint:
    """One hold: at `level` `x` of `n` calls were beyond the bound; `spread` is the variance of `x`."""

    level: float
    x: float
    n: float
    spread: float


@attrs.frozen
class Crossing:
    """The level at which the bound is crossed, and its interval (95 %).

    Attributes:
        at: None where the levels do not show that the share rises at all, or are on no one line.
        low, high: 0 and infinite where there is no such end.
    """

    at: float | None
    low: float
    high: float


def crossing(points: Sequence[SharePoint], bound: float, below: float, beyond: float) -> Crossing | None:
    """Between two levels that seem to be within and beyond `bound`, or near them.

    None where the share has no bound to cross, or there are not two levels.
    """
    if not 0 < bound < 1:
        return None
    near = [point for point in points if below / NEAR <= point.level <= beyond * NEAR and point.n]
    within, over = _sure(near, bound, below, beyond)
    low, high = max(within, below / NEAR), min(over, beyond * NEAR)
    line = _Logistic.through([point for point in near if low <= point.level <= high])
    if line is None:
        return None
    at, since, until = line.crosses(bound)
    if at is None or not low <= at <= high:
        # Of what lies outside of these levels the line says nothing, nor where it contradicts what is sure.
        return Crossing(None, within, over)
    return Crossing(at, min(at, max(within, since)), max(at, min(over, until)))


def _sure(points: Sequence[SharePoint], bound: float, below: float, beyond: float) -> tuple[float, float]:
    """The highest level surely within the bound, and the lowest surely beyond; 0, infinite: none."""
    dispersion = _within(points, [point.x / point.n for point in points])
    within, over = 0.0, math.inf
    for level, x, n in _by_level(points):
        z = (x - n * bound) / math.sqrt(dispersion * n * bound * (1 - bound))
        if level <= below and z < -SURE_Z:
            within = max(within, level)
        if level >= beyond and z > SURE_Z:
            over = min(over, level)
    return within, over


def _by_level(points: Sequence[SharePoint]) -> list[tuple[float, float, float]]:
    """Each level once, with its sums; ascending."""
    levels: dict[float, list[SharePoint]] = {}
    for point in points:
        levels.setdefault(point.level, []).append(point)
    return [
        (level, fsum(each.x for each in held), fsum(each.n for each in held))
        for level, held in sorted(levels.items())
    ]


def _within(points: Sequence[SharePoint], shares: Sequence[float]) -> float:
    """By how much more the calls of one hold vary than coins; never less than they."""
    coins = fsum(point.n * p * (1 - p) for point, p in zip(points, shares, strict=True))
    return max(1.0, fsum(point.spread for point in points) / coins) if coins else 1.0


@attrs.frozen
class _Logistic:
    """`offset` + `slope` · (ln level − `middle`), with the covariance of both."""

    offset: float
    slope: float
    middle: float
    covariance: tuple[float, float, float]

    @staticmethod
    def through(points: Sequence[SharePoint]) -> _Logistic | None:
        """None where they do not determine one."""
        calls = fsum(point.n for point in points)
        if not calls:
            return None
        middle = fsum(math.log(point.level) * point.n for point in points) / calls
        # Half a call on either side: a share of none, or of all, is not infinitely far away.
        rows = [(math.log(level) - middle, x + 0.5, n + 1) for level, x, n in _by_level(points)]
        fitted = _fitted(rows)
        if fitted is None:
            return None
        (offset, slope), (h00, h01, h11) = fitted
        line = _Logistic(offset, slope, middle, (0.0, 0.0, 0.0))
        scale = line._dispersion(points) / (h00 * h11 - h01 * h01)
        return attrs.evolve(line, covariance=(scale * h11, -scale * h01, scale * h00))

    def share(self, level: float) -> float:
        return _share(self.offset + self.slope * (math.log(level) - self.middle))

    def _dispersion(self, points: Sequence[SharePoint]) -> float:
        shares = [self.share(point.level) for point in points]
        within = _within(points, shares)
        if len(points) < MIN_HOLDS:
            return within
        off = (
            (point.x - point.n * p) ** 2 / max(0.5, point.n * p * (1 - p))
            for point, p in zip(points, shares, strict=True)
        )
        return max(within, fsum(off) / (len(points) - 2))

    def crosses(self, bound: float) -> tuple[float | None, float, float]:
        """Where, and the ends of the interval; None, 0 and infinite where it may as well not rise."""
        rise = math.log(bound / (1 - bound)) - self.offset
        c00, c01, c11 = self.covariance
        square = self.slope**2 - Z95**2 * c11
        if square <= 0 or self.slope <= 0:
            return None, 0.0, math.inf
        half, rest = rise * self.slope + Z95**2 * c01, rise**2 - Z95**2 * c00
        root = math.sqrt(max(0.0, half * half - square * rest))
        low, high = (half - root) / square, (half + root) / square
        return self._level(rise / self.slope), self._level(low), self._level(high)

    def _level(self, distance: float) -> float:
        return math.exp(max(-MAX_LOGIT, min(MAX_LOGIT, self.middle + distance)))


Row = tuple[float, float, float]
"""Distance from the middle, calls beyond the bound, calls."""


def _fitted(rows: Sequence[Row]) -> tuple[tuple[float, float], tuple[float, float, float]] | None:
    """Offset and slope, and the information that there is about them; None where that is singular."""
    offset, slope = 0.0, 0.0
    for _ in range(MAX_ROUNDS):
        shares = [_share(offset + slope * z) for z, _, _ in rows]
        weights = [n * p * (1 - p) for (_, _, n), p in zip(rows, shares, strict=True)]
        off = [x - n * p for (_, x, n), p in zip(rows, shares, strict=True)]
        h00 = fsum(weights)
        h01 = fsum(w * z for w, (z, _, _) in zip(weights, rows, strict=True))
        h11 = fsum(w * z * z for w, (z, _, _) in zip(weights, rows, strict=True))
        g0, g1 = fsum(off), fsum(each * z for each, (z, _, _) in zip(off, rows, strict=True))
        whole = h00 * h11 - h01 * h01
        if whole <= 1e-12 * h00 * h00:
            return None
        up, turn = (h11 * g0 - h01 * g1) / whole, (h00 * g1 - h01 * g0) / whole
        shorter = max(1.0, abs(up) / MAX_STEP, abs(turn) / MAX_STEP_OF_SLOPE)
        offset, slope = offset + up / shorter, slope + turn / shorter
        if abs(up) + abs(turn) < 1e-9:
            break
    return (offset, slope), (h00, h01, h11)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-MAX_LOGIT, min(MAX_LOGIT, logit))))
