"""The course of a run as parts of its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

from sim.measure.figures import Summary
from sim.measure.row_parts import PartOfRow
from sim.measure.sketch import Sketch
from sim.measure.timeline import Burst
from sim.measure.timeline_row import Row
from sim.report.build_figures import times
from sim.report.result_course import (
    Annotation,
    BurstSpan,
    Generator,
    OwnStall,
    OwnStalls,
    RowPart,
    RowSpan,
    RowTimes,
    TimelineRow,
    Timeseries,
)
from sim.report.result_shards import ShardResult

MIN_CALLS = 100
"""Of fewer nothing is said of what a call costs the simulator."""


def burst(span: Burst | None) -> BurstSpan | None:
    return None if span is None else BurstSpan(span.from_s, span.to_s, span.failures, span.of)


def generator(
    summary: Summary, cpu: float | None, rss: int | None, shards: Sequence[ShardResult] = ()
) -> Generator:
    """How the load was made; `cpu` is that of the busiest process, the cost of a call that of all."""
    stalls = summary.stalls
    first = tuple(OwnStall(at - summary.started, seconds) for at, seconds in stalls.first)
    own = OwnStalls(stalls.count, stalls.seconds, stalls.longest_s, first)
    cost_s = cpu_per_call(summary, cpu_of_all(shards) if shards else cpu)
    drives = None if cost_s is None else 1 / cost_s
    return Generator(times(summary.lateness), own, cpu, rss, cost_s, drives)


def cpu_of_all(shards: Sequence[ShardResult]) -> float | None:
    """Cores that they used together; None where one did not tell."""
    told = [shard.cpu for shard in shards if shard.cpu is not None]
    return fsum(told) if len(told) == len(shards) else None


def cpu_per_call(summary: Summary, cpu: float | None) -> float | None:
    """Of few calls it is the cost of all that is around them."""
    if not cpu or summary.calls.total < MIN_CALLS:
        return None
    return cpu * summary.measured_s / summary.calls.total


def changes_by_hand(summary: Summary) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(each.at - summary.started, each.kind.value, each.text) for each in summary.steered
    )


def timeseries(summary: Summary) -> Timeseries:
    split = len(summary.regions) > 1, len(summary.groups) > 1
    rows = (row_of(row, place * summary.row_s, *split) for place, row in enumerate(summary.rows))
    return Timeseries(summary.row_s, tuple(rows))


def row_of(row: Row, at: float, by_region: bool = True, by_group: bool = True) -> TimelineRow:
    """One row; with its regions and groups where these tell more than the whole."""
    return TimelineRow(
        at=at,
        operations=row.calls,
        errors=row.errors,
        workflows=row.executions,
        users=row.users,
        mean=row.mean_s,
        max=row.slowest_s if row.timed else None,
        phase=row.phase,
        service=row_times(row.service),
        response=row_times(row.response),
        outcomes=dict(sorted(row.outcomes.items())),
        bins=tuple(row.bins[place] for place in range(max(row.bins, default=-1) + 1)),
        wanted=dict(row.wanted),
        there={name: float(number) for name, number in row.there.items()},
        violations=dict(sorted(row.violations.items())),
        not_started=dict(sorted(row.not_started.items())),
        lateness=row.lateness_s,
        stalled=row.stalled_s,
        cpu=row.cpu_s / row.seconds if row.rss_bytes and row.seconds else None,
        rss=row.rss_bytes or None,
        conflicts=row.conflicts,
        propagation=propagation_of(row.seen_after),
        regions=parts_of(row.regions if by_region else {}),
        groups=parts_of(row.groups if by_group else {}),
    )


def propagation_of(bounds: tuple[Sketch, Sketch]) -> RowSpan | None:
    lower, upper = bounds
    return RowSpan(upper.count, row_times(lower), row_times(upper)) if upper.count else None


def parts_of(parts: Mapping[str, PartOfRow]) -> dict[str, RowPart]:
    return {
        name: RowPart(part.calls, part.errors, part.service.quantile(0.5), part.service.quantile(0.95))
        for name, part in sorted(parts.items())
    }


def row_times(sketch: Sketch) -> RowTimes:
    if not sketch.count:
        return RowTimes()
    return RowTimes(sketch.quantile(0.5), sketch.quantile(0.95), sketch.quantile(0.99), sketch.max)
