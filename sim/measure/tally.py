"""The tally: takes every event of a run, and is the only one that writes figures.

Events of the current window are kept as they come, which is all that a call costs on its way; piece by
piece they are folded into its leaves, and when it is closed, these into the leaves of the whole run. So
nothing is counted twice, and the windows add up to the whole. Latencies are those of successful calls: a
refused connection is fast, and would make a broken server look good. What was under way while the
simulator itself stood still is counted, and has no latency. Memory does not grow with the length of a
run, nor with what a server makes up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import trio

from actors.errors import Outcome
from actors.events import (
    Call,
    Event,
    Execution,
    Lateness,
    NotStarted,
    OnStage,
    Phase,
    PhaseBegan,
    SetupTiming,
    Stalled,
    Steered,
)
from actors.trace_context import trace_id_of
from sim.measure.bins import bins_of
from sim.measure.kept import Kept
from sim.measure.kinds import MAX_KINDS_OF_USER, is_failure, kind_of, within_bounds
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import CallSums, Leaves
from sim.measure.levels import USERS, Levels
from sim.measure.phases import Phases
from sim.measure.run_leaves import FailureExample, ManyCounts, SetupLeaf, UserLeaf
from sim.measure.sketch import Sketch
from sim.measure.snapshot import GeneratorUsage, Snapshot
from sim.measure.stalls import Stalls
from sim.measure.timeline import Timeline

MAX_EXAMPLES = 3
MAX_STEERED = 1000
MAX_USERS_WITH_SKETCH = 1000
"""Up to so many users have a latency sketch each; beyond, a user has counts, mean and extremes."""

USER_COMPRESSION, USER_BUFFER = 50.0, 64
"""Coarse: about a kilobyte, whatever a user does."""

OK = Outcome.OK.value
Folded = Call | Execution | SetupTiming | NotStarted | Lateness
"""Events that wait for the end of their window."""


class Tally:
    """Made once a run; `take` neither waits nor raises.

    Attributes:
        whole: the leaves of the run, as far as windows have been closed. Ask `settled` for all.
        users, setup, failure_examples: what is kept of the whole run alone.
        kept: executions that are kept as examples.
        timeline: what happened each second.
        levels: what was measured at each load that was held for a while.
        steered: what somebody who looked on changed, or marked; the first so many.
        places_of_steps: shared by the counts of all users.
        changes: grows whenever figures do, so that who reads them in another thread sees that they did.
    """

    def __init__(self, phase: Phase = Phase.SETUP) -> None:
        self.started = trio.current_time()
        self.phases = Phases(self.started, phase)
        self.stalls = Stalls()
        self.whole = Leaves()
        self.users: dict[str, UserLeaf] = {}
        self.setup: dict[str, SetupLeaf] = {}
        self.failure_examples: dict[tuple[Phase, str], list[FailureExample]] = {}
        self.kept = Kept()
        self.timeline = Timeline(self.started)
        self.levels = Levels()
        self.steered: list[Steered] = []
        self.changes = 0
        self._pending: list[Folded] = []
        self._ripe: list[Folded] = []
        """Those of which it is known by now whether the simulator stood still meanwhile."""
        self._window = Leaves()
        self._has_begun = False
        """Whether there is anything in the window."""
        self._began = self.started
        self._number = 0
        self._wanted: dict[str, float] = {}
        self._there: dict[str, int] = {}
        self._units: dict[str, str] = {}
        self.places_of_steps: dict[str, int] = {}
        self._kinds: Counter[str] = Counter()
        self._used_s = self._used_of_s = self._stalled_s = 0.0

    @property
    def generator_cpu(self) -> float | None:
        """Share of one core that this process used in the measured phase; None: not known."""
        return self._used_s / self._used_of_s if self._used_of_s else None

    def take(self, event: Event) -> None:
        """Count it: at once what later events are held against, all else when the window is closed."""
        match event:
            case Call() | Execution() | SetupTiming() | NotStarted() | Lateness():
                self._pending.append(event)
            case PhaseBegan():
                self.phases.begin(event.phase, event.at)
            case OnStage():
                self._wanted[event.group], self._there[event.group] = event.wanted, event.there
                if event.unit != USERS:
                    self._units[event.group] = event.unit
            case Steered() if len(self.steered) < MAX_STEERED:
                self.steered.append(event)
            case Stalled():
                self.stalls.note(event.at, event.at + event.seconds)
            case _:
                pass

    def fold_ripe(self, at_most: int) -> bool:
        """Fold so many of those that had ripened; whether there are more.

        What came since the last one was folded is ripe from then on: by the next time, whoever watches for
        stalls has looked.
        """
        piece, self._ripe = self._ripe[:at_most], self._ripe[at_most:]
        self._put_all(piece)
        if self._ripe:
            return True
        self._ripe, self._pending = self._pending, []
        return False

    def close_window(self, now: float, generator: GeneratorUsage | None = None) -> Snapshot:
        """What came since the last one was closed; it is part of the whole from now on."""
        window = self._fold()
        self._number += 1
        snapshot = Snapshot(
            number=self._number,
            started=self._began,
            seconds=now - self._began,
            phase=self.phases.current,
            leaves=window,
            wanted=dict(self._wanted),
            there=dict(self._there),
            generator=generator,
            stalled_s=self.stalls.figures.seconds - self._stalled_s,
            bins=self._bins_of(window),
            units=dict(self._units),
        )
        self._stalled_s = self.stalls.figures.seconds
        self._began = now
        self.changes += 1
        self.timeline.add(snapshot)
        self.levels.add(snapshot)
        if generator is not None and snapshot.phase is Phase.MEASURED:
            self._used_s += generator.cpu_s
            self._used_of_s += snapshot.seconds
        return snapshot

    def settled(self) -> Leaves:
        """The leaves of all that has been taken, without closing the window."""
        window = self._peeked()
        # Most often a window has just been closed, and nothing is to be added up.
        whole = Leaves.merged((self.whole, window)) if self._has_begun else self.whole
        whole.seconds = self.phases.span(Phase.MEASURED, trio.current_time())
        return whole

    def as_of_window(self) -> Leaves:
        """The leaves of all windows that have been closed: nothing is added up for it."""
        self.whole.seconds = self.phases.span(Phase.MEASURED, self._began)
        return self.whole

    def counts_in(self, *phases: Phase) -> CallSums:
        """How all calls ended that began in one of `phases`; in all of them where none is named."""
        return self.settled().counts_in(*phases)

    @property
    def users_there(self) -> int:
        """How many are on stage, as far as that has been told."""
        return sum(self._there.values())

    def _peeked(self) -> Leaves:
        """The leaves of the window so far; it stays open."""
        events, self._ripe, self._pending = [*self._ripe, *self._pending], [], []
        self._put_all(events)
        return self._window

    def _put_all(self, events: list[Folded]) -> None:
        self.changes += bool(events)
        self._has_begun = self._has_begun or bool(events)
        for event in events:
            self._put(event)

    def _bins_of(self, window: Leaves) -> Mapping[int, int]:
        return bins_of(window)

    def _fold(self) -> Leaves:
        window = self._peeked()
        self._window, self._has_begun = Leaves(), False
        self.whole.absorb(window)
        return window

    def _put(self, event: Folded) -> None:
        match event:
            case Call():
                self._put_call(event)
            case Execution():
                self._put_execution(event)
            case SetupTiming():
                self._put_setup(event)
            case NotStarted():
                if self.phases.of_due(event.at) is Phase.MEASURED:
                    self._window.note_missed(event)
            case Lateness() if self.phases.of_due(event.at) is Phase.MEASURED:
                self._window.lateness.add(event.seconds)

    def _put_call(self, call: Call) -> None:
        phase = call.phase or self.phases.at(call.started)
        is_ok = call.outcome is Outcome.OK
        kind = OK if is_ok else within_bounds(kind_of(call), self._kinds)
        self._kinds[kind] += 1
        window = self._window
        place = (phase, call.workflow, call.step, call.tool, call.group, call.region)
        # A named tuple is found by a plain one, which is made in a fifth of the time.
        leaf = window.steps.get(place) or window.step(StepKey(*place))  # type: ignore[call-overload]
        is_timed = not self.stalls.overlap(call.started, call.finished)
        kind = leaf.count(call, kind, is_timed=is_timed)
        window.note_ended(call, is_timed=is_timed, failed=not is_ok and is_failure(kind))
        self.kept.note_call(call, kind)
        if not is_ok and call.text:
            self._keep_example(phase, kind, call)
        if phase is Phase.MEASURED:
            window.inbox_wait.add(max(0.0, call.inbox_wait_s))
            self._put_user(call, kind, is_timed=is_timed)

    def _put_user(self, call: Call, kind: str, *, is_timed: bool) -> None:
        leaf = self.users.get(call.user)
        if leaf is None:
            has_sketch = len(self.users) < MAX_USERS_WITH_SKETCH
            sketch = Sketch(USER_COMPRESSION, USER_BUFFER) if has_sketch else None
            leaf = self.users[call.user] = UserLeaf(sketch, ManyCounts(self.places_of_steps))
        leaf.steps.add(call.step)
        leaf.outcomes[within_bounds(kind, leaf.outcomes, MAX_KINDS_OF_USER)] += 1
        if is_timed and call.outcome is Outcome.OK:
            leaf.add(call.finished - call.started)

    def _put_execution(self, execution: Execution) -> None:
        due = execution.due
        phase = self.phases.at(execution.started) if due is None else self.phases.of_due(due)
        key = StoryKey(phase, execution.workflow, execution.group, execution.region)
        is_timed = not self.stalls.overlap(execution.started, execution.finished)
        self._window.story(key).count(execution, is_timed=is_timed)
        self._window.ended_executions += 1
        self.kept.note_execution(execution, phase)

    def _put_setup(self, timing: SetupTiming) -> None:
        leaf = self.setup.setdefault(timing.step.value, SetupLeaf())
        if timing.outcome is Outcome.OK:
            leaf.seconds.add(timing.finished - timing.started)
        else:
            leaf.failures += 1
            leaf.example = leaf.example or timing.text

    def _keep_example(self, phase: Phase, kind: str, call: Call) -> None:
        examples = self.failure_examples.setdefault((phase, kind), [])
        if len(examples) < MAX_EXAMPLES and all(call.text != each.text for each in examples):
            examples.append(
                FailureExample(call.workflow, call.step, call.text, trace_id_of(call.traceparent))
            )
