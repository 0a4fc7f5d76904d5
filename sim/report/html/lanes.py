"""One execution as it was played: a lane a user, a bar a call, and where one user waited for another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby, pairwise

import attrs

from sim.measure.kinds import EXPECTED, is_failure
from sim.report.html.figures_text import axis_text
from sim.report.html.labels import haloed
from sim.report.html.scales import Axis, linear_marks
from sim.report.html.svg import FAINT, PALETTE, svg
from sim.report.page import duration, several
from sim.report.result_end import StepSpan

WIDTH, NAMES, ROW, TOP, BOTTOM, GAP = 900, 150, 19, 6, 24, 10
MAX_CALLS = 40
"""A longer story is cut in its picture."""
MAX_NAME = 22
MIN_AGAIN = 3
"""So many looks in a row are drawn on one line."""


@attrs.frozen
class Bar:
    """One call at its place."""

    span: StepSpan
    y: float
    colour: str
    times: int = 1
    """How often the same was called in a row: those before it are drawn on the same line, without a name."""
    first: StepSpan | None = None
    """Of those: their name stands above it."""


def lanes(spans: Sequence[StepSpan], title: str, wrong: StepSpan | None = None) -> str:
    """As SVG. `wrong`: the read that saw what it must not have seen."""
    shown = sorted(spans, key=lambda span: span.begun)[:MAX_CALLS]
    if not shown:
        return ""
    begun = shown[0].begun
    whole = max(span.begun + span.seconds for span in shown) - begun
    x = Axis(0.0, whole or 1.0, NAMES, WIDTH - NAMES - 8)
    bars, floors, height = placed(shown, wrong)
    parts = [
        *_marks(x, height),
        *_floors(floors),
        _handed_over(bars, x, begun),
        *_bars(bars, x, begun),
        *(_named(bar, x, begun) for bar in bars if bar.times),
    ]
    return svg(height + BOTTOM, title, says(shown), parts, WIDTH)


def says(spans: Sequence[StepSpan], seconds: float = math.inf) -> str:
    """How many calls there were, within which time, and which was the longest.

    Args:
        seconds: how long the execution took; what is tidied up afterwards comes after it.
    """
    begun = min(span.begun for span in spans)
    whole = max(span.begun + span.seconds for span in spans) - begun
    longest = max(spans, key=lambda span: span.seconds)
    users = several(len({span.user for span in spans}), "user")
    tidied = ", with tidying up" if whole > 1.01 * seconds else ""
    return (
        f"{several(len(spans), 'call')} of {users} within {duration(whole)}{tidied}; "
        f"the longest was {longest.step}, {duration(longest.seconds)}"
    )


def placed(
    spans: Sequence[StepSpan], wrong: StepSpan | None
) -> tuple[list[Bar], list[tuple[str, float, float]], float]:
    """Bars; lanes as name, top and bottom; and the height of all."""
    longest = max(spans, key=lambda span: span.seconds)
    bars: list[Bar] = []
    floors, y = [], float(TOP)
    for user in dict.fromkeys(span.user for span in spans):
        top = y
        for _, group in groupby([span for span in spans if span.user == user], key=lambda span: span.step):
            again = list(group)
            if len(again) < MIN_AGAIN:
                bars += [
                    Bar(span, y + ROW * i, _colour(span, wrong, longest)) for i, span in enumerate(again)
                ]
                y += ROW * len(again)
            else:
                last = len(again) - 1
                bars += [
                    Bar(
                        span, y + ROW, _colour(span, wrong, longest), len(again) if i == last else 0, again[0]
                    )
                    for i, span in enumerate(again)
                ]
                y += 2 * ROW
        floors.append((user, top, y))
        y += GAP
    return bars, floors, y - GAP


def _colour(span: StepSpan, wrong: StepSpan | None, longest: StepSpan) -> str:
    if span is wrong or is_failure(span.outcome):
        return "red"
    if span.outcome.startswith(EXPECTED):
        return "grey"
    return "orange" if span is longest and wrong is None else "blue"


def _marks(x: Axis, height: float) -> Iterator[str]:
    for value in linear_marks(x.high, 6):
        if value <= x.high:
            at, text = f"{x.at(value):.0f}", axis_text(value, "s")
            yield (
                f'<path class="grid" d="M{at} 0V{height:.0f}" stroke="{FAINT["grid"]}"/><text x="{at}" '
                f'y="{height + 16:.0f}" text-anchor="middle" fill="{FAINT["text"]}">{text}</text>'
            )


def _floors(floors: Sequence[tuple[str, float, float]]) -> Iterator[str]:
    for user, top, bottom in floors:
        name = user if len(user) <= MAX_NAME else f"{user[: MAX_NAME - 1]}…"
        yield (
            f'<text x="0" y="{top + 13:.0f}" font-weight="600">{escape(name)}</text>'
            f'<path class="grid" d="M0 {bottom + GAP / 2:.0f}H{WIDTH}" stroke="{FAINT["grid"]}"/>'
        )


def _handed_over(bars: Sequence[Bar], x: Axis, begun: float) -> str:
    """A line from the end of one user's call down to the next one of another user that began after it."""
    path = ""
    for bar, after in pairwise(sorted(bars, key=lambda bar: bar.span.begun)):
        end = bar.span.begun + bar.span.seconds
        if bar.span.user != after.span.user and after.span.begun >= end - 1e-9:
            at, until = x.at(end - begun), x.at(after.span.begun - begun)
            path += f"M{at:.0f} {bar.y + ROW / 2:.0f}V{after.y + ROW / 2:.0f}H{until:.0f}"
    stroke = f'fill="none" stroke="{PALETTE["grey"]}" stroke-dasharray="2 3"'
    return f'<path class="s-grey" {stroke} d="{path}"/>' if path else ""


