"""Parts of the document of a run: how many, how long, and how they ended.

The names of fields are the keys of the JSON. Times are seconds, rates percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import attrs

Seconds = Annotated[float, "seconds"]
SinceStart = Annotated[float, "seconds since the beginning of the run"]
Percent = Annotated[float, "percent"]
PerSecond = Annotated[float, "a second"]


@attrs.frozen
class Times:
    """Quantiles of times; all None where nothing was timed."""

    min: Seconds | None = None
    max: Seconds | None = None
    mean: Seconds | None = None
    median: Seconds | None = None
    p90: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None


@attrs.frozen
class CountedTimes(Times):
    """The same, and of how many times."""

    count: int = 0


@attrs.frozen
class Totals:
    """The whole run in five figures.

    Attributes:
        total_workflows: executions of all workflows but the baseline.
        total_baseline_ops: calls of the baseline.
    """

    duration: Seconds
    total_workflows: int
    total_baseline_ops: int
    total_users: int
    total_operations: int


@attrs.frozen
class CallCounts:
    """Calls. `successful + failed + expected + interrupted == total`.

    Attributes:
        latency: from sent to answered (service time), of successful calls.
        response_time: from due to answered, of those that had a due instant (open model).
        outcomes: by kind of ending.
        expected: failures that are part of a story, which went on after them: no errors.
        answered: those to which there was any answer.
        kept_out: successful ones without a latency, since the simulator itself stood still meanwhile.
    """

    total: int
    successful: int
    failed: int
    interrupted: int
    success_rate: Percent | None
    latency: Times
    response_time: Times
    outcomes: dict[str, int]
    expected: int
    answered: int
    kept_out: int


@attrs.frozen
class OperationCounts:
    """Calls of one user, or of the baseline, with the keys of the framework that people come from.

    Attributes:
        lost: why nothing is known of a user, whose shard was lost: then all figures are None; "" otherwise.
    """

    total_operations: int | None
    successful_operations: int | None
    failed_operations: int | None
    interrupted_operations: int | None
    success_rate: Percent | None
    latency: Times
    operations_breakdown: dict[str, int]
    errors_breakdown: dict[str, int]
    lost: str = ""


@attrs.frozen
class WorkflowCounts:
    """Executions of one workflow that were due in the measured phase.

    Attributes:
        latency: how long successful ones took; `response_time` from when they had been due (open model).
        steps: the calls of each step, in the order of the story.
        failures: how many failed, by step and kind.
        leftovers: how many things they made and could not remove.
        checks: how many checks of each kind were made, in all phases.
        kept_out: those without a duration, since the simulator itself stood still meanwhile.
    """

    total_executions: int
    successful_executions: int
    failed_executions: int
    interrupted_executions: int
    success_rate: Percent | None
    latency: Times
    response_time: Times
    step_latencies: dict[str, Times]
    steps: dict[str, CallCounts]
    failures: dict[str, int]
    conflicts_retried: int
    leftovers: int
    calls: CallCounts
    checks: dict[str, int]
    kept_out: int

    @property
    def is_unknown(self) -> bool:
        """Whether there were executions, and the end of the run cut off all of them."""
        return self.total_executions == self.interrupted_executions > 0


def was_only_cut_off(executions: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether the end of the run cut off all executions of all phases, and there were some; by phase and
    ending."""
    return {end for endings in executions.values() for end, count in endings.items() if count} == {
        "interrupted"
    }


@attrs.frozen
class PropagationTimes:
    """How long it took until others saw it: known between two bounds, since they looked now and then."""

    workflow: str
    interval: str
    count: int
    first_look_hit: int
    lower: Times
    upper: Times


@attrs.frozen
class OutcomeCount:
    """How many calls ended so, and the first different texts of them."""

    count: int
    examples: tuple[str, ...]


@attrs.frozen
class FailedCall:
    """One failed call: where in a story, and what was said.

    Attributes:
        trace_id: under which the server's log has it (W3C trace context).
    """

    workflow: str
    step: str
    text: str
    trace_id: str = ""


@attrs.frozen
class FailureKind:
    """Failed calls of one kind in one phase."""

    count: int
    examples: tuple[FailedCall, ...]


@attrs.frozen
class SetupTimes(CountedTimes):
    """One kind of set-up step: how long the good ones took, how many failed, and why one did."""

    failures: int = 0
    example: str = ""


@attrs.frozen
class ArrivalCounts:
    """Open model: workflows that were due in the measured phase. `due == played + dropped + interrupted`."""

    due: int
    played: int
    dropped: int
    interrupted: int


@attrs.frozen
class SketchPoints:
    """A distribution in at most 200 points, to be asked for any quantile, and merged with others.

    Attributes:
        sum: of all samples; `min` and `max` are exact too, None where there are none.
        means, weights: of each point, in ascending order of the means.
    """

    count: int
    sum: float
    min: float | None
    max: float | None
    means: tuple[float, ...]
    weights: tuple[float, ...]


@attrs.frozen
class SketchPair:
    """Service times (sent to answered), and response times (due to answered)."""

    service: SketchPoints
    response: SketchPoints


@attrs.frozen
class Sketches:
    """Distributions of the measured phase; `steps` by `WORKFLOW.STEP`, `executions` by workflow.

    Attributes:
        propagation: how long it took at the latest until others saw it, by `WORKFLOW.INTERVAL`.
    """

    calls: SketchPair
    workflows: dict[str, SketchPair]
    steps: dict[str, SketchPair]
    tools: dict[str, SketchPair]
    executions: dict[str, SketchPair]
    propagation: dict[str, SketchPoints] = attrs.Factory(dict)
