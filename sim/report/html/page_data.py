"""What the page carries with it as JSON: the result without its rows, and the columns of its charts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import cattrs

from sim.report.html.chart import Chart, HeatMap, thinned
from sim.report.html.course import ERRORS, Columns, columns_of
from sim.report.result import Result

DIGITS = 4
MAX_OWN_POINTS = 200
"""So many figures of a number mean something to somebody who looks at a chart."""
NOT_CARRIED = ("timeseries", "sketches", "users", "examples")
"""What is shown in the page, or is no matter of looking: the JSON of the run has it."""


def result_json(result: Result) -> str:
    """The result's own JSON, without `NOT_CARRIED`, to four figures."""
    document = cattrs.unstructure(result)
    return embedded({key: value for key, value in document.items() if key not in NOT_CARRIED})


def charts_json(result: Result, charts: Sequence[Chart]) -> str:
    """What the page's script takes (`take`)."""
    return embedded(charts_data(result, charts))


def charts_data(result: Result, charts: Sequence[Chart]) -> dict[str, Any]:
    """The same as values."""
    heat = next((chart for chart in charts if chart.heat), None)
    marks = next((chart.marks for chart in charts if chart.marks and chart.axis == "time"), ())
    return {
        "rowSeconds": result.timeseries.row_seconds,
        "columns": rounded(without_what_nobody_draws(columns_of(result), charts), 3),
        "heat": heat_data(heat.heat, result) if heat and heat.heat else None,
        "charts": [chart_data(chart) for chart in charts],
        "marks": [attrs.asdict(mark) for mark in marks],
    }


def without_what_nobody_draws(columns: Columns, charts: Sequence[Chart]) -> Columns:
    """Those that charts over time share, and what is said of a span that was chosen."""
    shared = {line.key for chart in charts if not has_own_points(chart) for line in chart.lines}
    told = {"at", "there", "ok", "service.p95"}
    return {key: values for key, values in columns.items() if key in shared | told or key.startswith(ERRORS)}


def has_own_points(chart: Chart) -> bool:
    return chart.axis != "time" or chart.is_small


def own_points(chart: Chart) -> dict[str, Any]:
    """The columns of a chart that has its own, few of them."""
    if not has_own_points(chart):
        return {"xs": None, "columns": None}
    return {
        "xs": list(thinned(chart.xs, MAX_OWN_POINTS, "mean")),
        "columns": {line.key: list(thinned(line.values, MAX_OWN_POINTS, line.keeps)) for line in chart.lines},
    }


def chart_data(chart: Chart) -> dict[str, Any]:
    """One chart; with its own columns where it is not over time."""
    return {
        "id": chart.id,
        "title": chart.title,
        "unit": chart.unit,
        "axis": chart.axis,
        "stacked": chart.is_stacked,
        "log": chart.is_log,
        "height": chart.height,
        "heat": chart.heat is not None,
        "strip": chart.is_strip,
        "ceiling": chart.ceiling,
        "lines": [
            {
                "key": line.key,
                "name": line.name,
                "colour": line.colour,
                "dash": line.dash,
                "fillTo": line.fill_to,
                "joins": line.joins,
            }
            for line in chart.drawn
        ],
        "bounds": [attrs.asdict(bound) for bound in chart.bounds],
        "marks": [attrs.asdict(mark) for mark in chart.marks] if chart.axis != "time" else [],
        **own_points(chart),
    }


def heat_data(heat: HeatMap, result: Result) -> dict[str, Any]:
    rows, length = result.timeseries.rows, result.timeseries.row_seconds
    return {
        "first": heat.first,
        "edges": list(heat.edges),
        "cells": [list(column) for column in heat.cells],
        "from": rows[0].at,
        "to": rows[-1].at + length,
    }


def embedded(value: Any) -> str:
    """Compact JSON that can stand within a script: no text in it can end that, or begin a comment."""
    text = json.dumps(rounded(value), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def rounded(value: Any, digits: int = DIGITS) -> Any:
    """The same with numbers of few figures; whole ones as such, and all of them where they count."""
    match value:
        case bool():
            return value
        case float():
            short = value if value.is_integer() else float(f"{value:.{digits}g}")
            return int(short) if short.is_integer() and abs(short) < 2**53 else short
        case dict():
            return {key: rounded(inner, digits) for key, inner in value.items()}
        case list() | tuple():
            return [rounded(inner, digits) for inner in value]
        case _:
            return value
