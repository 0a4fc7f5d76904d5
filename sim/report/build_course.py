"""The course of a run as parts of its document."""

from __future__ import annotations

from sim.measure.figures import Summary
from sim.measure.timeline import Burst
from sim.report.build_figures import times
from sim.report.result_course import BurstSpan, Generator, OwnStall, OwnStalls, TimelineRow, Timeseries


def burst(span: Burst | None) -> BurstSpan | None:
    return None if span is None else BurstSpan(span.from_s, span.to_s, span.failures, span.of)


def generator(summary: Summary, cpu: float | None, rss: int | None) -> Generator:
    stalls = summary.stalls
    first = tuple(OwnStall(at - summary.started, seconds) for at, seconds in stalls.first)
    own = OwnStalls(stalls.count, stalls.seconds, stalls.longest_s, first)
    return Generator(times(summary.lateness), own, cpu, rss)


def timeseries(summary: Summary) -> Timeseries:
    rows = (
        TimelineRow(
            at=place * summary.row_s,
            operations=row.calls,
            errors=row.errors,
            workflows=row.executions,
            users=row.users,
            mean=row.mean_s,
            max=row.slowest_s if row.timed else None,
        )
        for place, row in enumerate(summary.rows)
    )
    return Timeseries(summary.row_s, tuple(rows))
