"""Builds the document of a run from its figures, and from the facts around them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from actors.events import Violation
from sim import __version__
from sim.clean.end import CleanupEnd
from sim.config.model import Config
from sim.measure.summary import BASELINE, Summary, by_number
from sim.measure.thresholds import Verdict
from sim.report import build_capacity, build_course, build_detail, build_figures
from sim.report.configuration import comparable_key, config_json
from sim.report.facts import FoundBreakpoint, RunFacts
from sim.report.result import PRODUCT, SCHEMA_VERSION, Result
from sim.report.result_end import (
    BreakpointResult,
    Cleanup,
    Consistency,
    ThresholdResult,
    ViolationExample,
    WallClock,
)
from sim.report.result_figures import OperationCounts, Totals, was_only_cut_off
from sim.report.result_json import presentable
from sim.runtime.exit import Trouble, exit_code


def build_result(config: Config, summary: Summary, facts: RunFacts) -> Result:
    """The document, in which every text is one line of printable characters; the exit code is in it.

    Raises ValueError where a figure is no finite number.
    """
    parts = (of_stories(summary, facts), of_calls(summary, facts), around(config, summary, facts))
    result = Result(**{name: value for part in parts for name, value in part.keywords.items()})
    cleaned: Result = presentable(result)
    return cleaned


def of_stories(summary: Summary, facts: RunFacts) -> partial[Result]:
    """What became of workflows, and of the users in them."""
    stories = summary.stories
    return partial(
        Result,
        workflows={
            name: build_figures.workflow(story, facts.steps.get(name, ())) for name, story in stories.items()
        },
        users=of_users(summary, facts.lost_users),
        baseline=build_figures.baseline(stories.get(BASELINE)),
        consistency={name: consistency(summary, name) for name in stories},
        checks=summary.checks,
        propagation={
            f"{name}.{interval}": build_figures.propagation(name, interval, figures)
            for name, story in stories.items()
            for interval, figures in story.intervals.items()
        },
        failures=build_figures.failures(summary),
        executions=summary.executions,
        arrivals=build_figures.arrivals(summary.arrivals),
        not_started=summary.not_started,
        examples=build_detail.examples(summary),
    )


def of_users(summary: Summary, lost: Mapping[str, str]) -> dict[str, OperationCounts]:
    """Whoever was lost is among them, with all that is known: why."""
    known = {uid: build_figures.operations(user.calls, user.steps) for uid, user in summary.users.items()}
    unknown = {uid: build_figures.unknown_operations(why) for uid, why in lost.items() if uid not in known}
    return dict(sorted((known | unknown).items(), key=by_number)) if unknown else known


def of_calls(summary: Summary, facts: RunFacts) -> partial[Result]:
    """Calls, and the course of the run."""
    return partial(
        Result,
        summary=totals(summary, facts.users),
        calls=build_figures.calls(summary.calls),
        outcomes=build_figures.outcomes(summary),
        error_examples={kind: tuple(texts) for kind, texts in summary.outcome_examples.items()},
        phases=summary.phases,
        setup={name: build_figures.setup(figures) for name, figures in summary.setup.items()},
        inbox_wait=build_figures.counted(summary.inbox_wait),
        groups={name: build_figures.calls(figures) for name, figures in summary.groups.items()},
        regions={name: build_figures.calls(figures) for name, figures in summary.regions.items()},
        tools={name: build_figures.calls(figures) for name, figures in summary.tools.items()},
        levels=build_detail.levels(summary, [verdict.threshold for verdict in facts.verdicts]),
        burst=build_course.burst(summary.burst),
        generator=build_course.generator(summary, facts.generator_cpu, facts.generator_rss, facts.shards),
        timeseries=build_course.timeseries(summary),
        sketches=build_detail.sketches(summary.sketches),
    )


def around(config: Config, summary: Summary, facts: RunFacts) -> partial[Result]:
    """All that is no figure: what was run, and how it ended."""
    return partial(
        Result,
        schema_version=SCHEMA_VERSION,
        thresholds=tuple(threshold_result(verdict, summary.started) for verdict in facts.verdicts),
        breakpoint=breakpoint_result(facts.breakpoint),
        capacity=build_capacity.capacity(facts.capacity, config.sought.limits if config.sought else ()),
        target=facts.target,
        clock=facts.clock,
        seed=config.load.seed,
        login=facts.login,
        protocols=dict(facts.protocols),
        stopped=facts.stopped,
        exit_code=int(exit_code(trouble_of(config, summary, facts))),
        cleanup=cleanup(facts.cleanup),
        config=config_json(config),
        comparable=comparable_key(config),
        command=facts.command,
        product=PRODUCT,
        version=__version__,
        run_id=facts.run_id,
        steered=any(each.kind.changes for each in summary.steered),
        annotations=build_course.changes_by_hand(summary),
        wall_clock=WallClock(facts.began, facts.generator_cpu),
        label=config.output.label or "",
        shards=facts.shards,
    )


def trouble_of(config: Config, summary: Summary, facts: RunFacts) -> Trouble:
    """All that went wrong in a run."""
    return Trouble(
        bug=facts.has_bug,
        left_behind=not facts.cleanup.is_clean,
        signal=facts.signal,
        failed=bool(facts.problem) or not summary.calls.ok,
        # In a search they are an answer: of the levels above.
        violated=bool(summary.violations) and not (config.stories.allow_violations or config.sought),
        broken=facts.was_broken
        or not all(verdict.held for verdict in facts.verdicts)
        or carries_nothing(facts),
        fruitless=is_fruitless(summary),
        unfinished=is_unfinished(summary),
        degraded=any(shard.lost for shard in facts.shards),
    )


def carries_nothing(facts: RunFacts) -> bool:
    """Whether a search found no level at which all limits hold."""
    return facts.capacity is not None and facts.capacity.held is None


def is_fruitless(summary: Summary) -> bool:
    """Whether a workflow came to its end and never to a good one, or nothing was played at all.

    Of what the end of the run cut off nobody knows how it would have ended.
    """
    good = sum(endings["succeeded"] for endings in summary.executions.values())
    return not (good or was_only_cut_off(summary.executions)) or any(
        story.failed and not story.succeeded for story in summary.stories.values()
    )


def is_unfinished(summary: Summary) -> bool:
    """Whether every execution of a workflow was cut off by the end of the run, or all that were played."""
    return was_only_cut_off(summary.executions) or any(
        story.total == story.interrupted > 0 for story in summary.stories.values()
    )


def totals(summary: Summary, users: int) -> Totals:
    """The whole run in five figures; the baseline's executions are operations."""
    alone = summary.stories.get(BASELINE)
    return Totals(
        duration=summary.measured_s,
        total_workflows=sum(story.total for name, story in summary.stories.items() if name != BASELINE),
        total_baseline_ops=sum(step.total for step in alone.steps.values()) if alone else 0,
        total_users=users,
        total_operations=summary.calls.total,
    )


