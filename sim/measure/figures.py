"""The figures of a run, as values: what reports show, and comparisons compare."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from actors.events import Steered, Violation
from sim.measure.kept import ExamplesOfStory
from sim.measure.levels import LevelFigures
from sim.measure.run_leaves import FailureExample
from sim.measure.sketch import Quantiles, Sketch
from sim.measure.stalls import StallFigures
from sim.measure.timeline import Burst
from sim.measure.timeline_row import Row

BASELINE = "baseline"
"""The workflow whose steps are operations of a single user: reports show it by itself."""


@attrs.frozen
class CallFigures:
    """Calls of one step, one user, or a whole workflow.

    `ok + failed + expected + interrupted == total`.

    Attributes:
        answered: calls to which there was any answer; those of a server that is down are soon many.
        expected: failures that are part of the story (a conflict that was retried), and no errors.
        kept_out: successful calls that have no latency, since the simulator itself stood still meanwhile.
    """

    total: int
    ok: int
    failed: int
    interrupted: int
    service: Quantiles
    response: Quantiles
    outcomes: dict[str, int]
    expected: int = 0
    answered: int = 0
    kept_out: int = 0

    @property
    def success_rate(self) -> float | None:
        """Percent of the calls that were brought to an end; None where none was."""
        ended = self.ok + self.failed
        return 100.0 * self.ok / ended if ended else None


@attrs.frozen
class UserFigures:
    """One user's measured calls, and how often they made each step."""

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
    """Executions of one workflow that were due in the measured phase, unless a field says more.

    Attributes:
        violations, examples, checks: of the whole run: what is wrong is wrong in the warm-up too.
        kept_out: executions that have no duration, since the simulator itself stood still meanwhile.
    """

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
    checks: dict[str, int] = attrs.Factory(dict)
    kept_out: int = 0

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.interrupted

    @property
    def success_rate(self) -> float | None:
        """Percent of the executions that were brought to an end; None where none was."""
        ended = self.succeeded + self.failed
        return 100.0 * self.succeeded / ended if ended else None


@attrs.frozen
class SetupFigures:
    """One kind of set-up step: how long the good ones took, how many failed, and why one did."""

    seconds: Quantiles
    failures: int
    example: str


@attrs.frozen
class FailureFigures:
    """Failed calls of one kind in one phase, and the first different texts of them."""

    count: int
    examples: tuple[FailureExample, ...]


@attrs.frozen
class ArrivalFigures:
    """Open model: workflows that were due in the measured phase. `due == played + dropped + interrupted`.

    `played` came to an end of their own, good or bad.
    """

    played: int
    dropped: int
    interrupted: int

    @property
    def due(self) -> int:
        return self.played + self.dropped + self.interrupted


SketchOfBoth = tuple[Sketch, Sketch]
"""Service times, and response times."""


@attrs.frozen
class SketchSet:
    """Distributions of the measured phase: of all calls, and by workflow, step and tool; of executions.

    Steps are by `WORKFLOW.STEP`, upper bounds of propagation by `WORKFLOW.INTERVAL`.
    """

    calls: SketchOfBoth = attrs.Factory(lambda: (Sketch(), Sketch()))
    workflows: dict[str, SketchOfBoth] = attrs.Factory(dict)
    steps: dict[str, SketchOfBoth] = attrs.Factory(dict)
    tools: dict[str, SketchOfBoth] = attrs.Factory(dict)
    executions: dict[str, SketchOfBoth] = attrs.Factory(dict)
    propagation: dict[str, Sketch] = attrs.Factory(dict)


@attrs.frozen
class Summary:
    """Everything that a report shows of a run. Figures are of the measured phase unless they say more.

    Attributes:
        phases: how many calls began in each.
        failures: failed calls by phase and kind; what is part of a story is not among them.
        executions: endings of all executions, by the phase in which they were due or began. A step may
            have been called more often than its workflow was executed: by those that began in the warm-up.
        arrivals: None in the closed model.
        burst: when most failures fell into a short time; of all phases.
        checks: how many checks of each kind were made, in all phases.
    """

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
    failures: dict[str, dict[str, FailureFigures]] = attrs.Factory(dict)
    executions: dict[str, dict[str, int]] = attrs.Factory(dict)
    arrivals: ArrivalFigures | None = None
    stalls: StallFigures = attrs.Factory(StallFigures)
    burst: Burst | None = None
    checks: dict[str, int] = attrs.Factory(dict)
    tools: dict[str, CallFigures] = attrs.Factory(dict)
    sketches: SketchSet = attrs.Factory(SketchSet)
    kept: Mapping[str, ExamplesOfStory] = attrs.Factory(dict)
    levels: tuple[LevelFigures, ...] = ()
    steered: tuple[Steered, ...] = ()

    @property
    def violations(self) -> int:
        """In all phases."""
        return sum(sum(story.violations.values()) for story in self.stories.values())

    @property
    def kept_out(self) -> int:
        """Calls and executions without a latency, since the simulator itself stood still meanwhile."""
        return self.calls.kept_out + sum(story.kept_out for story in self.stories.values())

    @property
    def operations_per_s(self) -> float | None:
        """Calls attempted a second; None where no time has passed."""
        return self.calls.total / self.measured_s if self.measured_s else None

    @property
    def answered_per_s(self) -> float | None:
        """Calls a second to which there was an answer."""
        return self.calls.answered / self.measured_s if self.measured_s else None
