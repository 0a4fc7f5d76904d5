"""Figures as people read them on a page: one unit a column, aligned on the point."""

from __future__ import annotations

from sim.report.page import clock


def axis_text(value: float, unit: str) -> str:
    """At a mark of an axis."""
    match unit:
        case "s":
            return f"{value:g} s" if value >= 1 or value == 0 else f"{value * 1000:g} ms"
        case "share":
            return f"{value * 100:g} %"
        case "MiB":
            return f"{value:g} MiB"
        case _:
            return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def x_text(value: float, axis: str) -> str:
    """Below an axis across."""
    match axis:
        case "time":
            return clock(value)
        case "nines":
            return nines_text(value)
        case _:
            return axis_text(value, axis)


def nines_text(nines: float) -> str:
    """A quantile by its nines: 1 is p90, 2 p99, 3 p99.9."""
    return f"p{100 * (1 - 10**-nines):.{max(0, round(nines) - 2)}f}"


def seconds_text(value: float | None, digits: int = 3) -> str:
    """Seconds to so many places, so that a column of them is aligned on the point."""
    return "–" if value is None else f"{value:,.{digits}f}"


def places_for(values: list[float | None]) -> int:
    """How many decimal places a column of seconds needs to say something of its middle."""
    known = sorted(value for value in values if value)
    middle = known[len(known) // 2] if known else 1.0
    return 2 if middle >= 0.5 else 3 if middle >= 0.02 else 4
