"""Thresholds while a run goes on: how near they are to being broken."""

from __future__ import annotations

from sim.config.grammar.threshold import Comparison, Threshold, format_bound
from sim.live.run_course import Limit
from sim.measure.thresholds import Verdict


def limit_of(verdict: Verdict) -> Limit:
    """As a screen shows it; before anything was measured nothing is known of it."""
    threshold, measured = verdict.threshold, verdict.measured
    if measured is None:
        return Limit(str(threshold), "–", None)
    text = format_bound(measured, threshold.unit)
    return Limit(str(threshold), text, verdict.held, nearness(threshold, measured))


def nearness(threshold: Threshold, measured: float) -> float | None:
    """How much of what is allowed is used: 1 at the bound, more beyond; None where there is no such share."""
    match threshold.comparison:
        case Comparison.LESS | Comparison.AT_MOST if threshold.bound > 0:
            return measured / threshold.bound
        case Comparison.MORE | Comparison.AT_LEAST if measured > 0:
            return threshold.bound / measured
        case _:
            return None
