"""The report as Prometheus reads it: for the textfile collector of node exporter, or a Pushgateway.

The same names as on `/metrics` while the run went on; figures are of the measured phase.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sim.measure import metric_names as names
from sim.measure.metric_family import BinnedTimes, FilledFamily, Labels, Value, exposition
from sim.report.result import Result
from sim.report.result_figures import SketchPoints, Times
from sim.report.result_json import presentable

MEASURED = "measured"
QUANTILES = {"0.5": "median", "0.95": "p95", "0.99": "p99", "1": "max"}


def prometheus_report(result: Result) -> str:
    """Format 0.0.4, without timestamps: the collector refuses them."""
    result = presentable(result)
    return exposition([*_of_run(result), *_of_calls(result), *_of_workflows(result), *_of_limits(result)])


def _of_run(result: Result) -> Iterator[FilledFamily]:
    own = result.generator
    which = (result.version, result.target, result.clock, str(result.seed), result.run_id)
    yield names.RUN.of({which: 1})
    yield names.BEGUN.of(_single(_unix_time(result.wall_clock.began)))
    yield names.MEASURED_TIME.of({(): result.summary.duration})
    yield names.EXIT_CODE.of({(): result.exit_code})
    yield names.LATENESS.of(dict(_quantiles(own.lateness)))
    yield names.STALLED.of({(): own.stalls.seconds})
    yield names.CPU.of(_single(own.cpu))
    yield names.MEMORY.of(_single(own.rss))


def _of_calls(result: Result) -> Iterator[FilledFamily]:
    counted: dict[Labels, Value] = {
        (MEASURED, name, step, kind): count
        for name, story in result.workflows.items()
        for step, calls in story.steps.items()
        for kind, count in calls.outcomes.items()
    }
    steps = {
        (MEASURED, name, step): pair
        for name, story in result.workflows.items()
        for step in story.steps
        if (pair := result.sketches.steps.get(f"{name}.{step}")) is not None
    }
    yield names.CALLS.of(counted)
    yield names.CALL_TIMES.of({key: binned_points(pair.service) for key, pair in steps.items()})
    yield names.RESPONSE_TIMES.of(
        {key: binned_points(pair.response) for key, pair in steps.items() if pair.response.count}
    )


def _of_workflows(result: Result) -> Iterator[FilledFamily]:
    stories, found = result.workflows.items(), result.consistency.items()
    yield names.EXECUTIONS.of(
        {
            (MEASURED, name, ending): getattr(story, f"{key}_executions")
            for name, story in stories
            for ending, key in (
                ("succeeded", "successful"),
                ("failed", "failed"),
                ("interrupted", "interrupted"),
            )
        }
    )
    kept = result.sketches.executions.items()
    yield names.EXECUTION_TIMES.of({(MEASURED, name): binned_points(pair.service) for name, pair in kept})
    yield names.VIOLATIONS.of(
        {(name, kind): n for name, story in found for kind, n in story.violations.items()}
    )
    yield names.CONFLICTS.of({(name,): story.conflicts_retried for name, story in found})
    yield names.NOT_STARTED.of(
        {(name, why): n for name, reasons in result.not_started.items() for why, n in reasons.items()}
    )


def _of_limits(result: Result) -> Iterator[FilledFamily]:
    limits = result.thresholds
    yield names.LIMIT_BOUND.of({(each.threshold, each.unit): each.bound for each in limits})
    yield names.LIMIT_MEASURED.of(
        {(each.threshold, each.unit): each.measured for each in limits if each.measured is not None}
    )
    yield names.LIMIT_OK.of({(each.threshold,): int(each.passed) for each in limits})


def binned_points(points: SketchPoints) -> BinnedTimes:
    """In half octaves; exact but for what one of its points holds at an edge."""
    return BinnedTimes.of(zip(points.means, points.weights, strict=False), points.sum)


def _quantiles(times: Times) -> Iterator[tuple[Labels, Value]]:
    for quantile, key in QUANTILES.items():
        value = getattr(times, key)
        if value is not None:
            yield (quantile,), value


def _single(value: float | None) -> dict[Labels, Value]:
    return {} if value is None else {(): value}


def _unix_time(began: str) -> float | None:
    try:
        return datetime.fromisoformat(began).timestamp()
    except (ValueError, OverflowError):
        return None
