"""The curve of a search for capacity: throughput, p95 and errors at each level, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from sim.measure.scalability import throughput
from sim.report.capacity_text import first_over_text, law_text
from sim.report.html.chart import Chart, Line, Mark, Table, Values
from sim.report.html.time_charts import bounds_of
from sim.report.page import duration, percent
from sim.report.result import Result
from sim.report.result_capacity import CapacityResult, CurveLevel, ScalabilityLaw, WithinBounds

POINTS_OF_LAW = 40
"""So many are drawn of the law between the levels: it is no straight line."""
Figure = Callable[[CurveLevel], WithinBounds | None]


def capacity_charts(result: Result) -> list[Chart]:
    """None where nothing was sought, or nothing was measured."""
    found = result.capacity
    if found is None or not any(level.throughput for level in found.curve):
        return []
    charts = [_throughput(found), _p95(result, found)]
    if any(level.errors and level.errors.value for level in found.curve):
        charts.append(_errors(found))
    return charts


def _throughput(found: CapacityResult) -> Chart:
    law = found.scalability
    xs = places(found)
    lines = within("capacity.rate", "calls a second", "green", found, xs, lambda level: level.throughput)
    if law is not None and (values := law_values(law, xs)):
        lines = (*lines, Line("capacity.law", "Universal Scalability Law", "pink", values, "6 3"))
    says = ". ".join(filter(None, (found.text, law_text(law) if law else "")))
    return _chart("capacity-rate", "Capacity: throughput", says, "/s", found, xs, lines)


def _p95(result: Result, found: CapacityResult) -> Chart:
    xs = places(found)
    lines = within("capacity.p95", "p95", "blue", found, xs, lambda level: level.p95)
    timed = [(level, level.p95) for level in found.curve if level.p95]
    says = "nothing succeeded" if not timed else " and ".join(
        f"{duration(p95.value)} at {level.level:g}" for level, p95 in dict.fromkeys((timed[0], timed[-1]))
    )  # fmt: skip
    first = first_over_text(found)
    says = f"p95 was {says}{f'. {first}' if first else ''}"
    chart = _chart("capacity-p95", "Capacity: p95", says, "s", found, xs, lines)
    return attrs.evolve(chart, bounds=bounds_of(result, "calls"))


def _errors(found: CapacityResult) -> Chart:
    xs = places(found)
    lines = within("capacity.errors", "calls that failed", "red", found, xs, lambda level: level.errors)
    worst = max((level for level in found.curve if level.errors), key=lambda level: share(level))
    says = f"at most {percent(100 * share(worst))} of the calls failed, at {worst.level:g}"
    chart = _chart("capacity-errors", "Capacity: errors", says, "share", found, xs, lines)
    return attrs.evolve(chart, height=70)


def share(level: CurveLevel) -> float:
    """Of calls that failed."""
    return level.errors.value if level.errors else 0.0


def _chart(
    name: str,
    title: str,
    says: str,
    unit: str,
    found: CapacityResult,
    xs: tuple[float, ...],
    lines: tuple[Line, ...],
) -> Chart:
    axis, marks = "users" if found.unit == "users" else "/s", tuple(marks_of(found))
    return Chart(name, title, says, unit, xs, lines, table_of(found), axis, height=140, marks=marks)


def marks_of(found: CapacityResult) -> Iterator[Mark]:
    """The answer, and the knee where the curve has one."""
    if found.held is not None:
        same = " and knee" if found.knee == found.held else ""
        yield Mark(found.held, f"carries {found.held:g}{same}", "green")
    if found.knee is not None and found.knee != found.held:
        yield Mark(found.knee, f"knee {found.knee:g}", "grey")


def places(found: CapacityResult) -> tuple[float, ...]:
    """The levels, and between them those at which the law is drawn where there is one."""
    levels = [level.level for level in found.curve]
    if found.scalability is None or found.scalability.problem:
        return tuple(levels)
    low, high = levels[0], levels[-1]
    between = (low + (high - low) * place / POINTS_OF_LAW for place in range(POINTS_OF_LAW + 1))
    return tuple(sorted({*levels, *between}))


def within(
    key: str, name: str, colour: str, found: CapacityResult, xs: tuple[float, ...], figure: Figure
) -> tuple[Line, ...]:
    """A figure over the levels, and its interval around it."""
    known = {level.level: at for level in found.curve if (at := figure(level)) is not None}

    def line(part: str, said: str, end: Callable[[WithinBounds], float | None], **more: str) -> Line:
        values: Values = tuple(end(known[x]) if x in known else None for x in xs)
        return Line(f"{key}{part}", said, colour, values, joins=True, **more)

    return (
        line("", name, lambda at: at.value),
        line(".high", "95 % at most", lambda at: at.high, dash="1 4", fill_to=f"{key}.low"),
        line(".low", "at least", lambda at: at.low, dash="1 4"),
    )


def law_values(law: ScalabilityLaw, xs: tuple[float, ...]) -> Values:
    """Calls a second by the law; () where there is none."""
    if law.rate is None or law.contention is None or law.coherency is None:
        return ()
    parts = law.rate.value, law.contention.value, law.coherency.value
    return tuple(throughput(parts, x) for x in xs)


def table_of(found: CapacityResult) -> Table:
    head = (found.unit, "for", "calls/s", "95 %", "p50", "p95", "95 %", "failed", "limits")
    return Table(head, tuple(map(_row, found.curve)))


def _row(level: CurveLevel) -> tuple[str, ...]:
    rate, p95, failed = level.throughput, level.p95, level.errors
    return (
        f"{level.level:g}",
        duration(level.seconds),
        "–" if rate is None else f"{rate.value:.4g}",
        _between(rate, lambda value: f"{value:.4g}"),
        duration(level.p50.value if level.p50 else None),
        duration(p95.value if p95 else None),
        _between(p95, duration),
        "–" if failed is None else percent(100 * failed.value),
        "held" if level.held else level.outcome,
    )


def _between(figure: WithinBounds | None, said: Callable[[float], str]) -> str:
    if figure is None:
        return "–"
    ends = ("unknown" if end is None else said(end) for end in (figure.low, figure.high))
    return " to ".join(ends)
