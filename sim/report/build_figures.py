"""Figures as parts of the document of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from sim.config.build_thresholds import is_step
from sim.measure.figures import (
    ArrivalFigures,
    CallFigures,
    IntervalFigures,
    SetupFigures,
    StoryFigures,
    Summary,
)
from sim.measure.sketch import Quantiles
from sim.report.result_figures import (
    ArrivalCounts,
    CallCounts,
    CountedTimes,
    FailedCall,
    FailureKind,
    OperationCounts,
    OutcomeCount,
    PropagationTimes,
    SetupTimes,
    Times,
    WorkflowCounts,
)

NO_ERRORS = ("ok", "interrupted")


def times(figures: Quantiles) -> Times:
    return Times(**_quantiles(figures))


def counted(figures: Quantiles) -> CountedTimes:
    return CountedTimes(**_quantiles(figures), count=figures.count)


def _quantiles(figures: Quantiles) -> dict[str, float | None]:
    return {key: value for key, value in attrs.asdict(figures).items() if key != "count"}


def calls(figures: CallFigures) -> CallCounts:
    return CallCounts(
        total=figures.total,
        successful=figures.ok,
        failed=figures.failed,
        interrupted=figures.interrupted,
        success_rate=figures.success_rate,
        latency=times(figures.service),
        response_time=times(figures.response),
        outcomes=figures.outcomes,
        expected=figures.expected,
        answered=figures.answered,
        kept_out=figures.kept_out,
    )


def operations(figures: CallFigures, steps: Mapping[str, int]) -> OperationCounts:
    """Of a user, or of the baseline."""
    return OperationCounts(
        total_operations=figures.total,
        successful_operations=figures.ok,
        failed_operations=figures.failed,
        interrupted_operations=figures.interrupted,
        success_rate=figures.success_rate,
        latency=times(figures.service),
        operations_breakdown=dict(steps),
        errors_breakdown={kind: n for kind, n in figures.outcomes.items() if kind not in NO_ERRORS},
    )


def unknown_operations(why: str) -> OperationCounts:
    """Of a user who was lost."""
    return OperationCounts(None, None, None, None, None, Times(), {}, {}, lost=why)


def baseline(story: StoryFigures | None) -> OperationCounts:
    if story is None:
        return operations(CallFigures(0, 0, 0, 0, Quantiles(0), Quantiles(0), {}), {})
    return operations(story.calls, {name: step.total for name, step in story.steps.items()})


def workflow(story: StoryFigures, table: Sequence[str]) -> WorkflowCounts:
    """`table`: the names of its steps in the order of the story, where `{i}` stands for a number."""
    steps = dict(sorted(story.steps.items(), key=lambda step: place(step[0], table)))
    return WorkflowCounts(
        total_executions=story.total,
        successful_executions=story.succeeded,
        failed_executions=story.failed,
        interrupted_executions=story.interrupted,
        success_rate=story.success_rate,
        latency=times(story.duration),
        response_time=times(story.response),
        step_latencies={name: times(step.service) for name, step in steps.items()},
        steps={name: calls(step) for name, step in steps.items()},
        failures=story.failures,
        conflicts_retried=story.conflicts,
        leftovers=story.leftovers,
        calls=calls(story.calls),
        checks=story.checks,
        kept_out=story.kept_out,
    )


def place(step: str, table: Sequence[str]) -> tuple[int, int, str]:
    """Where a step stands in the table, then its number, then its name."""
    at = next((at for at, name in enumerate(table) if is_step(step, name)), len(table))
    number = re.search(r"\d+", step)
    return at, int(number[0]) if number else 0, step


def propagation(name: str, interval: str, figures: IntervalFigures) -> PropagationTimes:
    return PropagationTimes(
        workflow=name,
        interval=interval,
        count=figures.count,
        first_look_hit=figures.first_hits,
        lower=times(figures.lower),
        upper=times(figures.upper),
    )


def outcomes(summary: Summary) -> dict[str, OutcomeCount]:
    examples = summary.outcome_examples
    return {
        kind: OutcomeCount(count, tuple(examples.get(kind, ())))
        for kind, count in summary.calls.outcomes.items()
    }


def failures(summary: Summary) -> dict[str, dict[str, FailureKind]]:
    return {
        phase: {
            kind: FailureKind(
                figures.count,
                tuple(FailedCall(one.workflow, one.step, one.text, one.trace_id) for one in figures.examples),
            )
            for kind, figures in kinds.items()
        }
        for phase, kinds in summary.failures.items()
    }


def arrivals(figures: ArrivalFigures | None) -> ArrivalCounts | None:
    if figures is None:
        return None
    return ArrivalCounts(figures.due, figures.played, figures.dropped, figures.interrupted)


def setup(figures: SetupFigures) -> SetupTimes:
    return SetupTimes(
        **_quantiles(figures.seconds),
        count=figures.seconds.count,
        failures=figures.failures,
        example=figures.example,
    )
