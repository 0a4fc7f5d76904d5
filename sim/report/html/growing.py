"""The page of a run that goes on: drawn from what has been measured so far, again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.config.grammar.shapes import OpenProfile
from sim.config.model import Config
from sim.measure.leaves import Leaves
from sim.measure.snapshot import Snapshot
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.measure.timeline_row import Row
from sim.report.build_course import row_of
from sim.report.building import build_result
from sim.report.facts import RunFacts
from sim.report.html.course import row_columns
from sim.report.html.html_report import charts_of, html_report, page, page_parts
from sim.report.html.page_data import charts_data, embedded
from sim.report.page import duration, several
from sim.report.result import Result

ASKS = "connect-src 'self'"
"""A page that grows asks the run that serves it, and nobody else."""


class GrowingReport:
    """Draws the report of a run that goes on.

    Args:
        facts: what is known beside the figures, with the thresholds held against these leaves.

    Attributes:
        started: instant on the run's clock at which it began.
    """

    def __init__(self, config: Config, tally: Tally, facts: Callable[[Leaves], RunFacts]) -> None:
        self._config = config
        self._tally = tally
        self._facts = facts
        self._arriving = frozenset(
            group.name for group in config.load.groups if isinstance(group.profile, OpenProfile)
        )
        self.started = tally.started

    def page(self, script: str) -> tuple[str, str] | None:
        """The whole page with `script` in it, and the same as a picture; None: draw it again."""
        result = self._so_far()
        return None if result is None else (page(result, script, sources=ASKS), picture(result))

    def _so_far(self) -> Result | None:
        """The document as far as the run has come, for another thread; None: it has changed meanwhile."""
        changes = self._tally.changes
        try:
            leaves = self._tally.as_of_window()
            result = build_result(self._config, summarize(self._tally, leaves), self._facts(leaves))
        except RuntimeError:
            # A table of figures grew while it was read: they belong to the run's own thread.
            if self._tally.changes == changes:
                raise
            return None
        return result if self._tally.changes == changes else None

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
        columns = row_columns(row, window.seconds or 1.0, self._arriving)
        return {**columns, "passed": now, "text": " · ".join(words)}


def at_the_end(result: Result | None) -> tuple[str, str, str]:
    """How a run ended, in words, with its report, and the same as a picture; None: it could not begin."""
    if result is None:
        return "it could not begin", "", "null"
    return f"exit code {result.exit_code}", html_report(result), picture(result)


def picture(result: Result) -> str:
    """All of a page that changes, as one line of JSON: what its script takes, and its parts."""
    return embedded({"charts": charts_data(result, charts_of(result)), "parts": page_parts(result)})
