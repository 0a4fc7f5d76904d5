"""How charts over time are made of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sim.report.html.chart import Chart, Line, Table, Values, thinned
from sim.report.html.course import Columns
from sim.report.html.figures_text import places_for, seconds_text
from sim.report.page import clock

MAX_TABLE_ROWS = 12


def line(
    columns: Columns,
    key: str,
    name: str,
    colour: str,
    dash: str = "",
    *,
    fill_to: str = "",
    keeps: str = "max",
    joins: bool = False,
) -> Line:
    """A column as a line; without a value where there is no such column."""
    values = tuple(columns.get(key) or [None] * len(columns["at"]))
    return Line(key, name, colour, values, dash, fill_to, keeps, joins)


def chart_of(
    id_: str, title: str, says: str, unit: str, columns: Columns, lines: Sequence[Line], **more: object
) -> Chart | None:
    """None where there is nothing to draw."""
    known = tuple(line for line in lines if any(value is not None for value in line.values))
    if not known:
        return None
    xs = tuple(at or 0.0 for at in columns["at"])
    return Chart(id_, title, says, unit, xs, known, table_of(xs, known, unit), **more)  # type: ignore[arg-type]


def table_of(xs: Sequence[float], lines: Sequence[Line], unit: str) -> Table:
    """The same in no more than a dozen lines."""
    begins = thinned(tuple(xs), MAX_TABLE_ROWS, "mean")
    columns = [thinned(line.values, MAX_TABLE_ROWS, line.keeps) for line in lines]
    texts = [list(_cells(column, unit)) for column in columns]
    return Table(
        ("from", *(line.name for line in lines)),
        tuple(
            (clock(begin or 0.0), *cells)
            for begin, cells in zip(begins, zip(*texts, strict=True), strict=True)
        ),
    )


def _cells(values: Values, unit: str) -> Iterator[str]:
    digits = places_for(list(values))
    write: Callable[[float], str] = {
        "s": lambda value: f"{seconds_text(value, digits)} s",
        "share": lambda value: f"{value:.0%}",
        "MiB": lambda value: f"{value:,.0f} MiB",
        "/s": lambda value: f"{value:,.1f}",
    }.get(unit, lambda value: f"{value:,.0f}")
    return ("–" if value is None else write(value) for value in values)


def at_most(columns: Columns, key: str) -> float:
    """The greatest value of a column; 0 where there is none."""
    return max((value for value in columns.get(key, ()) if value is not None), default=0.0)
