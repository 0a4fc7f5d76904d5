"""The recorder: takes every fact of a run, and is the only one that writes figures.

Only leaves are kept, one a step of a workflow (by phase, group and region) and one a user; totals
are derived when they are asked for. Latencies are those of successful calls: a refused connection
is fast, and would make a broken server look good. Memory does not grow with the length of a run.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

import attrs
import trio

from actors.errors import Outcome
from actors.measurement import (
    Ending,
    Execution,
    Fact,
    Measurement,
    NotStarted,
    Phase,
    Record,
    SetupTiming,
    Violation,
    ViolationKind,
)
from sim.measure.sketch import Sketch
from sim.measure.timeline import Timeline

EXAMPLES = 3
USERS_WITH_SKETCH = 1000
"""Up to so many users have a latency sketch each; beyond, a user has counts, mean and extremes."""

FIRST_VIOLATIONS = 5


@attrs.define
class StepLeaf:
    """The calls of one step, in one phase."""

    service: Sketch = attrs.Factory(Sketch)
    response: Sketch = attrs.Factory(Sketch)
    outcomes: Counter[str] = attrs.Factory(Counter)


@attrs.define
class UserLeaf:
    """The measured calls of one user. `service` is None where there are too many users for sketches."""

    service: Sketch | None
    steps: Counter[str] = attrs.Factory(Counter)
    outcomes: Counter[str] = attrs.Factory(Counter)
    seconds: float = 0.0


@attrs.define
class StoryLeaf:
    """The executions of one workflow that were due in the measured phase."""

    endings: Counter[Ending] = attrs.Factory(Counter)
    duration: Sketch = attrs.Factory(Sketch)
    response: Sketch = attrs.Factory(Sketch)
    failures: Counter[str] = attrs.Factory(Counter)
    violations: Counter[ViolationKind] = attrs.Factory(Counter)
    examples: list[Violation] = attrs.Factory(list)
    intervals: dict[str, IntervalLeaf] = attrs.Factory(dict)
    conflicts: int = 0
    leftovers: int = 0


@attrs.define
class IntervalLeaf:
    """The spans of one name, known between two bounds."""

    lower: Sketch = attrs.Factory(Sketch)
    upper: Sketch = attrs.Factory(Sketch)
    first_hits: int = 0


@attrs.define
class SetupLeaf:
    """One kind of set-up step."""

    seconds: Sketch = attrs.Factory(Sketch)
    failures: int = 0
    example: str = ""


@attrs.frozen
class StepKey:
    """Where a step leaf belongs."""

    phase: Phase
    workflow: str
    step: str
    group: str
    region: str


class Recorder:
    """Call it with a fact: it never waits and never raises (`actors.measurement.Record`).

    Args:
        watch: told every fact first, for somebody who looks on.
        phase: that it begins in; what began before it belongs to this one too.
    """

    def __init__(self, watch: Record | None = None, phase: Phase = Phase.SETUP) -> None:
        self.started = trio.current_time()
        self._watch = watch
        self._windows: list[Recorder] = []
        self._boundaries: list[tuple[float, Phase]] = [(self.started, phase)]
        self.steps: dict[StepKey, StepLeaf] = {}
        self.users: dict[str, UserLeaf] = {}
        self.stories: dict[tuple[str, str, str], StoryLeaf] = {}
        self.setup: dict[str, SetupLeaf] = {}
        self.outcome_examples: dict[str, list[str]] = {}
        self.not_started: Counter[tuple[str, str]] = Counter()
        self.inbox_wait = Sketch()
        self.lateness = Sketch()
        self.timeline = Timeline(self.started)
        self.calls = 0
        self.errors = 0
        self.executions = 0
        self.successes = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=2000)

    @contextmanager
    def open_window(self) -> Iterator[Recorder]:
        """A recorder of its own for what comes to an end while the block lasts; all of that is measured."""
        window = Recorder(phase=Phase.MEASURED)
        self._windows.append(window)
        try:
            yield window
        finally:
            self._windows.remove(window)

    def enter(self, phase: Phase) -> None:
        """From now on, what starts belongs to `phase`."""
        self._boundaries.append((trio.current_time(), phase))

    @property
    def phase(self) -> Phase:
        return self._boundaries[-1][1]

    def phase_span(self, phase: Phase) -> float:
        """How long `phase` has lasted, seconds; 0 when it has not begun."""
        ends = [at for at, _ in self._boundaries[1:]] + [trio.current_time()]
        spans = zip(self._boundaries, ends, strict=True)
        return sum(end - at for (at, each), end in spans if each is phase)

    def note_lateness(self, seconds: float) -> None:
        """So much after its instant the simulator itself let a workflow arrive."""
        self.lateness.add(seconds)
        for window in self._windows:
            window.note_lateness(seconds)

    def recent_p95(self) -> float | None:
        """The 95th percentile of service time of the last ten seconds, at most 2,000 calls."""
        oldest = trio.current_time() - 10
        recent = sorted(seconds for at, seconds in self._recent if at >= oldest)
        return recent[int(0.95 * (len(recent) - 1))] if recent else None

    def __call__(self, fact: Fact) -> None:
        if self._watch is not None:
            self._watch(fact)
        for window in self._windows:
            window(fact)
        match fact:
            case Measurement():
                self._take_call(fact)
            case Execution():
                self._take_execution(fact)
            case SetupTiming():
                self._take_setup(fact)
            case NotStarted():
                if self._phase_at(fact.at) is Phase.MEASURED:
                    self.not_started[fact.workflow, fact.why.value] += 1
            case _:
                assert_never(fact)

    def _phase_at(self, instant: float) -> Phase:
        for at, phase in reversed(self._boundaries):
            if instant >= at:
                return phase
        return self._boundaries[0][1]

    def _take_call(self, call: Measurement) -> None:
        phase = call.phase or self._phase_at(call.started)
        key = StepKey(phase, call.workflow, call.step, call.group, call.region)
        leaf = self.steps.get(key)
        if leaf is None:
            leaf = self.steps[key] = StepLeaf()
        seconds = call.finished - call.started
        kind = kind_of(call)
        leaf.outcomes[kind] += 1
        if call.outcome is Outcome.OK:
            leaf.service.add(seconds)
            if call.due is not None:
                leaf.response.add(call.finished - call.due)
        elif call.text:
            self._keep_example(kind, call.text)
        self.calls += 1
        failed = call.outcome not in (Outcome.OK, Outcome.INTERRUPTED)
        self.errors += failed
        self.timeline.add_call(call.finished, seconds, failed)
        self._recent.append((call.finished, seconds))
        if phase is Phase.MEASURED:
            self.successes += call.outcome is Outcome.OK
            self.inbox_wait.add(max(0.0, call.inbox_wait_s))
            self._take_user(call, kind, seconds)

    def _take_user(self, call: Measurement, kind: str, seconds: float) -> None:
        leaf = self.users.get(call.user)
        if leaf is None:
            sketch = Sketch() if len(self.users) < USERS_WITH_SKETCH else None
            leaf = self.users[call.user] = UserLeaf(sketch)
        leaf.steps[call.step] += 1
        leaf.outcomes[kind] += 1
        if call.outcome is Outcome.OK:
            leaf.seconds += seconds
            if leaf.service is not None:
                leaf.service.add(seconds)

    def _take_execution(self, execution: Execution) -> None:
        self.executions += 1
        self.timeline.add_execution(execution.finished)
        begun = execution.started if execution.due is None else execution.due
        if self._phase_at(begun) is not Phase.MEASURED:
            return
        key = (execution.workflow, execution.group, execution.region)
        leaf = self.stories.setdefault(key, StoryLeaf())
        leaf.endings[execution.ending] += 1
        if execution.failure:
            leaf.failures[execution.failure] += 1
        if execution.ending is Ending.SUCCEEDED:
            leaf.duration.add(execution.finished - execution.started)
            if execution.due is not None:
                leaf.response.add(execution.finished - execution.due)
        leaf.conflicts += execution.conflicts
        leaf.leftovers += execution.leftovers
        for violation in execution.violations:
            leaf.violations[violation.kind] += 1
            if leaf.violations[violation.kind] <= FIRST_VIOLATIONS:
                leaf.examples.append(violation)
        for interval in execution.intervals:
            spans = leaf.intervals.setdefault(interval.name, IntervalLeaf())
            spans.lower.add(interval.lower_s)
            spans.upper.add(interval.upper_s)
            spans.first_hits += interval.first_hit

    def _take_setup(self, timing: SetupTiming) -> None:
        leaf = self.setup.setdefault(timing.step.value, SetupLeaf())
        if timing.outcome is Outcome.OK:
            leaf.seconds.add(timing.finished - timing.started)
        else:
            leaf.failures += 1
            leaf.example = leaf.example or timing.text

    def _keep_example(self, kind: str, text: str) -> None:
        examples = self.outcome_examples.setdefault(kind, [])
        if len(examples) < EXAMPLES and text not in examples:
            examples.append(text)


def kind_of(call: Measurement) -> str:
    """The key under which a call is counted: its outcome, then its status or reason."""
    if call.outcome in (Outcome.OK, Outcome.INTERRUPTED, Outcome.WRONG_CONTENT):
        return call.outcome.value
    detail = str(call.status) if call.status is not None else call.reason
    return f"{call.outcome.value}/{detail}" if detail else call.outcome.value
