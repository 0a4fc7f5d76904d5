"""What can still be asked of a run later, as parts of its document: sketches, levels, and executions."""

from __future__ import annotations

from collections.abc import Sequence

from actors.trace_context import trace_id_of
from sim.config.grammar.threshold import Threshold
from sim.measure.figures import SketchOfBoth, SketchSet, Summary
from sim.measure.kept import Example, Span
from sim.measure.levels import LevelFigures
from sim.measure.sketch import Sketch
from sim.report.build_figures import times
from sim.report.result_course import Level
from sim.report.result_end import ExecutionExample, ExecutionExamples, StepSpan
from sim.report.result_figures import Sketches, SketchPair, SketchPoints


def sketches(kept: SketchSet) -> Sketches:
    return Sketches(
        calls=pair(kept.calls),
        workflows={name: pair(both) for name, both in kept.workflows.items()},
        steps={name: pair(both) for name, both in kept.steps.items()},
        tools={name: pair(both) for name, both in kept.tools.items()},
        executions={name: pair(both) for name, both in kept.executions.items()},
        propagation={name: points(each) for name, each in kept.propagation.items()},
    )


def pair(both: SketchOfBoth) -> SketchPair:
    service, response = both
    return SketchPair(points(service), points(response))


def points(sketch: Sketch) -> SketchPoints:
    """At most 200 of them, whatever the number of samples."""
    if not sketch.count:
        return SketchPoints(0, 0.0, None, None, (), ())
    kept = sketch.points()
    return SketchPoints(
        sketch.count, sketch.total, sketch.min, sketch.max, tuple(kept.means), tuple(map(float, kept.weights))
    )


def levels(summary: Summary, limits: Sequence[Threshold]) -> tuple[Level, ...]:
    return tuple(level(each, summary.started, limits) for each in summary.levels)


def level(figures: LevelFigures, started: float, limits: Sequence[Threshold]) -> Level:
    answered = figures.calls - figures.errors
    return Level(
        wanted=figures.wanted,
        unit=figures.unit,
        begun=max(0.0, figures.begun - started),
        seconds=figures.seconds,
        operations=figures.calls,
        errors=figures.errors,
        throughput=answered / figures.seconds if figures.seconds else None,
        service=times(figures.service.quantiles()),
        response=times(figures.response.quantiles()),
        held=figures.held(limits),
    )


def examples(summary: Summary) -> dict[str, ExecutionExamples]:
    """The slowest executions of each workflow, the first that failed, and one that took as long as most."""
    return {
        name: ExecutionExamples(
            slowest=tuple(example(each, summary.started) for each in story.slowest),
            failed=tuple(example(each, summary.started) for each in story.failed),
            median=usual(summary, name),
        )
        for name, story in sorted(summary.kept.items())
    }


def usual(summary: Summary, workflow: str) -> ExecutionExample | None:
    median_s = summary.stories[workflow].duration.median if workflow in summary.stories else None
    kept = None if median_s is None else summary.kept[workflow].usual(median_s)
    return None if kept is None else example(kept, summary.started)


def example(kept: Example, started: float) -> ExecutionExample:
    played = kept.execution
    return ExecutionExample(
        number=played.number,
        cast=played.cast,
        ending=played.ending.value,
        begun=played.started - started,
        seconds=kept.seconds,
        due=None if played.due is None else played.due - started,
        failure=played.failure,
        steps=spans(kept.spans, started),
        trace_id=trace_id_of(played.traceparent),
    )


def spans(kept: tuple[Span, ...], started: float) -> tuple[StepSpan, ...]:
    return tuple(
        StepSpan(
            step=each.step,
            tool=each.tool,
            user=each.user,
            begun=each.started - started,
            seconds=each.finished - each.started,
            outcome=each.kind,
        )
        for each in kept
    )


def story_behind(summary: Summary, workflow: str, step: str, user: str, at: float) -> Example | None:
    """The execution in which a violation was seen, where it has been kept."""
    story = summary.kept.get(workflow)
    for each in story.violated if story else ():
        if any((v.step, v.user, v.at) == (step, user, at) for v in each.execution.violations):
            return each
    return None
