"""Parts of the document of a run: what it was judged by, what was wrong, and how it ended."""

from __future__ import annotations

import attrs

from sim.report.result_figures import PerSecond, Seconds, SinceStart


@attrs.frozen
class ThresholdResult:
    """A threshold and what was measured against it.

    Attributes:
        measured: in `unit`, as the bound; None where nothing was measured, and then it did not hold.
        aborts: whether it was to end the run.
        note: what else there is to say of it.
        broke_at: when it was first seen broken, though it may hold over the whole; None: it never was.
    """

    threshold: str
    passed: bool
    measured: float | None
    bound: float
    unit: str
    aborts: bool
    note: str
    broke_at: SinceStart | None = None


@attrs.frozen
class BreakpointResult:
    """What a search for the rate that holds has found.

    Attributes:
        held, broke: the highest rate that held, and the one that did not; None: there was none.
        by: what broke.
        silent: thresholds for which nothing was measured at the end.
        succeeded: executions that succeeded a second, at the rate that held.
        text: all of that in words.
    """

    held: PerSecond | None
    broke: PerSecond | None
    by: tuple[str, ...]
    silent: tuple[str, ...]
    succeeded: PerSecond | None
    note: str
    text: str


@attrs.frozen
class StepSpan:
    """One call of an execution."""

    step: str
    tool: str
    user: str
    begun: SinceStart
    seconds: Seconds
    outcome: str
    text: str = ""


@attrs.frozen
class ViolationExample:
    """One violated expectation, with the calls of both sides where they are known.

    Attributes:
        trace_id: under which the server's log has the calls of the execution (W3C trace context).
    """

    kind: str
    step: str
    user: str
    expected: str
    seen: str
    at: SinceStart
    execution: int = 0
    steps: tuple[StepSpan, ...] = ()
    trace_id: str = ""


@attrs.frozen
class Consistency:
    """What users saw that they must not have seen, of the whole run."""

    violations: dict[str, int]
    conflicts_retried: int
    examples: tuple[ViolationExample, ...]


@attrs.frozen
class ExecutionExample:
    """One execution, with every call: one of the slowest, or of the first that failed.

    Attributes:
        trace_id: under which the server's log has the calls (W3C trace context).
    """

    number: int
    cast: tuple[str, ...]
    ending: str
    begun: SinceStart
    seconds: Seconds
    due: SinceStart | None
    failure: str
    steps: tuple[StepSpan, ...]
    trace_id: str = ""


@attrs.frozen
class ExecutionExamples:
    """Of one workflow. `median`: one that took about as long as half of all did; None: none succeeded."""

    slowest: tuple[ExecutionExample, ...]
    failed: tuple[ExecutionExample, ...]
    median: ExecutionExample | None = None


@attrs.frozen
class Cleanup:
    """What became of what was created.

    Attributes:
        removed: how many things; None: nothing was to be removed, or was tried.
        left_behind: names of what could not be removed, each with the reason.
        expiring: OAuth clients that nobody can remove, and that expire by themselves.
        kept: whether users were kept because that was asked for.
    """

    text: str
    left_behind: tuple[str, ...]
    removed: int | None = None
    expiring: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kept: bool = False


@attrs.frozen
class WallClock:
    """What the wall clock said: when it began (ISO 8601, UTC), "" on the virtual one."""

    began: str
    generator_cpu: float | None
