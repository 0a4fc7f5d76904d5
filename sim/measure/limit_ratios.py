"""Limits as ratios of sums, so that a stretch of a run can be cut into batches and an interval be had.

`p(95)<1s` is the same as: at most 5 % of the calls take 1 s or more; and a share is known far better from few
calls than a quantile is.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import attrs

from sim.config.grammar.threshold import Aggregate, Comparison, Threshold, Unit
from sim.measure.batch_means import Estimate, Pair, ratio
from sim.measure.leaves import Leaves
from sim.measure.sketch import Sketch
from sim.measure.thresholds import Selection

BEYOND = {
    Comparison.LESS: operator.ge,
    Comparison.AT_MOST: operator.gt,
    Comparison.MORE: operator.le,
    Comparison.AT_LEAST: operator.lt,
}
"""What breaks the bound. Equal and unequal have no side to lie on."""


def is_ratio(limit: Threshold) -> bool:
    """Whether it can be estimated; else (a count, an extreme) what has been counted is what it is."""
    counts = limit.aggregate is Aggregate.COUNT or limit.unit is Unit.COUNT
    extremes = limit.aggregate in (Aggregate.MIN, Aggregate.MAX)
    return limit.comparison in BEYOND and not counts and not extremes


def pair_of(limit: Threshold, leaves: Leaves) -> Pair:
    """What a batch of the measured phase has for a limit that `is_ratio`; (0, 0): nothing."""
    chosen = Selection(leaves, limit.metric)
    match limit.aggregate:
        case Aggregate.QUANTILE:
            times = chosen.times()
            return beyond(times, limit), times.count
        case Aggregate.MEAN:
            times = chosen.times()
            return times.total, times.count
        case _:
            counted = chosen.counted()
            if limit.unit is Unit.PER_SECOND:
                return float(counted.count), leaves.seconds
            return float(counted.count if counted.bad is None else counted.bad), counted.of


def beyond(times: Sketch, limit: Threshold) -> float:
    """How many lie on the wrong side of the bound."""
    breaks = BEYOND[limit.comparison]
    return sum(weight for sample, weight in times.weighted() if breaks(sample, limit.bound))


@attrs.frozen
class Sides:
    """On which side of its bound a limit lies: for certain, and as far as it is known."""

    surely_holds: bool
    surely_broken: bool
    seems_to_hold: bool


def share_allowed(limit: Threshold) -> float | None:
    """The share of calls that may be beyond an upper bound; None where the limit is of no share."""
    if limit.comparison not in (Comparison.LESS, Comparison.AT_MOST):
        return None
    if limit.aggregate is Aggregate.QUANTILE:
        assert limit.quantile is not None
        return 1 - limit.quantile
    return limit.bound if limit.unit is Unit.FRACTION else None


def sides(limit: Threshold, estimate: Estimate) -> Sides:
    """Where the whole interval lies on one side, it is certain."""
    if limit.aggregate is Aggregate.QUANTILE:
        assert limit.quantile is not None
        upper = limit.comparison in (Comparison.LESS, Comparison.AT_MOST)
        bound = 1 - limit.quantile if upper else limit.quantile
        return _below(bound, estimate)
    if limit.comparison in (Comparison.LESS, Comparison.AT_MOST):
        return _below(limit.bound, estimate)
    turned = estimate.map(lambda value: -value)
    return _below(-limit.bound, turned)


def _below(bound: float, estimate: Estimate) -> Sides:
    return Sides(estimate.high <= bound, estimate.low > bound, estimate.value <= bound)


def quantile_within(q: float, parts: Sequence[Sketch]) -> Estimate | None:
    """The quantile of `q` of all batches, between the quantiles of the ends of the interval of its rank.

    (Woodruff: Confidence intervals for medians and other position measures, JASA 47, 1952.)
    """
    whole = Sketch.merged(parts)
    value = whole.quantile(q)
    if value is None:
        return None
    pairs = [(sum(w for sample, w in part.weighted() if sample > value), part.count) for part in parts]
    share = ratio(pairs)
    half = share.half_width if share is not None else 1.0
    low, high = whole.quantile(max(0.0, q - half)), whole.quantile(min(1.0, q + half))
    assert low is not None and high is not None
    return Estimate(value, low, high)
