"""The report as JSON. The keys of the framework that people come from are kept, in seconds and percent.

`baseline` holds the single-user operations: the steps of the workflow of that name. `workflows`
holds all workflows, that one too; `total_workflows` counts the executions of the others. Every
user's operations are all their calls, so they add up to `calls.total`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs

from actors.events import Violation
from actors.text import harmless
from sim.measure.sketch import Quantiles
from sim.measure.summary import (
    BASELINE,
    CallFigures,
    IntervalFigures,
    StoryFigures,
    Summary,
    UserFigures,
)
from sim.measure.thresholds import Verdict
from sim.report.destination import deliver
from sim.report.run_info import RunInfo

SCHEMA_VERSION = 1
MAX_TEXT = 2_000


def build(summary: Summary, info: RunInfo) -> dict[str, Any]:
    """The whole report as plain values, in a fixed order. Wall-clock fields stand under `wall_clock`."""
    baseline = summary.stories.get(BASELINE)
    others = [story for name, story in summary.stories.items() if name != BASELINE]
    return {
        "schema_version": SCHEMA_VERSION,
        "summary": {
            "duration": summary.measured_s,
            "total_workflows": sum(story.total for story in others),
            "total_baseline_ops": sum(c.total for c in baseline.steps.values()) if baseline else 0,
            "total_users": info.users,
            "total_operations": summary.calls.total,
        },
        "thresholds": [verdict_json(verdict) for verdict in info.verdicts],
        "breakpoint": None if info.breakpoint is None else attrs.asdict(info.breakpoint),
        "target": info.target,
        "clock": info.clock,
        "seed": info.seed,
        "login": info.login,
        "protocols": info.protocols,
        "stopped": info.stopped,
        "exit_code": info.exit_code,
        "calls": calls(summary.calls),
        "workflows": {name: story_json(story) for name, story in summary.stories.items()},
        "users": {uid: user_json(user) for uid, user in summary.users.items()},
        "baseline": baseline_json(baseline),
        "consistency": {name: consistency(story, summary) for name, story in summary.stories.items()},
        "checks": summary.checks,
        "propagation": {
            f"{name}.{interval}": interval_json(figures)
            for name, story in summary.stories.items()
            for interval, figures in story.intervals.items()
        },
        "outcomes": {
            kind: {"count": count, "examples": summary.outcome_examples.get(kind, [])}
            for kind, count in summary.calls.outcomes.items()
        },
        "error_examples": summary.outcome_examples,
        "phases": summary.phases,
        "setup": {
            name: {
                **quantiles(s.seconds),
                "count": s.seconds.count,
                "failures": s.failures,
                "example": s.example,
            }
            for name, s in summary.setup.items()
        },
        "inbox_wait": {**quantiles(summary.inbox_wait), "count": summary.inbox_wait.count},
        "not_started": summary.not_started,
        "groups": {name: calls(figures) for name, figures in summary.groups.items()},
        "regions": {name: calls(figures) for name, figures in summary.regions.items()},
        "generator": {"lateness": quantiles(summary.lateness)},
        "timeseries": timeseries(summary),
        "cleanup": {"text": info.cleanup, "left_behind": list(info.left_behind)},
        "config": info.config,
        "wall_clock": {"began": info.began, "generator_cpu": info.generator_cpu},
    }


def text_of(report: dict[str, Any]) -> str:
    """As it stands in a file: valid UTF-8, whatever texts servers and files have put in.

    Raises ValueError where a figure is no number.
    """
    return json.dumps(presentable(report), indent=2, allow_nan=False) + "\n"


def write(report: dict[str, Any], path: Path) -> None:
    """Write the report in one go: nobody ever sees half of it. Raises OSError, and as `text_of` does."""
    deliver(text_of(report), path)


def presentable(value: Any) -> Any:
    """Without control characters and halves of characters, in keys and texts."""
    match value:
        case str():
            return value if value.isprintable() else harmless(value, MAX_TEXT)
        case dict():
            return {presentable(str(key)): presentable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [presentable(inner) for inner in value]
        case _:
            return value


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "threshold": verdict.threshold.text,
        "passed": verdict.held,
        "measured": verdict.measured,
        "bound": verdict.threshold.bound,
        "unit": verdict.threshold.unit.value,
    }


def quantiles(figures: Quantiles) -> dict[str, float | None]:
    return {key: value for key, value in attrs.asdict(figures).items() if key != "count"}


def calls(figures: CallFigures) -> dict[str, Any]:
    return {
        "total": figures.total,
        "successful": figures.ok,
        "failed": figures.failed,
        "interrupted": figures.interrupted,
        "success_rate": figures.success_rate,
        "latency": quantiles(figures.service),
        "response_time": quantiles(figures.response),
        "outcomes": figures.outcomes,
    }


def operations(figures: CallFigures, steps: dict[str, int]) -> dict[str, Any]:
    """A user's or the baseline's operations, with the keys of the framework that people come from."""
    errors = {k: count for k, count in figures.outcomes.items() if k not in ("ok", "interrupted")}
    return {
        "total_operations": figures.total,
        "successful_operations": figures.ok,
        "failed_operations": figures.failed,
        "interrupted_operations": figures.interrupted,
        "success_rate": figures.success_rate,
        "latency": quantiles(figures.service),
        "operations_breakdown": steps,
        "errors_breakdown": errors,
    }


def user_json(user: UserFigures) -> dict[str, Any]:
    return operations(user.calls, user.steps)


def baseline_json(story: StoryFigures | None) -> dict[str, Any]:
    if story is None:
        nothing = CallFigures(0, 0, 0, 0, Quantiles(0), Quantiles(0), {})
        return operations(nothing, {})
    return operations(story.calls, {name: step.total for name, step in story.steps.items()})


def story_json(story: StoryFigures) -> dict[str, Any]:
    return {
        "total_executions": story.total,
        "successful_executions": story.succeeded,
        "failed_executions": story.failed,
        "interrupted_executions": story.interrupted,
        "success_rate": story.success_rate,
        "latency": quantiles(story.duration),
        "response_time": quantiles(story.response),
        "step_latencies": {name: quantiles(step.service) for name, step in story.steps.items()},
        "steps": {name: calls(step) for name, step in story.steps.items()},
        "failures": story.failures,
        "conflicts_retried": story.conflicts,
        "leftovers": story.leftovers,
    }


def consistency(story: StoryFigures, summary: Summary) -> dict[str, Any]:
    return {
        "violations": story.violations,
        "conflicts_retried": story.conflicts,
        "examples": [violation(example, summary) for example in story.examples],
    }


def violation(example: Violation, summary: Summary) -> dict[str, Any]:
    return {
        "kind": example.kind.value,
        "step": example.step,
        "user": example.user,
        "expected": example.expected,
        "seen": example.seen,
        "at": example.at - summary.started,
    }


def interval_json(figures: IntervalFigures) -> dict[str, Any]:
    return {
        "count": figures.count,
        "first_look_hit": figures.first_hits,
        "lower": quantiles(figures.lower),
        "upper": quantiles(figures.upper),
    }


def timeseries(summary: Summary) -> dict[str, Any]:
    rows = [
        {
            "at": place * summary.row_s,
            "operations": row.calls,
            "errors": row.errors,
            "workflows": row.executions,
            "users": row.users,
            "mean": row.mean_s,
            "max": row.slowest_s if row.timed else None,
        }
        for place, row in enumerate(summary.rows)
    ]
    return {"row_seconds": summary.row_s, "rows": rows}