def _bars(bars: Sequence[Bar], x: Axis, begun: float) -> Iterator[str]:
    """One path a colour; what is no error although it failed is an outline."""
    for colour in dict.fromkeys(bar.colour for bar in bars):
        path = ""
        for bar in bars:
            if bar.colour == colour:
                left, wide = _extent(bar, x, begun)
                path += f"M{left:.0f} {bar.y + 3:.0f}h{wide:.0f}v{ROW - 6}h-{wide:.0f}z"
        paint = f'class="f-{colour}" fill="{PALETTE[colour]}"'
        if colour == "grey":
            paint = f'class="s-grey" fill="none" stroke="{PALETTE["grey"]}" stroke-dasharray="3 2"'
        yield f'<path {paint} d="{path}"/>'


def _extent(bar: Bar, x: Axis, begun: float) -> tuple[float, float]:
    left, right = (x.at(at - begun) for at in (bar.span.begun, bar.span.begun + bar.span.seconds))
    return left, max(2.0, right - left)


def _named(bar: Bar, x: Axis, begun: float) -> str:
    """What was called and how long it took, on the side on which there is room."""
    left, wide = _extent(bar, x, begun)
    y = bar.y + 13
    if bar.first is not None:
        left, wide, y = x.at(bar.first.begun - begun), -5.0, y - ROW
    is_right = left + wide < 0.72 * WIDTH
    place = f'x="{left + wide + 5:.0f}"' if is_right else f'x="{left - 5:.0f}" text-anchor="end"'
    again = f" ×{bar.times}, the last" if bar.times > 1 else ""
    text = f"{bar.span.step}{again} {duration(float(f'{bar.span.seconds:.3g}'))}"
    note = f", {bar.span.outcome}" if bar.colour in ("red", "grey") and bar.span.outcome != "ok" else ""
    paint = f'{haloed("f-red")} fill="{PALETTE["red"]}"' if bar.colour == "red" else haloed()
    return f'<text {place} y="{y:.0f}" {paint}>{escape(text + note)}</text>'
