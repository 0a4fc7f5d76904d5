"""The report as Markdown: what a comment below a pull request has room for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sim.report.headline import ending, in_short, threshold_text
from sim.report.page import duration, one_line, percent
from sim.report.result import Result
from sim.report.shards_table import COLUMNS, shard_rows

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|&~])")
MARKER = "<!-- simulate:report -->"
"""By which a comment is found again that is to be replaced."""


def markdown_report(result: Result) -> str:
    """How it ended, the thresholds, and the figures of each workflow."""
    parts = [MARKER, f"## Simulation: {safe(ending(result))}", bullets(in_short(result))]
    if limits := result.thresholds:
        held = [("yes" if each.passed else "**no**", safe(threshold_text(each))) for each in limits]
        parts.append(table(("Held", "Threshold"), held))
    rows = [
        (
            safe(name),
            f"{story.total_executions:,}",
            f"{story.failed_executions:,}",
            percent(story.success_rate),
            *(duration(value) for value in (story.latency.median, story.latency.p95, story.latency.max)),
        )
        for name, story in result.workflows.items()
    ]
    if rows:
        parts.append(table(("Workflow", "Total", "Failed", "Rate", "P50", "P95", "Max"), rows))
    if result.shards:
        parts.append(table(("Shard", *COLUMNS), [tuple(map(safe, row)) for row in shard_rows(result)]))
    parts.append(bullets([f"Target: {result.target}", f"Seed: {result.seed}", result.cleanup.text]))
    return "\n\n".join(parts) + "\n"


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {safe(line)}" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are taken as they are."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def safe(text: str) -> str:
    """`text` in one line, in which nothing is markup, HTML, or the mention of a person."""
    return _SPECIAL.sub(r"\\\1", one_line(text)).replace("@", "@\N{ZERO WIDTH NON-JOINER}")
