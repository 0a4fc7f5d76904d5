"""What the tally keeps: leaves, each about one step, workflow or user. Everything else is their sum.

A window of a second has the same leaves as the whole run, and any windows can be added up.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

import attrs

from actors.errors import Outcome
from actors.events import (
    Call,
    Ending,
    Execution,
    Missed,
    NotStarted,
    Phase,
    Violation,
    ViolationKind,
)
from sim.measure.kinds import EXPECTED, is_unanswered, within_bounds
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.sketch import Sketch

MAX_VIOLATIONS_SHOWN = 5
"""Examples of each kind of violation that are kept of a workflow."""
MAX_DROPPED_KEPT = 1000
BUFFER_OF_ALL = 5000
"""Samples that are folded at once where all calls come together: a digest is made for them more seldom."""


@attrs.frozen
class CallSums:
    """How calls ended. `ok + failed + expected + interrupted == total`.

    Attributes:
        expected: failures that are part of a story, which went on after them.
        answered: those to which the server, or something before it, gave any answer.
    """

    total: int
    ok: int
    failed: int
    expected: int
    interrupted: int
    answered: int

    @classmethod
    def of(cls, outcomes: Counter[str]) -> CallSums:
        total = outcomes.total()
        ok, interrupted = outcomes[Outcome.OK.value], outcomes[Outcome.INTERRUPTED.value]
        expected = sum(count for kind, count in outcomes.items() if kind.startswith(EXPECTED))
        unanswered = sum(count for kind, count in outcomes.items() if is_unanswered(kind))
        failed = total - ok - expected - interrupted
        return cls(total, ok, failed, expected, interrupted, total - interrupted - unanswered)


@attrs.define
class StepLeaf:
    """The calls of one step, in one phase.

    Attributes:
        kept_out: successful calls without a latency, since the simulator itself stood still meanwhile.
    """

    service: Sketch = attrs.Factory(Sketch)
    response: Sketch = attrs.Factory(Sketch)
    outcomes: Counter[str] = attrs.Factory(Counter)
    kept_out: int = 0

    def count(self, call: Call, kind: str, *, is_timed: bool) -> str:
        """Count `call`; gives the word under which it was counted."""
        if call.outcome is not Outcome.OK:
            kind = f"{EXPECTED}{kind}" if call.is_expected else kind
        elif is_timed:
            self.service.add(call.finished - call.started)
            if call.due is not None:
                self.response.add(call.finished - call.due)
        else:
            self.kept_out += 1
        self.outcomes[kind] += 1
        return kind

    def absorb(self, other: StepLeaf) -> None:
        """Add what `other` has counted; it stays as it is."""
        self.service.absorb(other.service)
        self.response.absorb(other.response)
        # Most often there is one kind: a tenth of what `Counter.update` takes.
        for kind, count in other.outcomes.items():
            self.outcomes[kind] += count
        self.kept_out += other.kept_out


@attrs.define
class IntervalLeaf:
    """The spans of one name, known between two bounds."""

    lower: Sketch = attrs.Factory(Sketch)
    upper: Sketch = attrs.Factory(Sketch)
    first_hits: int = 0

    def absorb(self, other: IntervalLeaf) -> None:
        """Add what `other` has counted; it stays as it is."""
        self.lower.absorb(other.lower)
        self.upper.absorb(other.upper)
        self.first_hits += other.first_hits


@attrs.define
class StoryLeaf:
    """The executions of one workflow that were due in one phase.

    Attributes:
        arrived: endings of those that had a due instant (open model).
        latest_start_s: so long after its due instant the latest of them began.
        kept_out: executions without a duration, since the simulator itself stood still meanwhile.
        checks: how many checks of each kind were made.
    """

    endings: Counter[Ending] = attrs.Factory(Counter)
    arrived: Counter[Ending] = attrs.Factory(Counter)
    latest_start_s: float = 0.0
    duration: Sketch = attrs.Factory(Sketch)
    response: Sketch = attrs.Factory(Sketch)
    failures: Counter[str] = attrs.Factory(Counter)
    violations: Counter[ViolationKind] = attrs.Factory(Counter)
    examples: list[Violation] = attrs.Factory(list)
    intervals: dict[str, IntervalLeaf] = attrs.Factory(dict)
    checks: Counter[str] = attrs.Factory(Counter)
    conflicts: int = 0
    leftovers: int = 0
    kept_out: int = 0

    def count(self, execution: Execution, *, is_timed: bool) -> None:
        """Count an execution; without its durations where the simulator itself stood still meanwhile."""
        self.endings[execution.ending] += 1
        if execution.due is not None:
            self.arrived[execution.ending] += 1
            self.latest_start_s = max(self.latest_start_s, execution.started - execution.due)
        if execution.failure:
            self.failures[within_bounds(execution.failure, self.failures)] += 1
        self.conflicts += execution.conflicts
        self.leftovers += execution.leftovers
        self.checks.update({kind.value: count for kind, count in execution.checks.items()})
        self._note_violations(execution.violations)
        if is_timed:
            self.time(execution)
        else:
            self.kept_out += 1

    def _note_violations(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.violations[violation.kind] += 1
            if sum(violation.kind is each.kind for each in self.examples) < MAX_VIOLATIONS_SHOWN:
                self.examples.append(violation)

    def absorb(self, other: StoryLeaf) -> None:
        """Add what `other` has counted; it stays as it is."""
        self.endings.update(other.endings)
        self.arrived.update(other.arrived)
        self.latest_start_s = max(self.latest_start_s, other.latest_start_s)
        self.duration.absorb(other.duration)
        self.response.absorb(other.response)
        for failure, count in other.failures.items():
            self.failures[within_bounds(failure, self.failures)] += count
        for name, spans in other.intervals.items():
            self.intervals.setdefault(name, IntervalLeaf()).absorb(spans)
        self.checks.update(other.checks)
        self.conflicts += other.conflicts
        self.leftovers += other.leftovers
        self.kept_out += other.kept_out
        known = self.violations + other.violations
        self._note_violations(other.examples)
        self.violations = known

    def time(self, execution: Execution) -> None:
        """Its durations, and the spans that its users saw."""
        if execution.ending is Ending.SUCCEEDED:
            self.duration.add(execution.finished - execution.started)
            if execution.due is not None:
                self.response.add(execution.finished - execution.due)
        for interval in execution.intervals:
            spans = self.intervals.setdefault(interval.name, IntervalLeaf())
            spans.lower.add(interval.lower_s)
            spans.upper.add(interval.upper_s)
            spans.first_hits += interval.first_hit


@attrs.define
class Leaves:
    """The leaves of one window, or of many together.

    Attributes:
        not_started: by workflow and reason, of those that were due in the measured phase.
        dropped_due: when the last of those that were dropped had been due.
        inbox_wait: how long steps of the measured phase lay in inboxes.
        lateness: how late the simulator itself let workflows arrive, or came to what was due.
        ended: service times of all calls that ended, whatever came of them, for who looks on.
        ended_calls, ended_errors, ended_executions: how many ended, in whatever phase they began.
        seconds: how much of the measured phase this is about.
    """

    steps: dict[StepKey, StepLeaf] = attrs.Factory(dict)
    stories: dict[StoryKey, StoryLeaf] = attrs.Factory(dict)
    not_started: Counter[tuple[str, str]] = attrs.Factory(Counter)
    dropped_due: deque[float] = attrs.Factory(lambda: deque(maxlen=MAX_DROPPED_KEPT))
    inbox_wait: Sketch = attrs.Factory(lambda: Sketch(buffer=BUFFER_OF_ALL))
    lateness: Sketch = attrs.Factory(Sketch)
    ended: Sketch = attrs.Factory(lambda: Sketch(buffer=BUFFER_OF_ALL))
    ended_calls: int = 0
    ended_errors: int = 0
    ended_executions: int = 0
    seconds: float = 0.0

    def step(self, key: StepKey) -> StepLeaf:
        """The leaf at `key`, a new one where there is none."""
        leaf = self.steps.get(key)
        if leaf is None:
            leaf = self.steps[key] = StepLeaf()
        return leaf

    def story(self, key: StoryKey) -> StoryLeaf:
        """The leaf at `key`, a new one where there is none."""
        leaf = self.stories.get(key)
        if leaf is None:
            leaf = self.stories[key] = StoryLeaf()
        return leaf

    def note_ended(self, call: Call, *, is_timed: bool, failed: bool) -> None:
        """A call has come to its end, well or not."""
        self.ended_calls += 1
        self.ended_errors += failed
        if is_timed:
            self.ended.add(call.finished - call.started)

    def note_missed(self, missed: NotStarted) -> None:
        """A workflow that was due did not start."""
        self.not_started[missed.workflow, missed.why.value] += 1
        if missed.why is Missed.DROPPED:
            self.dropped_due.append(missed.at)

    def counts_in(self, *phases: Phase) -> CallSums:
        """How all calls ended that began in one of `phases`; in all of them where none is named."""
        outcomes: Counter[str] = Counter()
        for key, leaf in self.steps.items():
            if not phases or key.phase in phases:
                outcomes.update(leaf.outcomes)
        return CallSums.of(outcomes)

    def count_not_started(self, why: Missed) -> int:
        """Workflows that were due in the measured phase and did not start."""
        return sum(count for (_, each), count in self.not_started.items() if each == why.value)

    @property
    def executions(self) -> int:
        """Executions that have ended, however, in all phases."""
        return sum(leaf.endings.total() for leaf in self.stories.values())

    def absorb(self, other: Leaves) -> None:
        """Add what `other` has; it stays as it is."""
        self.absorb_all((other,))

    def absorb_all(self, others: Sequence[Leaves]) -> None:
        """Add what all of them have; they stay as they are. What is of all calls is folded once."""
        for other in others:
            for key, leaf in other.steps.items():
                self.step(key).absorb(leaf)
            for place, story in other.stories.items():
                self.story(place).absorb(story)
            self.not_started.update(other.not_started)
            self.dropped_due.extend(other.dropped_due)
            self.ended_calls += other.ended_calls
            self.ended_errors += other.ended_errors
            self.ended_executions += other.ended_executions
            self.seconds += other.seconds
        self.inbox_wait.absorb_all(other.inbox_wait for other in others)
        self.lateness.absorb_all(other.lateness for other in others)
        self.ended.absorb_all(other.ended for other in others)

    @classmethod
    def merged(cls, parts: Iterable[Leaves]) -> Leaves:
        """One of all of them; they stay as they are."""
        whole = cls()
        whole.absorb_all(list(parts))
        return whole

    def all_measured(self) -> Leaves:
        """The same, as if all of it had begun in the measured phase: what *ended* in a stretch of time."""
        whole = Leaves()
        whole.absorb(self)
        steps, stories = whole.steps, whole.stories
        whole.steps, whole.stories = {}, {}
        for key, leaf in steps.items():
            whole.step(key._replace(phase=Phase.MEASURED)).absorb(leaf)
        for place, story in stories.items():
            whole.story(place._replace(phase=Phase.MEASURED)).absorb(story)
        return whole
