"""The charts of the simulator itself: whether it was the limit."""

from __future__ import annotations

from math import fsum

from sim.report.html.chart import Chart
from sim.report.html.course import Columns, columns_of
from sim.report.html.making import at_most, chart_of, line
from sim.report.page import duration
from sim.report.result import Result


def own_charts(result: Result) -> list[Chart]:
    """The simulator's own."""
    columns = columns_of(result)
    made = [make(columns) for make in (own_cpu, own_lateness, own_memory)] if columns else []
    return [chart for chart in made if chart is not None]


def own_cpu(columns: Columns) -> Chart | None:
    lines = [line(columns, "cpu", "share of a core", "grey")]
    most = at_most(columns, "cpu")
    says = f"it used {most:.0%} of a core at most"
    return chart_of("cpu", "Own CPU", says, "share", columns, lines, height=70)


def own_lateness(columns: Columns) -> Chart | None:
    lines = [
        line(columns, "lateness", "late by", "grey"),
        line(columns, "stalled", "stood still for", "brown", "5 3"),
    ]
    late = at_most(columns, "lateness")
    stood = fsum(value for value in columns["stalled"] if value is not None)
    if not late and not stood:
        return None
    says = (
        f"its own schedule was late by {duration(late)} at most; it stood still for {duration(stood)} in all"
    )
    return chart_of("lateness", "Own lateness", says, "s", columns, lines, height=70)


def own_memory(columns: Columns) -> Chart | None:
    lines = [line(columns, "memory", "memory", "grey", fill_to="0")]
    most = at_most(columns, "memory")
    says = f"{most:,.0f} MiB at most"
    return chart_of("memory", "Own memory", says, "MiB", columns, lines, height=70)
