"""The document of a run: everything that is kept of it, as values, and as JSON both ways.

The keys of the framework that people come from stand first, in seconds and percent. `baseline` holds the
single-user operations: the steps of the workflow of that name. `workflows` holds all workflows, that
one too; `total_workflows` counts the executions of the others. A user's operations are all their calls,
so they add up to `calls.total`.

Nothing here needs what made the run: a stored result is read, shown and compared without it.
"""

from __future__ import annotations

from typing import Any

import attrs

from sim.report.result_capacity import CapacityResult
from sim.report.result_course import Annotation, BurstSpan, Generator, Level, Timeseries
from sim.report.result_end import (
    BreakpointResult,
    Cleanup,
    Consistency,
    ExecutionExamples,
    ThresholdResult,
    WallClock,
)
from sim.report.result_figures import (
    ArrivalCounts,
    CallCounts,
    CountedTimes,
    FailureKind,
    OperationCounts,
    OutcomeCount,
    PropagationTimes,
    SetupTimes,
    Sketches,
    Totals,
    WorkflowCounts,
)
from sim.report.result_shards import ShardResult

SCHEMA_VERSION = 2
"""1 had neither sketches, tools, levels nor examples, and was written only. A new key raises it."""
PRODUCT = "nextcloud-mcp-simulate"


@attrs.frozen
class Result:
    """One run. Figures are of the measured phase unless a part says more.

    Attributes:
        consistency, checks, failures, executions: of all phases.
        executions: endings by the phase in which the executions were due or began.
        error_examples: the first different texts of each kind of failure.
        not_started: workflows that were due and did not begin, by reason and name.
        product, version: of the program that made the run.
        run_id: the mark that everything created by this run bears; "" where nothing was.
        command: what repeats the run, word by word, without destinations and secrets.
        comparable: sha256 of what makes two runs comparable; see `sim.report.configuration`.
        steered: whether somebody changed the load while it ran; `annotations` says when, and how.
        label: what it and others like it are called together, "" for nothing.
        shards: the processes that drove it together; () where there was one alone.
    """

    schema_version: int
    summary: Totals
    workflows: dict[str, WorkflowCounts]
    users: dict[str, OperationCounts]
    baseline: OperationCounts
    thresholds: tuple[ThresholdResult, ...]
    breakpoint: BreakpointResult | None
    capacity: CapacityResult | None
    target: str
    clock: str
    seed: int
    login: str
    protocols: dict[str, int]
    stopped: str
    exit_code: int
    calls: CallCounts
    consistency: dict[str, Consistency]
    checks: dict[str, int]
    propagation: dict[str, PropagationTimes]
    outcomes: dict[str, OutcomeCount]
    error_examples: dict[str, tuple[str, ...]]
    failures: dict[str, dict[str, FailureKind]]
    phases: dict[str, int]
    executions: dict[str, dict[str, int]]
    arrivals: ArrivalCounts | None
    setup: dict[str, SetupTimes]
    inbox_wait: CountedTimes
    not_started: dict[str, dict[str, int]]
    groups: dict[str, CallCounts]
    regions: dict[str, CallCounts]
    tools: dict[str, CallCounts]
    levels: tuple[Level, ...]
    burst: BurstSpan | None
    generator: Generator
    timeseries: Timeseries
    sketches: Sketches
    examples: dict[str, ExecutionExamples]
    cleanup: Cleanup
    config: dict[str, Any]
    comparable: str
    command: tuple[str, ...]
    product: str
    version: str
    run_id: str
    steered: bool
    wall_clock: WallClock
    annotations: tuple[Annotation, ...] = ()
    label: str = ""
    shards: tuple[ShardResult, ...] = ()

    @property
    def violations(self) -> int:
        """In all phases."""
        return sum(sum(story.violations.values()) for story in self.consistency.values())

    @property
    def kept_out(self) -> int:
        """Calls and executions without a latency, since the simulator itself stood still meanwhile."""
        return self.calls.kept_out + sum(story.kept_out for story in self.workflows.values())

    @property
    def answered_per_s(self) -> float | None:
        """Calls a second to which there was an answer; None where no time has passed."""
        return self.calls.answered / self.summary.duration if self.summary.duration else None
