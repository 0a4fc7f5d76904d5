"""What is not over time: throughput and latency over the load, and the quantiles to the end."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from sim.measure.points import Points
from sim.measure.sketch import Sketch
from sim.report.html.chart import Chart, Line, Table
from sim.report.html.figures_text import nines_text
from sim.report.html.svg import MARKED_NINES
from sim.report.html.time_charts import bounds_of
from sim.report.page import duration
from sim.report.result import Result
from sim.report.result_course import Level
from sim.report.result_figures import SketchPoints

MIN_LEVELS = 3
GAIN = 0.1
"""So far below its best the throughput may be at the level from which on it counts as full."""
MARKS_A_NINE = 8


def level_charts(result: Result) -> list[Chart]:
    """Throughput and latency over the load, for each unit in which at least `MIN_LEVELS` were held."""
    units = dict.fromkeys(level.unit for level in result.levels)
    return [chart for unit in units for chart in _of_unit(result, unit)]


def _of_unit(result: Result, unit: str) -> list[Chart]:
    levels = [level for level in result.levels if level.unit == unit]
    if len(levels) < MIN_LEVELS:
        return []
    xs, axis = tuple(level.wanted for level in levels), "users" if unit == "users" else "/s"
    rate = Line("level.rate", "answered a second", "green", tuple(level.throughput for level in levels))
    times = Line("level.p95", "p95", "blue", tuple(level.service.p95 for level in levels))
    middle = Line("level.p50", "p50", "sky", tuple(level.service.median for level in levels), "6 3")
    head = (unit, "for", "calls", "failed", "a second", "p50", "p95", "limits")
    table, name = Table(head, tuple(map(level_row, levels))), "load" if axis == "/s" else "users"
    grown = Chart(
        f"level-rate-{name}",
        f"Throughput over {unit}",
        knee_says(levels),
        "/s",
        xs,
        (rate,),
        table,
        axis=axis,
        height=120,
    )
    slower = Chart(
        f"level-times-{name}",
        f"Latency over {unit}",
        times_say(levels),
        "s",
        xs,
        (times, middle),
        table,
        axis=axis,
        height=120,
        bounds=bounds_of(result, "calls"),
    )
    return [grown, slower]


def level_row(level: Level) -> tuple[str, ...]:
    return (
        f"{level.wanted:.4g}",
        duration(level.seconds),
        f"{level.operations:,}",
        f"{level.errors:,}",
        "–" if level.throughput is None else f"{level.throughput:.1f}",
        duration(level.service.median),
        duration(level.service.p95),
        "–" if level.held is None else "held" if level.held else "broken",
    )


def knee(levels: Sequence[Level]) -> Level | None:
    """The level after which more load brings hardly more throughput; None where there is none."""
    best = max(levels, key=lambda level: level.throughput or 0.0)
    if not best.throughput:
        return None
    for level in levels:
        share = (level.throughput or 0.0) / best.throughput
        if share >= 1 - GAIN and level.wanted < 0.8 * levels[-1].wanted:
            return level
    return None


def knee_says(levels: Sequence[Level]) -> str:
    bend, best = knee(levels), max(levels, key=lambda level: level.throughput or 0.0)
    if bend is None:
        return f"it grew up to {best.throughput or 0:.4g} at {best.wanted:.4g}, without a knee"
    return f"it bends at {bend.wanted:.4g}: more brought no more than {best.throughput or 0:.4g}"


def times_say(levels: Sequence[Level]) -> str:
    timed = [level for level in levels if level.service.p95 is not None]
    if not timed:
        return "nothing was timed"
    first, last = timed[0], timed[-1]
    return (
        f"p95 was {duration(first.service.p95)} at {first.wanted:.4g} and {duration(last.service.p95)} "
        f"at {last.wanted:.4g}"
    )


def quantile_chart(result: Result) -> Chart | None:
    """Of all calls, on an axis on which each nine has as much room as the one before."""
    service, response = result.sketches.calls.service, result.sketches.calls.response
    if not service.count:
        return None
    nines = min(4, max(1, len(str(service.count)) - 2))  # ten calls beyond the last mark
    xs = tuple(place / MARKS_A_NINE for place in range(nines * MARKS_A_NINE + 1))
    lines = [Line("quantile.service", "service", "blue", quantiles(service, xs))]
    if response.count:
        lines.insert(0, Line("quantile.response", "response", "pink", quantiles(response, xs), "6 3"))
    marks = [mark for mark in MARKED_NINES if mark <= nines]
    at = [quantiles(points, marks) for points in (service, response) if points.count]
    rows = tuple(
        (nines_text(mark), *(duration(values[place]) for values in at)) for place, mark in enumerate(marks)
    )
    names = ("service", "response")[: len(at)]
    middle, high = at[0][0], at[0][-1]
    says = f"half within {duration(middle)}, {nines_text(marks[-1])} {duration(high)}"
    return Chart(
        "quantiles",
        "Quantiles",
        says,
        "s",
        xs,
        tuple(lines),
        Table(("quantile", *names), rows),
        axis="nines",
        is_log=True,
        height=130,
    )


def quantiles(points: SketchPoints, nines: Sequence[float]) -> tuple[float | None, ...]:
    """At each number of nines: 0 is the least, 1 p90, 2 p99."""
    if points.min is None or points.max is None:
        return (None,) * len(nines)
    kept = Points(array("d", points.means), array("d", points.weights))
    sketch = Sketch.of_points(kept, points.min, points.max, points.sum)
    return tuple(sketch.quantile(1 - 10**-each) for each in nines)
