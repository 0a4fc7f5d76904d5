"""What the recorder keeps: leaves, each about one step, workflow or user. Everything else is their sum."""

from __future__ import annotations

import math
from collections import Counter

import attrs

from actors.errors import Outcome
from actors.events import Ending, Execution, Measurement, Phase, Violation, ViolationKind
from sim.measure.sketch import Quantiles, Sketch

MAX_KINDS = 50
"""A server picks the status codes of its refusals; from so many kinds on the rest is one: `OTHER`."""
OTHER = "other"
MAX_STATUS = 99_999
MAX_REASON = 60
EXPECTED = "expected/"
"""Stands before the kind of a failure that is part of the story, and no error: a conflict, retried."""


@attrs.frozen
class StepKey:
    """Where a step leaf belongs."""

    phase: Phase
    workflow: str
    step: str
    group: str
    region: str


@attrs.frozen
class StoryKey:
    """Where a story leaf belongs; the phase is that in which its executions were due, or began."""

    phase: Phase
    workflow: str
    group: str
    region: str


@attrs.frozen
class Tally:
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
    def of(cls, outcomes: Counter[str]) -> Tally:
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


@attrs.define
class UserLeaf:
    """The measured calls of one user. `service` is None where there are too many users for sketches."""

    service: Sketch | None
    steps: Counter[str] = attrs.Factory(Counter)
    outcomes: Counter[str] = attrs.Factory(Counter)
    timed: int = 0
    seconds: float = 0.0
    fastest_s: float = math.inf
    slowest_s: float = -math.inf

    def add(self, seconds: float) -> None:
        """One more latency."""
        self.timed += 1
        self.seconds += seconds
        self.fastest_s, self.slowest_s = min(self.fastest_s, seconds), max(self.slowest_s, seconds)
        if self.service is not None:
            self.service.add(seconds)

    def quantiles(self) -> Quantiles:
        """Without a sketch: what can be known in constant memory."""
        if self.service is not None:
            return self.service.quantiles()
        if not self.timed:
            return Quantiles(0)
        return Quantiles(self.timed, self.fastest_s, self.slowest_s, self.seconds / self.timed)


@attrs.define
class IntervalLeaf:
    """The spans of one name, known between two bounds."""

    lower: Sketch = attrs.Factory(Sketch)
    upper: Sketch = attrs.Factory(Sketch)
    first_hits: int = 0


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
class SetupLeaf:
    """One kind of set-up step."""

    seconds: Sketch = attrs.Factory(Sketch)
    failures: int = 0
    example: str = ""


@attrs.frozen
class FailureExample:
    """One failed call: where in a story, and what was said."""

    workflow: str
    step: str
    text: str


def kind_of(call: Measurement) -> str:
    """The key under which a call is counted: its outcome, then its status or reason."""
    if call.outcome in (Outcome.OK, Outcome.INTERRUPTED, Outcome.WRONG_CONTENT):
        return call.outcome.value
    # A server may call a number of any length its status.
    has_status = call.status is not None and 0 <= call.status <= MAX_STATUS
    detail = str(call.status) if has_status else call.reason[:MAX_REASON]
    return f"{call.outcome.value}/{detail}" if detail else call.outcome.value


def is_failure(kind: str) -> bool:
    """Whether calls of this kind are errors."""
    return kind not in (Outcome.OK.value, Outcome.INTERRUPTED.value) and not kind.startswith(EXPECTED)


def is_unanswered(kind: str) -> bool:
    """Whether calls of this kind came to no answer: no connection, a time-out, no login to call with."""
    outcome, _, detail = kind.removeprefix(EXPECTED).partition("/")
    if outcome == Outcome.TRANSPORT_ERROR.value:
        return not detail.isdecimal()
    return outcome == Outcome.AUTHORIZATION.value and detail == "login"


def within_bounds(kind: str, counted: Counter[str]) -> str:
    """The word under which to count `kind`: its own, or `OTHER` when there are too many already."""
    return kind if kind in counted or len(counted) < MAX_KINDS else OTHER
