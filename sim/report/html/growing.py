"""The page of a run that goes on: drawn from what has been measured so far, again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.measure.snapshot import Snapshot
from sim.measure.timeline import Row
from sim.report.build_course import row_of
from sim.report.html.course import row_columns
from sim.report.html.html_report import charts_of, page, page_parts
from sim.report.html.page_data import charts_data, embedded
from sim.report.page import duration, several
from sim.report.result import Result

ASKS = "connect-src 'self'"
"""A page that grows asks the run that serves it, and nobody else."""


class GrowingReport:
    """Draws the report of a run that goes on.

    Args:
        make: the document as far as the run has come; None where it changed meanwhile. Called in a thread.
        started: instant on the run's clock at which it began.
    """

    def __init__(self, make: Callable[[], Result | None], started: float) -> None:
        self._make = make
        self.started = started

    def page(self, script: str) -> tuple[str, str] | None:
        """The whole page with `script` in it, and the same as a picture; None: draw it again."""
        result = self._make()
        return None if result is None else (page(result, script, sources=ASKS), picture(result))

    def row(self, window: Snapshot) -> dict[str, Any]:
        """The columns of one more row, and its figures in words."""
        # Rows keep to whole seconds, as those of the document do.
        row = row_of(Row.of(window), float(int(window.started - self.started + 1e-6)))
        calls = window.leaves.ended_calls / window.seconds if window.seconds else 0.0
        words = [
            several(row.users, "user"),
            f"{calls:,.1f} calls a second",
            f"p95 {duration(row.service.p95)}",
        ]
        if row.errors:
            words.append(several(row.errors, "error"))
        now = window.started + window.seconds
        return {**row_columns(row, window.seconds or 1.0), "passed": now, "text": " · ".join(words)}


def picture(result: Result) -> str:
    """All of a page that changes, as one line of JSON: what its script takes, and its parts."""
    return embedded({"charts": charts_data(result, charts_of(result)), "parts": page_parts(result)})
