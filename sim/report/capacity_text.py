"""The curve of a search for capacity, for people."""

from __future__ import annotations

from sim.report.page import Page, TableRow, duration, percent
from sim.report.result import Result
from sim.report.result_capacity import CapacityResult, CurveLevel, ScalabilityLaw, WithinBounds


def capacity_section(page: Page, result: Result) -> None:
    """The answer, and each level behind it; nothing where nothing was sought."""
    found = result.capacity
    if found is None:
        return
    page.heading("CAPACITY")
    page.line(found.text, "bold green" if found.held is not None else "bold red")
    page.line(f"Limits: {'; '.join(found.limits)}; response time not growing", "dim")
    unit = "users" if found.unit == "users" else "arrivals/s"
    rows = [_row(level, unit) for level in found.curve]
    page.table("Level", ("For", "Calls", "Workflows", "P50", "P95", "Errors", "Held"), rows)
    if found.knee is not None:
        page.line(f"Knee: {found.knee:g} {unit} (the most throughput for its response time)")
    if found.scalability is not None:
        page.line(law_text(found.scalability))
    if first := first_over_text(found):
        page.line(first)
    for level in found.curve:
        if level.by:
            page.line(f"At {level.level:g}: {'; '.join(level.by)}{_where(level)}", "dim")


def first_over_text(found: CapacityResult) -> str:
    """Which step was the first over its limit; "" where none was, or it has no place."""
    first = found.first_over
    if first is None:
        return ""
    at = first.step
    return f"First over its limit: {at.workflow}.{at.step}, tool {at.tool}, at {first.level:g}"


def law_text(law: ScalabilityLaw) -> str:
    """The Universal Scalability Law in one line."""
    if law.contention is None or law.coherency is None:
        return f"Universal Scalability Law: {law.problem}"
    peak = "no peak shows" if law.peak is None else f"peak at {_bounds(law.peak)} users"
    parts = f"contention {_bounds(law.contention)}, coherency {_bounds(law.coherency)}"
    return f"Universal Scalability Law: {parts}, {peak} (95 %)"


def _bounds(figure: WithinBounds) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g}"
    return f"{figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g})"


def _row(level: CurveLevel, unit: str) -> TableRow:
    cells = (
        duration(level.seconds),
        _rate(level.throughput),
        _rate(level.succeeded),
        _time(level.p50),
        _time(level.p95),
        percent(100 * level.errors.value if level.errors else None),
        "yes" if level.held else "NO",
    )
    return TableRow(f"{level.level:g} {unit}", cells)


def _where(level: CurveLevel) -> str:
    at = level.where
    return "" if at is None else f", in {at.workflow}.{at.step}, tool {at.tool}"


def _rate(figure: WithinBounds | None) -> str:
    return "–" if figure is None else f"{figure.value:.3g}/s{_half(figure)}"


def _half(figure: WithinBounds) -> str:
    """Half the interval, in percent of the figure."""
    if figure.low is None or figure.high is None or not figure.value:
        return ""
    return f" ±{50 * (figure.high - figure.low) / figure.value:.0f}%"


def _time(figure: WithinBounds | None) -> str:
    return "–" if figure is None else f"{duration(figure.value)}{_half(figure)}"
