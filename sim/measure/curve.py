"""The answer of a search for capacity, and the curve of all levels that were held on the way to it."""

from __future__ import annotations

import attrs

from sim.measure.batch_means import Estimate

OWN_LIMIT = "the simulator's own limit"
"""How a level ended that broke, and that was not the server's doing."""


@attrs.frozen
class StepPlace:
    """A step, with its p95, seconds (None: no call succeeded), and the share of its calls that failed."""

    workflow: str
    step: str
    tool: str
    p95: float | None
    failed: float

    def __str__(self) -> str:
        return f"{self.workflow}.{self.step}, tool {self.tool}"


@attrs.frozen
class LevelMeasured:
    """Figures of one level, the transient left out. Times are service times of calls, seconds.

    Attributes:
        seconds: how long it was looked at.
        throughput: calls a second to which there was an answer; `succeeded`: executions a second.
        errors: share of calls that failed.
        p50, p95: None where no call succeeded.
        slowest: the step whose calls are slowest.
        own_cpu: share of a core that this process used; None: not known.
    """

    seconds: float
    calls: int
    throughput: Estimate
    succeeded: Estimate
    p50: Estimate | None
    p95: Estimate | None
    mean: float | None
    errors: Estimate | None
    slowest: StepPlace | None
    own_cpu: float | None = None


@attrs.frozen
class CurvePoint:
    """One level.

    Attributes:
        held: whether all limits hold at it, as far as all levels together say.
        outcome: how its last hold ended, in words; `by` what broke.
        seconds: for how long it was held in all.
    """

    level: float
    held: bool
    outcome: str
    seconds: float
    by: tuple[str, ...]
    collapsed_s: float | None
    where: StepPlace | None
    measured: LevelMeasured | None


@attrs.frozen
class CapacityAnswer:
    """What a search has found.

    Attributes:
        unit: `users`, or `arrivals/s`.
        held, broke: the highest level that holds, and the lowest that does not; None: there is none.
        is_bounded_by_server: whether `broke` is the server's doing, and not the simulator's.
        confirmation: how far the answer was confirmed, in words.
        recovers: whether it holds also after the server was overloaded; None: not known.
        rested_at: the level at which an overloaded server did not become itself again; None: it always did.
        is_over: whether the search ended by itself, and neither by time nor by hand before it had its answer.
        max_level: no higher one was allowed.
        curve: ascending.
        between: the levels between which the true number lies (95 %): the first still holds, the second no
            longer. None in a place: no such end is known; None: that is no matter of chance.
    """

    unit: str
    held: CurvePoint | None
    broke: CurvePoint | None
    is_bounded_by_server: bool
    confirmation: str
    recovers: bool | None
    rested_at: float | None
    is_over: bool
    max_level: float
    curve: tuple[CurvePoint, ...] = ()
    between: tuple[float | None, float | None] | None = None
