"""The tables of a run as CSV (RFC 4180), for spreadsheets and data frames: one format a table.

A cell that a spreadsheet would take for a formula has an apostrophe before it: texts of servers are no
programs (OWASP: CSV injection). Times are seconds; a cell is empty where nothing is known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import attrs

from sim.report.page import one_line
from sim.report.result import Result
from sim.report.result_course import RowTimes, TimelineRow
from sim.report.result_figures import CallCounts, OperationCounts, Times

BEGINS_FORMULA = (*("=", "+", "-", "@", "\t", "\r", "\n"), *("\uff1d", "\uff0b", "\uff0d", "\uff20"))
"""Also in full width."""
QUANTILES = tuple(field.name for field in attrs.fields(Times))
ROW_QUANTILES = tuple(field.name for field in attrs.fields(RowTimes))
Cell = str | int | float | bool | None


def csv_timeline(result: Result) -> str:
    """A line for each row of the course of the run, with wall-clock time where that is known."""
    return _written(_timeline(result))


def csv_steps(result: Result) -> str:
    """A line for each step of each workflow."""
    return _written(_steps(result))


def csv_users(result: Result) -> str:
    """A line for each user."""
    return _written(_users(result))


def csv_violations(result: Result) -> str:
    """A line for each violation that was kept as an example."""
    return _written(_violations(result))


def _timeline(result: Result) -> Iterator[Sequence[Cell]]:
    rows = result.timeseries.rows
    outcomes = sorted({kind for row in rows for kind in row.outcomes})
    figures = ("operations", "errors", "workflows", "users", "mean", "max")
    own = ("lateness", "stalled", "cpu", "rss", "conflicts")
    yield (
        *("time", "at", "seconds", "phase", *figures),
        *(f"{what}_{name}" for what in ("service", "response") for name in ROW_QUANTILES),
        *(*own, "violations", "not_started", "wanted"),
        *(f"outcome {kind}" for kind in outcomes),
    )
    for row in rows:
        yield (
            *(_instant(result, row.at), row.at, result.timeseries.row_seconds, row.phase),
            *(getattr(row, name) for name in figures),
            *(getattr(times, name) for times in (row.service, row.response) for name in ROW_QUANTILES),
            *(getattr(row, name) for name in own),
            *(sum(row.violations.values()), sum(row.not_started.values()), _wanted(row)),
            *(row.outcomes.get(kind, 0) for kind in outcomes),
        )


def _wanted(row: TimelineRow) -> float | None:
    return sum(row.wanted.values()) if row.wanted else None


def _instant(result: Result, at: float) -> str | None:
    """ISO 8601, in UTC; None on the virtual clock."""
    try:
        return (datetime.fromisoformat(result.wall_clock.began) + timedelta(seconds=at)).isoformat()
    except (ValueError, OverflowError):
        return None


def _steps(result: Result) -> Iterator[Sequence[Cell]]:
    yield ("workflow", "step", *_counted_names(), *_times_names())
    for name, story in result.workflows.items():
        for step, calls in story.steps.items():
            yield (name, step, *_counted(calls), *_times(calls.latency), *_times(calls.response_time))


def _counted_names() -> tuple[str, ...]:
    return ("total", "successful", "failed", "expected", "interrupted", "answered", "success_rate")


def _counted(calls: CallCounts) -> tuple[Cell, ...]:
    return tuple(getattr(calls, name) for name in _counted_names())


def _times_names() -> Iterator[str]:
    return (f"{what}_{name}" for what in ("service", "response") for name in QUANTILES)


def _times(times: Times) -> Iterator[Cell]:
    return (getattr(times, name) for name in QUANTILES)


def _users(result: Result) -> Iterator[Sequence[Cell]]:
    counted = ("total_operations", "successful_operations", "failed_operations", "interrupted_operations")
    kinds = sorted({kind for user in result.users.values() for kind in user.errors_breakdown})
    quantiles = (f"service_{name}" for name in QUANTILES)
    yield ("user", *counted, "success_rate", *quantiles, *(f"error {kind}" for kind in kinds), "lost")
    for name, user in result.users.items():
        none = None if user.lost else 0
        errors = (user.errors_breakdown.get(kind, none) for kind in kinds)
        yield (name, *_of_user(user, counted), *errors, user.lost)


def _of_user(user: OperationCounts, counted: Sequence[str]) -> tuple[Cell, ...]:
    return (*(getattr(user, name) for name in counted), user.success_rate, *_times(user.latency))


def _violations(result: Result) -> Iterator[Sequence[Cell]]:
    own = ("kind", "step", "user", "expected", "seen", "at", "execution", "trace_id")
    yield ("workflow", *own, "time")
    for name, story in result.consistency.items():
        for one in story.examples:
            yield (name, *(getattr(one, each) for each in own), _instant(result, one.at))


def _written(rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(_guarded, rows))
    return text.getvalue()


def _guarded(row: Sequence[Cell]) -> list[Cell]:
    """Texts in one line, and none of them a formula; numbers as they are, also those below nought."""
    return [_text(cell) if isinstance(cell, str) else cell for cell in row]


def _text(cell: str) -> str:
    shown = one_line(cell)
    # A blank before it hides no formula from a spreadsheet that takes it away.
    is_formula = cell.startswith(BEGINS_FORMULA) or shown.lstrip().startswith(BEGINS_FORMULA)
    return f"'{shown}" if is_formula else shown
