"""Parts of the document of a run: its course over time, and the simulator's own figures."""

from __future__ import annotations

import attrs

from sim.report.result_figures import PerSecond, Seconds, SinceStart, Times


@attrs.frozen
class RowTimes:
    """Quantiles of what came to an end within one row; None where nothing did."""

    p50: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None
    max: Seconds | None = None


@attrs.frozen
class RowSpan:
    """How long it took, within one row, until others saw what was shared: between `lower` and `upper`."""

    count: int
    lower: RowTimes
    upper: RowTimes


@attrs.frozen
class RowPart:
    """The calls of one region or group within one row."""

    operations: int
    errors: int
    p50: Seconds | None
    p95: Seconds | None


@attrs.frozen
class TimelineRow:
    """What came to an end within one span of time.

    Attributes:
        at: where it begins, in seconds since the beginning of the run.
        users: how many were on stage at most; `there` and `wanted` by group: users in the closed
            model, arrivals a second in the open one.
        mean, max: service time.
        outcomes: calls by kind of ending.
        bins: calls by service time: bin i holds those under 0.5 ms · 2^(i/2), the last all longer ones.
        violations: by kind.
        not_started: workflows that were due and did not begin, by reason.
        lateness: how late the simulator itself was at most.
        stalled: for how long it stood still.
        cpu: share of a core that it used; `rss` its memory, bytes. None: not known (virtual time).
        conflicts: how many were met and retried.
        propagation: None where nothing that was shared came to be seen.
        regions, groups: where there is more than one.
    """

    at: SinceStart
    operations: int
    errors: int
    workflows: int
    users: int
    mean: Seconds | None
    max: Seconds | None
    phase: str = ""
    service: RowTimes = attrs.Factory(RowTimes)
    response: RowTimes = attrs.Factory(RowTimes)
    outcomes: dict[str, int] = attrs.Factory(dict)
    bins: tuple[int, ...] = ()
    wanted: dict[str, float] = attrs.Factory(dict)
    there: dict[str, float] = attrs.Factory(dict)
    violations: dict[str, int] = attrs.Factory(dict)
    not_started: dict[str, int] = attrs.Factory(dict)
    lateness: Seconds | None = None
    stalled: Seconds = 0.0
    cpu: float | None = None
    rss: int | None = None
    conflicts: int = 0
    propagation: RowSpan | None = None
    regions: dict[str, RowPart] = attrs.Factory(dict)
    groups: dict[str, RowPart] = attrs.Factory(dict)


@attrs.frozen
class Timeseries:
    """Rows of equal length, one after the other; `row_seconds` doubles whenever there are too many."""

    row_seconds: Seconds
    rows: tuple[TimelineRow, ...]


@attrs.frozen
class Level:
    """What was measured while the same load was asked for.

    Attributes:
        wanted: users on stage, or arrivals a second.
        unit: `users` or `arrivals/s`.
        begun, seconds: when it was first asked for, and for how long in all.
        throughput: answered calls a second.
    """

    wanted: float
    unit: str
    begun: SinceStart
    seconds: Seconds
    operations: int
    errors: int
    throughput: PerSecond | None
    service: Times
    response: Times
    held: bool | None = None
    """Whether every threshold held at it; None: not judged."""


@attrs.frozen
class BurstSpan:
    """A short span of time into which most failures of the run fell."""

    begun: SinceStart
    ended: SinceStart
    failures: int
    of: int


@attrs.frozen
class Annotation:
    """An instant at which somebody who looked on changed the load, or that they marked with a word.

    Attributes:
        kind: `load`, `pause`, `resume`, `stop`, `stop_now`, `mark`.
        text: how it was changed, or the word.
    """

    at: SinceStart
    kind: str
    text: str


@attrs.frozen
class OwnStall:
    """When the simulator itself began to stand still, and for how long."""

    at: SinceStart
    seconds: Seconds


@attrs.frozen
class OwnStalls:
    """For how long the simulator itself stood still. `first`: the first few."""

    count: int
    seconds: Seconds
    longest: Seconds
    first: tuple[OwnStall, ...]


@attrs.frozen
class Generator:
    """The simulator's own figures: whether it was the limit, and not the server.

    Attributes:
        lateness: how long after its instant it let a workflow arrive; where none arrive, how late its loop
            came to a beat that is due twenty times a second.
        cpu: share of a core while measuring; `rss` its memory at most, bytes. None: not known.
        cpu_per_call: CPU seconds that a measured call cost, in all shards, with all that is around it.
        can_drive: calls a second at that cost with a whole core, of which the run used the share `cpu`.
            None: not known, or of too few calls to say.
    """

    lateness: Times
    stalls: OwnStalls
    cpu: float | None = None
    rss: int | None = None
    cpu_per_call: Seconds | None = None
    can_drive: float | None = None
