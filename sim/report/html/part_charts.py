"""Charts over time of parts of a run: how shares come to be seen, and how regions and groups fared."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from sim.report.html.chart import Chart
from sim.report.html.course import Columns, columns_of
from sim.report.html.making import at_most, chart_of, line
from sim.report.page import duration, percent, several
from sim.report.result import Result
from sim.report.result_figures import CallCounts

MAX_SHOWN = 8


def propagation_chart(result: Result, columns: Columns) -> Chart | None:
    """How long until others saw what was shared: between two bounds, since they looked now and then."""
    lines = [
        line(columns, "seen.p95", "p95, at the latest", "sky", "6 3", joins=True),
        line(columns, "seen.upper", "p50, at the latest", "blue", fill_to="seen.lower", joins=True),
        line(columns, "seen.lower", "p50, at the earliest", "green", "2 3", joins=True),
    ]
    return chart_of("seen", "Shares seen", propagation_says(result), "s", columns, lines, height=100)


def propagation_says(result: Result) -> str:
    count = sum(each.count for each in result.propagation.values())
    hits = sum(each.first_look_hit for each in result.propagation.values())
    slowest = max((each.upper.p95 or 0.0 for each in result.propagation.values()), default=0.0)
    share = "each time" if hits == count else f"{percent(100 * hits / max(count, 1))} of them"
    return (
        f"{count:,} times others saw what was shared, {share} at their first look, "
        f"p95 within {duration(slowest)}"
    )


def part_charts(result: Result) -> list[Chart]:
    """Small ones, a region or group each, all on one scale."""
    columns = columns_of(result)
    found: list[Chart] = []
    if not columns:
        return found
    for what, parts in (("region", result.regions), ("group", result.groups)):
        for place, name in enumerate(list(parts)[:MAX_SHOWN]):
            chart = _part(columns, what, name, parts, f"{what}-{place}") if len(parts) > 1 else None
            if chart is not None:
                found.append(chart)
    most = max((at_most(columns, line.key) for chart in found for line in chart.lines), default=0.0)
    return [attrs.evolve(chart, ceiling=most, is_small=True) for chart in found]


def _part(columns: Columns, what: str, name: str, parts: Mapping[str, CallCounts], id_: str) -> Chart | None:
    lines = [
        line(columns, f"{what}.p95:{name}", "p95", "sky", "6 3", fill_to=f"{what}.p50:{name}", joins=True),
        line(columns, f"{what}.p50:{name}", "p50", "blue", joins=True),
    ]
    calls = parts[name]
    says = f"{several(calls.total, 'call')}, {calls.failed:,} failed, p95 {duration(calls.latency.p95)}"
    return chart_of(id_, f"{what} {name}", says, "s", columns, lines, height=80)
