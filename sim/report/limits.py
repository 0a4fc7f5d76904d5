"""The limits of a run as a reader looks at them: what each is about, and when it first broke."""

from __future__ import annotations

from collections.abc import Callable

from sim.config.grammar.piece import GrammarError
from sim.config.grammar.threshold import Aggregate, Threshold, Unit, parse_threshold
from sim.report.result import Result
from sim.report.result_course import TimelineRow
from sim.report.result_end import ThresholdResult

OF_CORRECTNESS = frozenset(
    {"violations", "stale_reads", "lost_updates", "duplicates", "permission_leaks", "wrong_contents"}
)
"""Subjects of limits that say nothing of how much a server carries."""
QUANTILES_OF_ROWS = {0.5: "p50", 0.95: "p95", 0.99: "p99"}
Take = Callable[[TimelineRow], float | None]


def parsed(limit: ThresholdResult) -> Threshold | None:
    """What was asked for; None where another release wrote it in words that this one does not know."""
    try:
        return parse_threshold(limit.threshold)
    except GrammarError:
        return None


def is_of_load(limit: ThresholdResult) -> bool:
    """Whether it is about speed, errors or throughput, and not about what users saw."""
    threshold = parsed(limit)
    return threshold is None or threshold.metric.name not in OF_CORRECTNESS


def first_broken(result: Result, limit: ThresholdResult) -> float | None:
    """When the limit was first seen broken, seconds since the start; None where it held over the whole.

    Of a run that did not look on the way: when the first row of the course began that breaks it by itself,
    None where rows do not tell (limits of one workflow, group or region).
    """
    if not limit.passed and limit.broke_at is not None:
        return limit.broke_at
    threshold = parsed(limit)
    take = None if threshold is None or limit.passed else _of_rows(threshold)
    if threshold is None or take is None:
        return None
    for row in measured_rows(result):
        value = take(row)
        if value is not None and not threshold.comparison.holds(value, threshold.bound):
            return row.at
    return None


def measured_rows(result: Result) -> list[TimelineRow]:
    """Those whose figures count."""
    return [row for row in result.timeseries.rows if row.phase == "measured"]


def users_at(result: Result, at: float | None) -> int:
    """How many were on stage at an instant; 0 where that is not known."""
    if at is None:
        return 0
    before = [row.users for row in result.timeseries.rows if row.at <= at]
    return before[-1] if before else 0


def _of_rows(threshold: Threshold) -> Take | None:
    """How a row is asked for what is limited; None where it has no answer."""
    metric, name = threshold.metric, threshold.metric.name
    if metric.step or metric.group is not None or metric.region is not None:
        return None
    match threshold.aggregate, threshold.unit:
        case Aggregate.COUNT, _ if name in OF_CORRECTNESS:
            return _Sum(
                lambda row: sum(n for kind, n in row.violations.items() if name in (kind, "violations"))
            )
        case Aggregate.COUNT, _ if name in ("dropped", "postponed"):
            return _Sum(lambda row: row.not_started.get(name, 0))
        case Aggregate.COUNT, _ if name == "errors":
            return _Sum(lambda row: row.errors)
        case Aggregate.RATE, Unit.FRACTION if name == "errors":
            return lambda row: row.errors / row.operations if row.operations else None
        case _, Unit.SECONDS if name in ("calls", "response"):
            return _times(name, threshold)
        case _:
            return None


def _seen(row: TimelineRow, name: str) -> int:
    return sum(count for kind, count in row.violations.items() if name in (kind, "violations"))


class _Sum:
    """So many until then."""

    def __init__(self, count: Callable[[TimelineRow], int]) -> None:
        self._count, self._so_far = count, 0

    def __call__(self, row: TimelineRow) -> float:
        self._so_far += self._count(row)
        return self._so_far


def _times(name: str, threshold: Threshold) -> Take | None:
    """The quantiles that rows have, and no others."""
    is_max = threshold.aggregate is Aggregate.MAX
    key = "max" if is_max else QUANTILES_OF_ROWS.get(threshold.quantile or 0.0, "")
    if not key:
        return None
    return lambda row: getattr(row.service if name == "calls" else row.response, key)
