"""Workflows and their steps in the story's order, with a bar each, the slowest spots marked."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from sim.report.html.figures_text import places_for
from sim.report.html.page_tables import TIMES, times_cells
from sim.report.html.svg import PALETTE
from sim.report.page import percent
from sim.report.result import Result
from sim.report.result_figures import Times
from sim.report.slow_spots import step_spots

MARKED = 3
BAR = 150
HEADER = ("workflow, step", "count", "failed", "ok", *TIMES)


def steps_html(result: Result) -> str:
    """The table as HTML; every name in it is escaped."""
    head = "".join(
        f'<th scope="col"{" class=n" if place else ""}>{name}</th>' for place, name in enumerate(HEADER)
    )
    return (
        '<div class="wide" tabindex="0" role="group" aria-label="Workflows and steps, table">'
        f'<table class="sortable"><thead><tr>{head}<th scope="col" class="bar">p50, and up to p95</th>'
        f"</tr></thead><tbody>{''.join(_rows(result))}</tbody></table></div>"
    )


def _rows(result: Result) -> Iterator[str]:
    """Bars of workflows are on one scale, those of steps on another: whole stories take far longer."""
    steps = [calls for story in result.workflows.values() for calls in story.steps.values()]
    places = places_for([calls.latency.median for calls in steps])
    most = max((story.latency.p95 or 0.0 for story in result.workflows.values()), default=0.0)
    most_of_step = max((calls.latency.p95 or 0.0 for calls in steps), default=0.0)
    slow = {spot.name: place for place, spot in enumerate(step_spots(result)[:MARKED], 1)}
    for name, story in result.workflows.items():
        counts = (story.total_executions, story.failed_executions)
        figures = _figures(counts, story.success_rate, story.latency, places)
        yield _row("whole", name, figures, _bar(story.latency, most), 0)
        for step, calls in story.steps.items():
            figures = _figures((calls.total, calls.failed), calls.success_rate, calls.latency, places)
            yield _row(
                "part", step, figures, _bar(calls.latency, most_of_step), slow.get(f"{name}.{step}", 0)
            )


def _figures(counts: tuple[int, int], rate: float | None, times: Times, places: int) -> str:
    cells = (f"{counts[0]:,}", f"{counts[1]:,}", percent(rate), *times_cells(times, places))
    return "".join(f'<td class="n">{escape(cell)}</td>' for cell in cells)


def _row(kind: str, name: str, figures: str, bar: str, mark: int) -> str:
    note = f' <span class="mark">{_place(mark)}</span>' if mark else ""
    row = f"{kind} slow" if mark else kind
    return (
        f'<tr class="{row}"><th scope="row">{escape(name)}{note}</th>{figures}<td class="bar">{bar}</td></tr>'
    )


def _place(mark: int) -> str:
    return ("most waiting", "second", "third")[mark - 1]


def _bar(times: Times, most: float) -> str:
    """p50 dark, up to p95 light."""
    if times.median is None or times.p95 is None:
        return ""
    middle, high = (max(1.0, BAR * value / most) for value in (times.median, times.p95))
    return (
        f'<svg width="{BAR}" height="12" aria-hidden="true"><path class="f-sky" fill="{PALETTE["sky"]}" '
        f'fill-opacity=".45" d="M0 1h{high:.0f}v10H0z"/><path class="f-blue" fill="{PALETTE["blue"]}" '
        f'd="M0 1h{middle:.0f}v10H0z"/></svg>'
    )
