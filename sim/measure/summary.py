"""The figures of a run, derived from the recorder's leaves once, at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import attrs

from actors.errors import Outcome
from actors.measurement import Ending, Phase, Violation
from sim.measure.recorder import Recorder, StepKey, StepLeaf, StoryLeaf, UserLeaf
from sim.measure.sketch import Quantiles, Sketch
from sim.measure.timeline import Row

BASELINE = "baseline"
"""The workflow whose steps are operations of a single user: reports show it by itself."""


@attrs.frozen
class CallFigures:
    """Calls of one step, one user, or a whole workflow. `ok + failed + interrupted == total`."""

    total: int
    ok: int
    failed: int
    interrupted: int
    service: Quantiles
    response: Quantiles
    outcomes: dict[str, int]

    @property
    def success_rate(self) -> float:
        """Percent of the calls that were brought to an end."""
        ended = self.ok + self.failed
        return 100.0 * self.ok / ended if ended else 0.0


@attrs.frozen
class UserFigures:
    """One user's measured calls, and how often he made each step."""

    calls: CallFigures
    steps: dict[str, int]


@attrs.frozen
class IntervalFigures:
    """Spans known between two bounds, seconds."""

    count: int
    first_hits: int
    lower: Quantiles
    upper: Quantiles


@attrs.frozen
class StoryFigures:
    """Executions of one workflow."""

    succeeded: int
    failed: int
    interrupted: int
    duration: Quantiles
    response: Quantiles
    failures: dict[str, int]
    violations: dict[str, int]
    examples: tuple[Violation, ...]
    intervals: dict[str, IntervalFigures]
    conflicts: int
    leftovers: int
    calls: CallFigures
    steps: dict[str, CallFigures]

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.interrupted

    @property
    def success_rate(self) -> float:
        """Percent of the executions that were brought to an end."""
        ended = self.succeeded + self.failed
        return 100.0 * self.succeeded / ended if ended else 0.0


@attrs.frozen
class SetupFigures:
    """One kind of set-up step: how long the good ones took, how many failed, and why one did."""

    seconds: Quantiles
    failures: int
    example: str


@attrs.frozen
class Summary:
    """Everything that a report shows of a run. Figures are of the measured phase unless they say more."""

    measured_s: float
    calls: CallFigures
    stories: dict[str, StoryFigures]
    users: dict[str, UserFigures]
    phases: dict[str, int]
    tool_calls: int
    outcome_examples: dict[str, list[str]]
    setup: dict[str, SetupFigures]
    not_started: dict[str, dict[str, int]]
    inbox_wait: Quantiles
    lateness: Quantiles
    groups: dict[str, CallFigures]
    regions: dict[str, CallFigures]
    rows: tuple[Row, ...]
    row_s: float
    started: float
    checks: dict[str, int] = attrs.Factory(dict)
    """How many expectations were checked, by kind."""

    @property
    def violations(self) -> int:
        return sum(sum(story.violations.values()) for story in self.stories.values())


def summarize(recorder: Recorder) -> Summary:
    """Derive the figures; the recorder stays as it is."""
    measured = {key: leaf for key, leaf in recorder.steps.items() if key.phase is Phase.MEASURED}
    named = {key: leaf for key, leaf in measured.items() if key.workflow}
    workflows = sorted({key.workflow for key in named} | {name for name, _, _ in recorder.stories})
    return Summary(
        measured_s=recorder.phase_span(Phase.MEASURED),
        calls=call_figures(measured.values()),
        stories={name: story_figures(recorder, name, named) for name in workflows},
        users={uid: user_figures(leaf) for uid, leaf in sorted(recorder.users.items(), key=by_number)},
        phases={phase.value: count_in(recorder, phase) for phase in Phase},
        tool_calls=recorder.calls,
        outcome_examples=dict(sorted(recorder.outcome_examples.items())),
        setup={
            name: SetupFigures(leaf.seconds.quantiles(), leaf.failures, leaf.example)
            for name, leaf in recorder.setup.items()
        },
        not_started=not_started(recorder),
        inbox_wait=recorder.inbox_wait.quantiles(),
        lateness=recorder.lateness.quantiles(),
        groups=split_by(lambda key: key.group, measured),
        regions=split_by(lambda key: key.region, measured),
        rows=tuple(recorder.timeline.rows),
        row_s=recorder.timeline.row_s,
        started=recorder.started,
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
    return figures(outcomes, service.quantiles(), response.quantiles())


def figures(outcomes: Counter[str], service: Quantiles, response: Quantiles) -> CallFigures:
    total = outcomes.total()
    ok, interrupted = outcomes[Outcome.OK.value], outcomes[Outcome.INTERRUPTED.value]
    ordered = dict(sorted((kind, count) for kind, count in outcomes.items() if count))
    return CallFigures(total, ok, total - ok - interrupted, interrupted, service, response, ordered)


def user_figures(leaf: UserLeaf) -> UserFigures:
    ok = leaf.outcomes[Outcome.OK.value]
    service = (
        leaf.service.quantiles()
        if leaf.service is not None
        else Quantiles(ok, mean=leaf.seconds / ok if ok else None)
    )
    return UserFigures(figures(leaf.outcomes, service, Quantiles(0)), dict(sorted(leaf.steps.items())))


def story_figures(recorder: Recorder, name: str, measured: dict[StepKey, StepLeaf]) -> StoryFigures:
    leaves = [leaf for (workflow, _, _), leaf in recorder.stories.items() if workflow == name]
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
            for kind, count in sorted(sum((leaf.violations for leaf in leaves), Counter()).items())
        },
        examples=tuple(example for leaf in leaves for example in leaf.examples),
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
    )


def interval_figures(leaves: list[StoryLeaf], name: str) -> IntervalFigures:
    spans = [leaf.intervals[name] for leaf in leaves if name in leaf.intervals]
    upper = Sketch.merged(span.upper for span in spans)
    lower = Sketch.merged(span.lower for span in spans)
    hits = sum(span.first_hits for span in spans)
    return IntervalFigures(upper.count, hits, lower.quantiles(), upper.quantiles())


def merged(leaves: list[StoryLeaf], sketch: Callable[[StoryLeaf], Sketch]) -> Quantiles:
    return Sketch.merged(sketch(leaf) for leaf in leaves).quantiles()


def count_in(recorder: Recorder, phase: Phase) -> int:
    return sum(leaf.outcomes.total() for key, leaf in recorder.steps.items() if key.phase is phase)


def not_started(recorder: Recorder) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for (workflow, why), count in sorted(recorder.not_started.items()):
        table.setdefault(why, {})[workflow] = count
    return table


def by_number(item: tuple[str, UserLeaf]) -> tuple[str, int]:
    """Sort `x_user_2` before `x_user_10`."""
    stem, _, number = item[0].rpartition("_")
    return (stem, int(number)) if number.isdecimal() else (item[0], 0)
