"""Parts of the document of a run: what a search for capacity found, and the curve behind it."""

from __future__ import annotations

from typing import Annotated

import attrs

from sim.report.result_figures import Seconds

Share = Annotated[float, "share, 0 to 1"]


@attrs.frozen
class WithinBounds:
    """A figure and its interval (95 %); None: the interval has no such end."""

    value: float
    low: float | None
    high: float | None


@attrs.frozen
class BetweenLevels:
    """The first still holds, the second no longer (95 %); None: no such end is known."""

    low: float | None
    high: float | None


@attrs.frozen
class StepAtLevel:
    """A step, the p95 of its calls, and the share of them that failed."""

    workflow: str
    step: str
    tool: str
    p95: Seconds | None
    failed: Share


@attrs.frozen
class FirstOver:
    """The step that was over its limit first, with its figures at `level`, the lowest where it was."""

    level: float
    step: StepAtLevel


@attrs.frozen
class CurveLevel:
    """One level of a search, without the transient after the step to it.

    Attributes:
        held: whether all limits hold at it, as far as all levels together say.
        outcome: `held`, `broke`, `never steady`, `the simulator's own limit`.
        seconds: for how long it was held in all; `measured` what of that the figures are of.
        by: what broke.
        collapsed_after: seconds after which it gave way, having held until then.
        where: the step in which most of what broke happened; `slowest` the one with the highest p95.
        throughput: answered calls a second; `succeeded` executions a second.
        p50, p95: service times of calls, seconds. `errors`: share of calls.
        generator_cpu: share of a core that the simulator used; None: not known.
    """

    level: float
    held: bool
    outcome: str
    seconds: Seconds
    measured: Seconds
    by: tuple[str, ...]
    collapsed_after: Seconds | None
    where: StepAtLevel | None
    slowest: StepAtLevel | None
    throughput: WithinBounds | None
    succeeded: WithinBounds | None
    p50: WithinBounds | None
    p95: WithinBounds | None
    errors: WithinBounds | None
    generator_cpu: Share | None


@attrs.frozen
class ScalabilityLaw:
    """The Universal Scalability Law, fitted to the throughput of all levels (see `sim.measure.scalability`).

    Attributes:
        rate: calls a second of one user alone.
        contention, coherency: its σ and κ.
        peak: users at which throughput is highest; None: the data show none.
        problem: why it is not to be had from these data; "" where it is. The figures are None then.
    """

    rate: WithinBounds | None
    contention: WithinBounds | None
    coherency: WithinBounds | None
    peak: WithinBounds | None
    problem: str


@attrs.frozen
class CapacityResult:
    """The answer of a search.

    Attributes:
        unit: `users`, or `arrivals/s`.
        held, broke: the highest level at which all limits hold, and the lowest at which one does not; None:
            there is none.
        at_least: whether the server may carry more than `held`: the simulator, the users that were allowed,
            or the time came to their end first.
        confirmed: how far the answer was confirmed.
        recovers: whether `held` holds also after the server was overloaded; None: not known.
        rested_at: the level at which an overloaded server did not become itself again.
        is_over: whether the search came to its end by itself.
        limits: what was to hold.
        text: the answer in words.
        knee: the level with the most throughput for its mean response time (Kleinrock's power); None: fewer
            than two levels were measured.
        first_over: which step was over a limit first, of all levels: by its own p95, also where the limit
            of all calls still held, or by most of what broke a level; None: none was, or it has no place.
        scalability: None for arrivals.
        curve: every level that was held, ascending.
        between: where the true number lies; None: nothing was left to chance, or nothing is known.
    """

    unit: str
    held: float | None
    broke: float | None
    at_least: bool
    confirmed: str
    recovers: bool | None
    rested_at: float | None
    is_over: bool
    limits: tuple[str, ...]
    text: str
    knee: float | None
    scalability: ScalabilityLaw | None
    curve: tuple[CurveLevel, ...]
    first_over: FirstOver | None = None
    between: BetweenLevels | None = None
