"""How long it took to bring users up: a bar a kind of step."""

from __future__ import annotations

from html import escape

from sim.report.html.chart import Table
from sim.report.html.figures_text import axis_text
from sim.report.html.scales import Axis, linear_marks
from sim.report.html.svg import FAINT, PALETTE, svg
from sim.report.page import duration, several
from sim.report.result import Result

WIDTH, NAMES, ROW, BOTTOM = 900, 150, 24, 24


def setup_bars(result: Result) -> str:
    """p50 dark, up to p95 light, a line up to the longest. "" where nothing was timed."""
    known = {name: times for name, times in result.setup.items() if times.max}
    if not known:
        return ""
    most = max(times.max or 0.0 for times in known.values())
    x = Axis(0.0, most, NAMES, WIDTH - NAMES - 60)
    height = ROW * len(known)
    parts = [
        f'<text x="{x.at(mark):.0f}" y="{height + 16}" text-anchor="middle" fill="{FAINT["text"]}">'
        f"{axis_text(mark, 's')}</text>"
        for mark in linear_marks(most, 5)
        if mark <= most
    ]
    for place, (name, times) in enumerate(known.items()):
        y = place * ROW
        middle, high, top = (x.at(value or 0.0) for value in (times.median, times.p95, times.max))
        light = f'fill="{PALETTE["sky"]}" fill-opacity=".45"'
        parts.append(
            f'<text class="ink" x="0" y="{y + 15}" fill="#1a1a1a">{escape(name.replace("_", " "))}</text>'
            f'<path class="f-sky" {light} d="M{NAMES} {y + 4}H{high:.0f}v14H{NAMES}z"/>'
            f'<path class="f-blue" fill="{PALETTE["blue"]}" d="M{NAMES} {y + 4}H{middle:.0f}v14H{NAMES}z"/>'
            f'<path class="s-grey" stroke="{PALETTE["grey"]}" d="M{high:.0f} {y + 11}H{top:.0f}"/>'
        )
    return svg(height + BOTTOM, "Set-up", setup_says(result), parts, WIDTH)


def setup_says(result: Result) -> str:
    """What took longest, and what failed."""
    failed = sum(times.failures for times in result.setup.values())
    if not result.setup:
        return "nothing was timed"
    name, worst = max(result.setup.items(), key=lambda item: item[1].p95 or 0.0)
    text = f"the slowest was {name.replace('_', ' ')}, p95 {duration(worst.p95)}"
    return f"{text}; {several(failed, 'step')} failed" if failed else text


def setup_table(result: Result) -> Table:
    rows = tuple(
        (
            name.replace("_", " "),
            f"{times.count:,}",
            f"{times.failures:,}",
            *(duration(value) for value in (times.median, times.p95, times.max)),
            times.example,
        )
        for name, times in result.setup.items()
    )
    return Table(("step", "count", "failed", "p50", "p95", "max", "why it failed"), rows)
