"""How far a metric has moved, by whichever design the number of runs allows."""

from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Sequence

import attrs

from sim.report.statistics import shifts
from sim.report.statistics.shifts import CONFIDENCE, Shift

MIN_FOR_ONE = 5
"""So many runs are needed where the other side has a single one."""
MIN_FOR_RANKS = 4
ALPHA = 1 - CONFIDENCE
ROOM = 4
"""Ranks are asked where runs need not lie apart to the last one: else they are blinder than t."""


class Design(enum.StrEnum):
    """What the shift was weighed by."""

    WELCH = "Welch's t"
    PERMUTATION = "exact permutation"
    PAIRED = "paired t"
    SIGN_FLIP = "exact sign flips of pairs"
    PREDICTION = "prediction interval"
    KNOWN_SPREAD = "spread between runs known from others"
    WITHIN = "noise inside the runs only"
    TOO_FEW = "too few runs"


@attrs.frozen
class ShiftEstimate:
    """A shift on the additive scale.

    Attributes:
        point: the shift that is told; `low` and `high` bound it.
        p: of "no shift", not corrected for others.
        spread: standard deviation between runs (of pairs: of their differences); None: not known.
        decides: whether a verdict may stand on it.
    """

    point: float
    low: float
    high: float
    p: float
    design: Design
    spread: float | None
    decides: bool = True


@attrs.frozen
class Spread:
    """What is known of the standard deviation between runs, and from how many degrees of freedom."""

    deviation: float
    df: float


def estimate(
    before: Sequence[float],
    after: Sequence[float],
    family: int,
    *,
    known: Spread | None = None,
    within: tuple[float, float] | None = None,
) -> ShiftEstimate:
    """Of two samples of runs, one run or more on each side.

    Args:
        family: how many metrics are judged together. Ranks are asked only where they could well say
            something after Holm's correction for so many, which depends on the number of runs alone.
        known: the spread between runs, for one run against one.
        within: bounds of the shift by what varied inside of the runs, for the same.
    """
    n, m = len(before), len(after)
    if n > 1 and m > 1:
        return _of_many(before, after, family)
    if n == m == 1:
        return _of_two_runs(before[0], after[0], known, within)
    many, single, sign = (before, after[0], 1) if n > 1 else (after, before[0], -1)
    shift = shifts.prediction(many, single)
    turned = attrs.evolve(shift, mean=sign * shift.mean)
    enough = len(many) >= MIN_FOR_ONE
    design = Design.PREDICTION if enough else Design.TOO_FEW
    return _of(turned, turned.mean, design, statistics.stdev(many), decides=enough)


def paired_estimate(before: Sequence[float], after: Sequence[float], family: int) -> ShiftEstimate:
    """Of pairs of runs made one right after the other: what drifts is in both. Two pairs or more."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    shift = shifts.paired(differences)
    smallest = shifts.smallest_sign_flip_p(len(differences))
    spread = statistics.stdev(differences)
    if not _can_tell(smallest, family):
        return _of(shift, statistics.median(differences), Design.PAIRED, spread)
    flipped = _of(shift, statistics.median(differences), Design.SIGN_FLIP, spread)
    return attrs.evolve(flipped, p=shifts.sign_flip_p(differences))


def _of_many(before: Sequence[float], after: Sequence[float], family: int) -> ShiftEstimate:
    shift, point = shifts.welch(before, after), shifts.hodges_lehmann(before, after)
    spread = math.sqrt((statistics.variance(before) + statistics.variance(after)) / 2)
    n, m = len(before), len(after)
    ranked = min(n, m) >= MIN_FOR_RANKS and _can_tell(shifts.smallest_permutation_p(n, m), family)
    if not ranked:
        return _of(shift, point, Design.WELCH, spread)
    exact = shifts.permutation_p(before, after)
    return attrs.evolve(_of(shift, point, Design.PERMUTATION, spread), p=exact)


def _of_two_runs(
    before: float, after: float, known: Spread | None, within: tuple[float, float] | None
) -> ShiftEstimate:
    if known is not None:
        shift = shifts.known_spread(before, after, known.deviation, known.df)
        return _of(shift, shift.mean, Design.KNOWN_SPREAD, known.deviation)
    low, high = within if within is not None else (-math.inf, math.inf)
    return ShiftEstimate(after - before, low, high, 1.0, Design.WITHIN, None, decides=False)


def _can_tell(smallest: float | None, family: int) -> bool:
    return smallest is not None and smallest * family <= ALPHA / ROOM


def _of(shift: Shift, point: float, design: Design, spread: float, *, decides: bool = True) -> ShiftEstimate:
    low, high = shift.interval()
    return ShiftEstimate(point, min(low, point), max(high, point), shift.p, design, spread, decides)
