"""A comparison as one page that needs nothing else: no script, no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import jinja2

from sim.report.compare.compared_words import headline, method, reading, remarks, shift, sides
from sim.report.compare.run_comparison import RunComparison
from sim.report.compare.shape import CoursePoint
from sim.report.page import duration

WIDTH, HEIGHT = 720.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 10.0, 24.0
ROW = 22.0
TICKS = 4


@attrs.frozen
class CourseChart:
    """Lines over time, one of each side.

    Attributes:
        paths: SVG path data, before and after.
        ticks: heights with what they stand for.
        spans: places along the time with what they stand for.
    """

    title: str
    paths: tuple[str, str]
    ticks: tuple[tuple[float, str], ...]
    spans: tuple[tuple[float, str], ...]


@attrs.frozen
class ShiftBar:
    """The shift of one quantile: its place, its interval, and words."""

    name: str
    y: float
    x: float
    low: float
    high: float
    words: str
    moved: bool


def compared_page(comparison: RunComparison) -> str:
    """HTML, in which every text of a server or a file name is escaped."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((Path(__file__).parent / "comparison.html.jinja").read_text("utf-8"))
    bars = shifts_of(comparison)
    return template.render(
        comparison=comparison,
        headline=headline(comparison),
        sides=sides(comparison),
        deciding=[(each, reading(each)) for each in comparison.metrics if each.gates],
        others=[(each, reading(each)) for each in comparison.metrics if not each.gates],
        remarks=[line for line in (*remarks(comparison), method(comparison)) if line],
        charts=charts_of(comparison),
        bars=bars,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        bottom=HEIGHT - BOTTOM,
        shift_height=len(bars) * ROW + BOTTOM,
        zero=_x_of(0.0, _reach(comparison)),
        reach=shift(_reach(comparison), "s"),
    )


def charts_of(comparison: RunComparison) -> list[CourseChart]:
    """p95, p50, and operations a second; those of which there is nothing are left out."""
    wanted: tuple[tuple[str, Callable[[CoursePoint], float | None], Callable[[float], str]], ...] = (
        ("Calls, p95", lambda point: point.p95, duration),
        ("Calls, p50", lambda point: point.p50, duration),
        ("Operations a second", lambda point: point.operations, lambda value: f"{value:.4g}"),
    )
    charts = [_chart(title, comparison.courses, value, words) for title, value, words in wanted]
    return [chart for chart in charts if chart is not None]


def _chart(
    title: str,
    courses: Sequence[Sequence[CoursePoint]],
    value: Callable[[CoursePoint], float | None],
    words: Callable[[float], str],
) -> CourseChart | None:
    points = [[(each.at, value(each)) for each in side] for side in courses]
    known = [y for side in points for _, y in side if y is not None]
    if len(points) != 2 or not known or not max(known):
        return None
    highest, last = (
        _round_up(max(known)),
        max(max((x for x, _ in side), default=0.0) for side in points) or 1.0,
    )

    def path(side: Sequence[tuple[float, float | None]]) -> str:
        drawn, pen = [], "M"
        for x, y in side:
            if y is None:
                pen = "M"
                continue
            drawn.append(f"{pen}{_along(x / last):.1f} {_up(y / highest):.1f}")
            pen = "L"
        return "".join(drawn)

    before, after = (path(side) for side in points)
    ticks = tuple((_up(i / TICKS), words(highest * i / TICKS)) for i in range(TICKS + 1))
    spans = tuple((_along(i / TICKS), f"{last * i / TICKS:.4g}s") for i in range(TICKS + 1))
    return CourseChart(title, (before, after), ticks, spans)


def shifts_of(comparison: RunComparison) -> list[ShiftBar]:
    """By quantile, from the fastest calls to the slowest."""
    reach = _reach(comparison)
    bars = []
    for place, each in enumerate(comparison.shape):
        low = each.shift if each.low is None else each.low
        high = each.shift if each.high is None else each.high
        between = "" if each.low is None else f" ({shift(low, 's', bare=True)} … {shift(high, 's')})"
        bars.append(
            ShiftBar(
                name=f"p{100 * each.quantile:g}",
                y=place * ROW + ROW / 2,
                x=_x_of(each.shift, reach),
                low=_x_of(low, reach),
                high=_x_of(high, reach),
                words=f"{duration(each.before)} → {duration(each.after)}, {shift(each.shift, 's')}{between}",
                moved=low > 0 or high < 0,
            )
        )
    return bars


def _reach(comparison: RunComparison) -> float:
    """How far the axis of shifts goes to both sides: what is beyond is cut there."""
    ends = [abs(each.shift) for each in comparison.shape]
    ends += [abs(end) for each in comparison.shape for end in (each.low, each.high) if end is not None]
    return min(2.0, _round_up(max([0.1, *ends])))


def _x_of(value: float, reach: float) -> float:
    return round(_along((min(reach, max(-reach, value)) + reach) / (2 * reach)), 1)


def _along(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _up(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, …"""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))
