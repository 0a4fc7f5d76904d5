"""Conflicts and violations on the axis of time: a strip each, a mark where there were some."""

from __future__ import annotations

from sim.report.four_answers import violations_text
from sim.report.html.chart import Chart, Line
from sim.report.html.course import SEEN, Columns
from sim.report.html.making import chart_of, line
from sim.report.page import several
from sim.report.result import Result

LANE = 22
"""Height of a strip."""


def strip_chart(result: Result, columns: Columns) -> Chart | None:
    """None where there were neither."""
    kinds = sorted(key for key in columns if key.startswith(SEEN) and any(columns[key]))
    lines: list[Line] = [line(columns, key, key.removeprefix(SEEN).replace("_", " "), "red") for key in kinds]
    if any(columns.get("conflicts", ())):
        lines.append(line(columns, "conflicts", "conflicts, retried", "orange"))
    return chart_of(
        *("strip", "Correctness", strip_says(result), "count", columns, lines),
        is_strip=True,
        height=LANE * len(lines),
    )


def strip_says(result: Result) -> str:
    conflicts = sum(story.conflicts_retried for story in result.consistency.values())
    retried = f"{several(conflicts, 'conflict')} came up, each retried"
    if result.violations:
        return f"{violations_text(result)}; {retried}"
    return f"no violation; {retried} as it should be"