def threshold_result(verdict: Verdict, started: float) -> ThresholdResult:
    threshold = verdict.threshold
    return ThresholdResult(
        threshold=threshold.text,
        passed=verdict.held,
        measured=verdict.measured,
        bound=threshold.bound,
        unit=threshold.unit.value,
        aborts=threshold.aborts,
        note=verdict.note,
        broke_at=None if verdict.broke_at is None else verdict.broke_at - started,
    )


def breakpoint_result(found: FoundBreakpoint | None) -> BreakpointResult | None:
    if found is None:
        return None
    return BreakpointResult(
        held=found.held,
        broke=found.broke,
        by=tuple(found.by),
        silent=tuple(found.silent),
        succeeded=found.succeeded,
        note=found.note,
        text=str(found),
    )


def consistency(summary: Summary, workflow: str) -> Consistency:
    story = summary.stories[workflow]
    examples = tuple(violation(summary, workflow, one) for one in story.examples)
    return Consistency(story.violations, story.conflicts, examples)


def violation(summary: Summary, workflow: str, seen: Violation) -> ViolationExample:
    """One violation, with what both sides did in its execution where that has been kept."""
    story = build_detail.story_behind(summary, workflow, seen.step, seen.user, seen.at)
    return ViolationExample(
        kind=seen.kind.value,
        step=seen.step,
        user=seen.user,
        expected=seen.expected,
        seen=seen.seen,
        at=seen.at - summary.started,
        execution=story.execution.number if story else 0,
        steps=build_detail.spans(story.spans, summary.started) if story else (),
        trace_id=seen.trace_id,
    )


def cleanup(end: CleanupEnd) -> Cleanup:
    result = end.result
    return Cleanup(
        text=end.text,
        left_behind=end.left,
        removed=result.removed if result else None,
        expiring=result.expiring if result else (),
        notes=result.notes if result else (),
        kept=end.kept,
    )
