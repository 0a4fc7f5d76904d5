"""The recorder: takes every fact of a run, and is the only one that writes figures.

Only leaves are kept, one a step of a workflow (by phase, group and region) and one a user; totals
are derived when they are asked for. Latencies are those of successful calls: a refused connection
is fast, and would make a broken server look good. What was under way while the simulator itself stood
still is counted, and has no latency. Memory does not grow with the length of a run, nor with what a
server makes up.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

import trio

from actors.errors import Outcome
from actors.events import (
    Event,
    Execution,
    Fact,
    Measurement,
    Missed,
    NotStarted,
    Phase,
    Record,
    SetupTiming,
)
from sim.measure.leaves import (
    EXPECTED,
    FailureExample,
    SetupLeaf,
    StepKey,
    StepLeaf,
    StoryKey,
    StoryLeaf,
    Tally,
    UserLeaf,
    kind_of,
    within_bounds,
)
from sim.measure.sketch import Sketch
from sim.measure.stalls import Stalls
from sim.measure.timeline import Timeline

__all__ = ["EXAMPLES", "FIRST_VIOLATIONS", "USERS_WITH_SKETCH", "Recorder", "kind_of"]

EXAMPLES = 3
USERS_WITH_SKETCH = 1000
"""Up to so many users have a latency sketch each; beyond, a user has counts, mean and extremes."""

FIRST_VIOLATIONS = 5


class Recorder:
    """Call it with a fact: it never waits and never raises (`actors.events.Record`).

    Args:
        watch: told every fact first, for somebody who looks on.
        phase: that it begins in; what began before it belongs to this one too.
        stalls: of the simulator itself.
    """

    def __init__(
        self, watch: Record | None = None, phase: Phase = Phase.SETUP, stalls: Stalls | None = None
    ) -> None:
        self.started = trio.current_time()
        self._watch = watch
        self._windows: list[Recorder] = []
        self._boundaries: list[tuple[float, Phase]] = [(self.started, phase)]
        self.stalls = stalls or Stalls()
        self.steps: dict[StepKey, StepLeaf] = {}
        self.users: dict[str, UserLeaf] = {}
        self.stories: dict[StoryKey, StoryLeaf] = {}
        self.setup: dict[str, SetupLeaf] = {}
        self.failure_examples: dict[tuple[Phase, str], list[FailureExample]] = {}
        self.not_started: Counter[tuple[str, str]] = Counter()
        self.dropped_due: deque[float] = deque(maxlen=1000)
        """When the last of those that were dropped had been due."""
        self.inbox_wait = Sketch()
        self.lateness = Sketch()
        self.timeline = Timeline(self.started)
        self._kinds: Counter[str] = Counter()
        self._recent: deque[tuple[float, float]] = deque(maxlen=2000)

    def calls_in(self, *phases: Phase) -> Tally:
        """How all calls ended that began in one of `phases`; in all of them where none is named."""
        chosen = (leaf.outcomes for key, leaf in self.steps.items() if not phases or key.phase in phases)
        outcomes: Counter[str] = Counter()
        for each in chosen:
            outcomes.update(each)
        return Tally.of(outcomes)

    @property
    def calls(self) -> int:
        """Calls in all phases."""
        return self.calls_in().total

    @property
    def errors(self) -> int:
        """Failed calls in all phases; what is part of a story is none."""
        return self.calls_in().failed

    @property
    def successes(self) -> int:
        """Successful calls of the measured phase."""
        return self.calls_in(Phase.MEASURED).ok

    @property
    def executions(self) -> int:
        """Executions that have ended, however, in all phases."""
        return sum(leaf.endings.total() for leaf in self.stories.values())

    def count_not_started(self, why: Missed) -> int:
        """Workflows that were due in the measured phase and did not start."""
        return sum(count for (_, each), count in self.not_started.items() if each == why.value)

    @contextmanager
    def open_window(self) -> Iterator[Recorder]:
        """A recorder of its own for what comes to an end while the block lasts; all of that is measured."""
        window = Recorder(phase=Phase.MEASURED, stalls=self.stalls)
        self._windows.append(window)
        try:
            yield window
        finally:
            self._windows.remove(window)

    def enter(self, phase: Phase) -> None:
        """From now on, what starts belongs to `phase`."""
        self._boundaries.append((trio.current_time(), phase))

    @property
    def boundaries(self) -> tuple[tuple[float, Phase], ...]:
        """When each phase began so far."""
        return tuple(self._boundaries)

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

    def take(self, event: Event) -> None:
        if isinstance(event, Measurement | SetupTiming | Execution | NotStarted):
            self(event)

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
                self._take_not_started(fact)
            case _:
                assert_never(fact)

    def _phase_at(self, instant: float) -> Phase:
        for at, phase in reversed(self._boundaries):
            if instant >= at:
                return phase
        return self._boundaries[0][1]

    def _phase_of(self, due: float) -> Phase:
        """To which phase a workflow belongs that was due at this instant: the last one may be due at the
        very end of the profile, at which the grace begins.
        """
        begins_grace = any(at == due and phase is Phase.GRACE for at, phase in self._boundaries)
        return Phase.MEASURED if begins_grace else self._phase_at(due)

    def _take_call(self, call: Measurement) -> None:
        phase = call.phase or self._phase_at(call.started)
        leaf = self._leaf_of(call, phase)
        kind = self._kind(call)
        leaf.outcomes[kind] += 1
        is_ok = call.outcome is Outcome.OK
        is_timed = not self.stalls.overlap(call.started, call.finished)
        seconds = call.finished - call.started if is_timed else None
        if is_ok:
            self._time(leaf, call, seconds)
        elif call.text:
            self._keep_example(phase, kind, call)
        failed = not (is_ok or call.is_expected or call.outcome is Outcome.INTERRUPTED)
        self.timeline.add_call(call.finished, seconds, failed)
        if seconds is not None:
            self._recent.append((call.finished, seconds))
        if phase is Phase.MEASURED:
            self.inbox_wait.add(max(0.0, call.inbox_wait_s))
            self._take_user(call, kind, seconds if is_ok else None)

    def _leaf_of(self, call: Measurement, phase: Phase) -> StepLeaf:
        key = StepKey(phase, call.workflow, call.step, call.group, call.region)
        leaf = self.steps.get(key)
        if leaf is None:
            leaf = self.steps[key] = StepLeaf()
        return leaf

    def _kind(self, call: Measurement) -> str:
        kind = within_bounds(kind_of(call), self._kinds)
        self._kinds[kind] += 1
        return f"{EXPECTED}{kind}" if call.is_expected and call.outcome is not Outcome.OK else kind

    def _time(self, leaf: StepLeaf, call: Measurement, seconds: float | None) -> None:
        if seconds is None:
            leaf.kept_out += 1
            return
        leaf.service.add(seconds)
        if call.due is not None:
            leaf.response.add(call.finished - call.due)

    def _take_user(self, call: Measurement, kind: str, seconds: float | None) -> None:
        leaf = self.users.get(call.user)
        if leaf is None:
            sketch = Sketch() if len(self.users) < USERS_WITH_SKETCH else None
            leaf = self.users[call.user] = UserLeaf(sketch)
        leaf.steps[call.step] += 1
        leaf.outcomes[kind] += 1
        if seconds is not None:
            leaf.add(seconds)

    def _take_execution(self, execution: Execution) -> None:
        self.timeline.add_execution(execution.finished)
        due = execution.due
        phase = self._phase_at(execution.started) if due is None else self._phase_of(due)
        key = StoryKey(phase, execution.workflow, execution.group, execution.region)
        leaf = self.stories.setdefault(key, StoryLeaf())
        leaf.endings[execution.ending] += 1
        if execution.due is not None:
            leaf.arrived[execution.ending] += 1
            leaf.latest_start_s = max(leaf.latest_start_s, execution.started - execution.due)
        if execution.failure:
            leaf.failures[within_bounds(execution.failure, leaf.failures)] += 1
        leaf.conflicts += execution.conflicts
        leaf.leftovers += execution.leftovers
        leaf.checks.update({kind.value: count for kind, count in execution.checks.items()})
        for violation in execution.violations:
            leaf.violations[violation.kind] += 1
            if leaf.violations[violation.kind] <= FIRST_VIOLATIONS:
                leaf.examples.append(violation)
        if self.stalls.overlap(execution.started, execution.finished):
            leaf.kept_out += 1
        else:
            leaf.time(execution)

    def _take_not_started(self, missed: NotStarted) -> None:
        if self._phase_of(missed.at) is not Phase.MEASURED:
            return
        self.not_started[missed.workflow, missed.why.value] += 1
        if missed.why is Missed.DROPPED:
            self.dropped_due.append(missed.at)

    def _take_setup(self, timing: SetupTiming) -> None:
        leaf = self.setup.setdefault(timing.step.value, SetupLeaf())
        if timing.outcome is Outcome.OK:
            leaf.seconds.add(timing.finished - timing.started)
        else:
            leaf.failures += 1
            leaf.example = leaf.example or timing.text

    def _keep_example(self, phase: Phase, kind: str, call: Measurement) -> None:
        examples = self.failure_examples.setdefault((phase, kind), [])
        if len(examples) < EXAMPLES and all(call.text != each.text for each in examples):
            examples.append(FailureExample(call.workflow, call.step, call.text))
