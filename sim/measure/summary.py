"""The figures of a run, derived from the tally's leaves once, at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from actors.events import Ending, Missed, Phase
from sim.measure.figures import (
    BASELINE,
    ArrivalFigures,
    CallFigures,
    FailureFigures,
    IntervalFigures,
    SetupFigures,
    StoryFigures,
    Summary,
    UserFigures,
)
from sim.measure.kinds import is_failure
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import CallSums, Leaves, StepLeaf, StoryLeaf
from sim.measure.run_leaves import UserLeaf
from sim.measure.sketch import Quantiles, Sketch
from sim.measure.sketch_sets import sketch_set
from sim.measure.tally import MAX_EXAMPLES, Tally

__all__ = [
    "BASELINE",
    "ArrivalFigures",
    "CallFigures",
    "FailureFigures",
    "IntervalFigures",
    "SetupFigures",
    "StoryFigures",
    "Summary",
    "UserFigures",
    "by_number",
    "summarize",
]


def summarize(tally: Tally, leaves: Leaves | None = None) -> Summary:
    """Derive the figures; the tally stays as it is. Steps stand in the order in which they were met.

    Args:
        leaves: the tally's, of a certain time; None: of all that it has been told.
    """
    leaves = tally.settled() if leaves is None else leaves
    measured = {key: leaf for key, leaf in leaves.steps.items() if key.phase is Phase.MEASURED}
    named = {key: leaf for key, leaf in measured.items() if key.workflow}
    workflows = sorted({key.workflow for key in named} | {key.workflow for key in leaves.stories})
    return Summary(
        measured_s=leaves.seconds,
        calls=call_figures(measured.values()),
        stories={name: story_figures(leaves, name, named) for name in workflows},
        users={uid: user_figures(leaf) for uid, leaf in sorted(tally.users.items(), key=by_number)},
        phases={phase.value: leaves.counts_in(phase).total for phase in Phase},
        tool_calls=leaves.counts_in().total,
        outcome_examples=outcome_examples(tally),
        setup={
            name: SetupFigures(leaf.seconds.quantiles(), leaf.failures, leaf.example)
            for name, leaf in tally.setup.items()
        },
        not_started=not_started(leaves),
        inbox_wait=leaves.inbox_wait.quantiles(),
        lateness=leaves.lateness.quantiles(),
        groups=split_by(lambda key: key.group, measured),
        regions=split_by(lambda key: key.region, measured),
        rows=tuple(tally.timeline.rows),
        row_s=tally.timeline.row_s,
        started=tally.started,
        failures=failures(tally, leaves),
        executions=executions(leaves),
        arrivals=arrivals(leaves),
        stalls=tally.stalls.figures,
        burst=tally.timeline.burst(),
        checks=checks(leaves.stories.values()),
        tools=split_by(lambda key: key.tool, measured),
        sketches=sketch_set(leaves),
        kept=dict(tally.kept.stories),
        levels=tally.levels.figures(),
        steered=tuple(tally.steered),
    )


def split_by(label: Callable[[StepKey], str], leaves: dict[StepKey, StepLeaf]) -> dict[str, CallFigures]:
    """The figures of each label, without those that have none."""
    labels = sorted({label(key) for key in leaves} - {""})
    return {each: call_figures(leaf for key, leaf in leaves.items() if label(key) == each) for each in labels}


def call_figures(leaves: Iterable[StepLeaf]) -> CallFigures:
    """The figures of several leaves together."""
    leaves = list(leaves)
    outcomes: Counter[str] = sum((leaf.outcomes for leaf in leaves), Counter())
    service = Sketch.merged(leaf.service for leaf in leaves)
    response = Sketch.merged(leaf.response for leaf in leaves)
    kept_out = sum(leaf.kept_out for leaf in leaves)
    return figures(outcomes, service.quantiles(), response.quantiles(), kept_out)


def figures(
    outcomes: Counter[str], service: Quantiles, response: Quantiles, kept_out: int = 0
) -> CallFigures:
    counts = CallSums.of(outcomes)
    return CallFigures(
        total=counts.total,
        ok=counts.ok,
        failed=counts.failed,
        interrupted=counts.interrupted,
        service=service,
        response=response,
        outcomes=dict(sorted((kind, count) for kind, count in outcomes.items() if count)),
        expected=counts.expected,
        answered=counts.answered,
        kept_out=kept_out,
    )


def user_figures(leaf: UserLeaf) -> UserFigures:
    return UserFigures(
        figures(leaf.outcomes, leaf.quantiles(), Quantiles(0)), dict(sorted(leaf.steps.items()))
    )


def story_figures(whole: Leaves, name: str, measured: dict[StepKey, StepLeaf]) -> StoryFigures:
    everywhere = [leaf for key, leaf in whole.stories.items() if key.workflow == name]
    leaves = [
        leaf for key, leaf in whole.stories.items() if key.workflow == name and key.phase is Phase.MEASURED
    ]
    endings: Counter[Ending] = sum((leaf.endings for leaf in leaves), Counter())
    steps = {key.step: None for key in measured if key.workflow == name}
    return StoryFigures(
        succeeded=endings[Ending.SUCCEEDED],
        failed=endings[Ending.FAILED],
        interrupted=endings[Ending.INTERRUPTED],
        duration=merged(leaves, lambda leaf: leaf.duration),
        response=merged(leaves, lambda leaf: leaf.response),
        failures=dict(sorted(sum((leaf.failures for leaf in leaves), Counter()).items())),
        violations={
            kind.value: count
            for kind, count in sorted(sum((leaf.violations for leaf in everywhere), Counter()).items())
        },
        examples=tuple(example for leaf in everywhere for example in leaf.examples),
        intervals={
            interval: interval_figures(leaves, interval)
            for interval in sorted({each for leaf in leaves for each in leaf.intervals})
        },
        conflicts=sum(leaf.conflicts for leaf in leaves),
        leftovers=sum(leaf.leftovers for leaf in leaves),
        calls=call_figures(leaf for key, leaf in measured.items() if key.workflow == name),
        steps={
            step: call_figures(
                leaf for key, leaf in measured.items() if (key.workflow, key.step) == (name, step)
            )
            for step in steps
        },
        checks=checks(everywhere),
        kept_out=sum(leaf.kept_out for leaf in leaves),
    )


def interval_figures(leaves: list[StoryLeaf], name: str) -> IntervalFigures:
    spans = [leaf.intervals[name] for leaf in leaves if name in leaf.intervals]
    upper = Sketch.merged(span.upper for span in spans)
    lower = Sketch.merged(span.lower for span in spans)
    hits = sum(span.first_hits for span in spans)
    return IntervalFigures(upper.count, hits, lower.quantiles(), upper.quantiles())


def merged(leaves: list[StoryLeaf], sketch: Callable[[StoryLeaf], Sketch]) -> Quantiles:
    return Sketch.merged(sketch(leaf) for leaf in leaves).quantiles()


def not_started(leaves: Leaves) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for (workflow, why), count in sorted(leaves.not_started.items()):
        table.setdefault(why, {})[workflow] = count
    return table


def outcome_examples(tally: Tally) -> dict[str, list[str]]:
    """A few texts of each kind of failure; those of the measured phase first."""
    texts: dict[str, dict[str, None]] = {}
    by_phase = sorted(tally.failure_examples.items(), key=lambda item: item[0][0] is not Phase.MEASURED)
    for (_, kind), examples in by_phase:
        texts.setdefault(kind, {}).update({example.text: None for example in examples})
    return {kind: list(texts[kind])[:MAX_EXAMPLES] for kind in sorted(texts)}


def failures(tally: Tally, leaves: Leaves) -> dict[str, dict[str, FailureFigures]]:
    table: dict[str, Counter[str]] = {}
    for key, leaf in leaves.steps.items():
        table.setdefault(key.phase.value, Counter()).update(leaf.outcomes)
    return {
        phase.value: {
            kind: FailureFigures(count, tuple(tally.failure_examples.get((phase, kind), ())))
            for kind, count in sorted(table[phase.value].items())
            if is_failure(kind)
        }
        for phase in Phase
        if any(map(is_failure, table.get(phase.value, ())))
    }


def checks(leaves: Iterable[StoryLeaf]) -> dict[str, int]:
    made: Counter[str] = Counter()
    for leaf in leaves:
        made.update(leaf.checks)
    return dict(sorted(made.items()))


def executions(leaves: Leaves) -> dict[str, dict[str, int]]:
    table: dict[Phase, Counter[Ending]] = {}
    for key, leaf in leaves.stories.items():
        table.setdefault(key.phase, Counter()).update(leaf.endings)
    return {
        phase.value: {ending.value: table[phase][ending] for ending in Ending}
        for phase in Phase
        if phase in table
    }


def arrivals(leaves: Leaves) -> ArrivalFigures | None:
    arrived: Counter[Ending] = Counter()
    for key, leaf in leaves.stories.items():
        if key.phase is Phase.MEASURED:
            arrived.update(leaf.arrived)
    dropped = leaves.count_not_started(Missed.DROPPED)
    if not arrived and not dropped:
        return None
    interrupted = arrived[Ending.INTERRUPTED]
    return ArrivalFigures(arrived.total() - interrupted, dropped, interrupted)


def by_number(item: tuple[str, object]) -> tuple[str, int]:
    """Sort `x_user_2` before `x_user_10`."""
    stem, _, number = item[0].rpartition("_")
    return (stem, int(number)) if number.isdecimal() else (item[0], 0)
