"""Charts as SVG: presentation attributes only, so that they are drawn under any policy, and on paper.

Classes name the colours again, for a dark page. Texts are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from sim.report.html.chart import Chart, HeatMap, Line, Values, filled, thinned
from sim.report.html.figures_text import axis_text, x_text
from sim.report.html.labels import CHARACTER, haloed, rows_for
from sim.report.html.scales import MIN_LATENCY_S, Axis, extent, linear_marks, log_marks, time_marks

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 900, 62, 8, 10, 24
MAX_POINTS = 200
MARKED_NINES = (0.30103, 1.0, 1.30103, 2.0, 3.0, 4.0)
"""p50, p90, p95, p99, p99.9 and p99.99."""
NAME_ROW = 14
MAX_TICKS = 160
"""Of a strip: more would be a bar."""
MANY = 5.0
"""So many at an instant make a tick as high as any."""
NAMES_MARKS = "latency"
"""The chart over time in which marks have their names; all others show theirs."""
PALETTE = {
    "blue": "#0072b2",
    "sky": "#56b4e9",
    "green": "#009e73",
    "orange": "#e69f00",
    "red": "#c8102e",
    "brown": "#d55e00",
    "pink": "#cc79a7",
    "grey": "#767676",
}
"""Okabe & Ito's colours for everybody's eyes; the red of what is broken is darker, to be read as text."""
FAINT = {"grid": "#e4e4e4", "text": "#666666"}


def draw(chart: Chart) -> str:
    """The whole chart, with its title and its sentence for who does not see it."""
    x, y = _across(chart), _up(chart)
    parts = [
        *_grid(chart, x, y),
        *_inside(chart, x, y),
        *_bounds(chart, y),
        *_marks(chart, x),
    ]
    return svg(chart.height + TOP + BOTTOM, chart.title, chart.says, parts)


def _inside(chart: Chart, x: Axis, y: Axis) -> Iterator[str]:
    if chart.heat:
        return _heat(chart.heat, chart, x, y)
    return _strips(chart, x) if chart.is_strip else _lines(chart, x, y)


def svg(height: float, title: str, says: str, parts: Iterable[str], width: int = WIDTH) -> str:
    """A picture that says what it is."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(f"{title}: {says}")}" '
        f'font-family="system-ui, sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def _across(chart: Chart) -> Axis:
    low, high = extent(chart.xs) or (0.0, 1.0)
    low = 0.0 if chart.axis in ("users", "/s") else low
    return Axis(low, high if high > low else low + 1.0, LEFT, WIDTH - LEFT - RIGHT)


def _up(chart: Chart) -> Axis:
    if chart.heat:
        low = chart.heat.edges[max(0, chart.heat.first - 1)]
        high = chart.heat.edges[min(len(chart.heat.edges), chart.heat.first + heat_rows(chart.heat)) - 1]
        return Axis(low, high, TOP + chart.height, -chart.height, is_log=True)
    every = [value for line in chart.drawn for value in line.values]
    low, high = extent(every) or (0.0, 1.0)
    high = max([high, chart.ceiling, *(bound.value for bound in chart.bounds if bound.value < 3 * high)])
    if chart.is_log:
        low = max(MIN_LATENCY_S, min(low, high / 10) * 0.8)
        return Axis(low, max(high, low) * 1.1, TOP + chart.height, -chart.height, is_log=True)
    return Axis(0.0, linear_marks(high)[-1], TOP + chart.height, -chart.height)


def _grid(chart: Chart, x: Axis, y: Axis) -> Iterator[str]:
    for value in [] if chart.is_strip else log_marks(y.low, y.high) if y.is_log else linear_marks(y.high):
        place = f"{y.at(value):.0f}"
        yield (
            f'<path class="grid" d="M{LEFT} {place}H{WIDTH - RIGHT}" stroke="{FAINT["grid"]}"/>'
            f'<text class="y" x="{LEFT - 6}" y="{place}" dy="4" text-anchor="end" fill="{FAINT["text"]}">'
            f"{axis_text(value, chart.unit)}</text>"
        )
    for value in _marks_across(chart, x):
        yield (
            f'<text class="x" x="{x.at(value):.0f}" y="{TOP + chart.height + 17}" text-anchor="middle" '
            f'fill="{FAINT["text"]}">{x_text(value, chart.axis)}</text>'
        )


def _marks_across(chart: Chart, x: Axis) -> list[float]:
    if chart.axis == "time":
        return [value for value in time_marks(x.low, x.high) if x.at(value) < WIDTH - 24]
    if chart.axis == "nines":
        return [mark for mark in MARKED_NINES if mark <= x.high]
    return [value for value in linear_marks(x.high, 5) if x.low <= value <= x.high]


def _lines(chart: Chart, x: Axis, y: Axis) -> Iterator[str]:
    """Fills below, strokes above them."""
    known = {line.key: line for line in chart.drawn}
    places = _places(chart.xs, x)
    for line in reversed(chart.drawn):
        if line.fill_to:
            below = known.get(line.fill_to)
            yield from _fill(line, below, places, y)
    for line in chart.drawn:
        yield _stroke(line, places, y)


def _places(xs: Sequence[float], x: Axis) -> list[float]:
    return [x.at(value or 0.0) for value in thinned(tuple(xs), MAX_POINTS, "mean")]


def _fill(line: Line, below: Line | None, places: Sequence[float], y: Axis) -> Iterator[str]:
    top = _points(line)
    floor = _points(below) if below else (y.low,) * len(top)
    for begin, end in stretches(top, floor):
        there = [f"{places[i]:.0f} {y.at(top[i] or 0.0):.0f}" for i in range(begin, end)]
        back = [f"{places[i]:.0f} {y.at(floor[i] or 0.0):.0f}" for i in reversed(range(begin, end))]
        yield (
            f'<path class="f-{line.colour}" fill="{PALETTE[line.colour]}" fill-opacity=".18" '
            f'd="M{"L".join([*there, *back])}Z"/>'
        )


def _points(line: Line) -> Values:
    values = thinned(line.values, MAX_POINTS, line.keeps)
    return filled(values) if line.joins else values


def _stroke(line: Line, places: Sequence[float], y: Axis) -> str:
    values = _points(line)
    path = "".join(
        "M"
        + "L".join(f"{places[i]:.0f} {y.at(values[i] or 0.0):.0f}" for i in range(begin, end))
        + ("h1" if end - begin == 1 else "")
        for begin, end in stretches(values)
    )
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return (
        f'<path class="s-{line.colour}" d="{path}" fill="none" stroke="{PALETTE[line.colour]}" '
        f'stroke-width="1.6" stroke-linejoin="round"{dash}/>'
    )


def stretches(*columns: Values) -> Iterator[tuple[int, int]]:
    """Where all of them are known: begins and ends."""
    known = [None not in values for values in zip(*columns, strict=True)]
    begin = None
    for place, is_known in enumerate([*known, False]):
        if is_known and begin is None:
            begin = place
        elif not is_known and begin is not None:
            yield begin, place
            begin = None


def _marks(chart: Chart, x: Axis) -> Iterator[str]:
    for mark in chart.marks:
        paint = f'class="s-{mark.colour}" stroke="{PALETTE[mark.colour]}"'
        yield f'<path {paint} d="M{x.at(mark.at):.0f} {TOP}v{chart.height}" stroke-dasharray="3 3"/>'
    if chart.id == NAMES_MARKS or chart.axis != "time":
        yield from _names_of_marks(chart, x)


def _names_of_marks(chart: Chart, x: Axis) -> Iterator[str]:
    """Above each other where they would overlap; those that find no room are left out."""
    placed = []
    for mark in chart.marks:
        at, wide = x.at(mark.at), CHARACTER * len(mark.name)
        placed.append((at - 4 - wide, at - 4) if at > WIDTH / 2 else (at + 4, at + 4 + wide))
    rows = rows_for(placed, int(chart.height / NAME_ROW))
    for mark, (begin, end), row in zip(chart.marks, placed, rows, strict=True):
        if row is not None:
            side = f'x="{end:.0f}" text-anchor="end"' if x.at(mark.at) > WIDTH / 2 else f'x="{begin:.0f}"'
            y = TOP + chart.height - 6 - NAME_ROW * row
            yield _name(side, y, mark.colour, mark.name)


def _name(side: str, y: float, colour: str, text: str) -> str:
    paint = f'{haloed(f"f-{colour}")} fill="{PALETTE[colour]}"'
    return f'<text {side} y="{y:.0f}" {paint}>{escape(text)}</text>'


def _bounds(chart: Chart, y: Axis) -> Iterator[str]:
    """Lines, and their names at the right; beside each other where they would overlap."""
    shown = [bound for bound in chart.bounds if y.low <= bound.value <= y.high]
    rows = rows_for([(y.at(bound.value), y.at(bound.value) + NAME_ROW) for bound in shown], len(shown))
    ends = [WIDTH - RIGHT] * (len(shown) + 1)
    for row in range(len(shown)):
        wide = max((len(bound.name) for bound, at in zip(shown, rows, strict=True) if at == row), default=0)
        ends[row + 1] = ends[row] - round(CHARACTER * wide) - 14
    for bound, at in zip(shown, rows, strict=True):
        place = y.at(bound.value)
        yield (
            f'<path class="s-red" d="M{LEFT} {place:.0f}H{WIDTH - RIGHT}" stroke="{PALETTE["red"]}" '
            f'stroke-width="1.2"/>'
        )
        yield _name(f'x="{ends[at or 0]}" text-anchor="end"', place - 7, "red", bound.name)


def _strips(chart: Chart, x: Axis) -> Iterator[str]:
    """Marks in a lane each, larger where there are more."""
    lane = chart.height / max(len(chart.lines), 1)
    for number, line in enumerate(chart.lines):
        middle = TOP + lane * (number + 0.5)
        yield f'<path class="grid" d="M{LEFT} {middle:.0f}H{WIDTH - RIGHT}" stroke="{FAINT["grid"]}"/>'
        values = thinned(line.values, MAX_TICKS, "max")
        places = thinned(tuple(chart.xs), MAX_TICKS, "mean")
        most = max([MANY, *(value for value in values if value is not None)])
        path = "".join(
            f"M{x.at(at or 0.0):.0f} {middle - size:.1f}v{2 * size:.1f}"
            for at, value in zip(places, values, strict=True)
            if value and (size := 3 + 6 * value / most)
        )
        colour = f'class="s-{line.colour}" stroke="{PALETTE[line.colour]}"'
        yield f'<path {colour} d="{path}" stroke-width="{3 if line.colour == "red" else 1.2}"/>'


def heat_rows(heat: HeatMap) -> int:
    """How many bins there are, from the first that is used to the last."""
    return max((len(column) for column in heat.cells), default=1) or 1


def _heat(heat: HeatMap, chart: Chart, x: Axis, y: Axis) -> Iterator[str]:
    """Darker where more are, on the scale of a square root: few are to be seen beside many."""
    most = max((count for column in heat.cells for count in column), default=0) or 1
    high = chart.height / heat_rows(heat)
    edges = [round(x.begin + x.length * i / max(len(heat.cells), 1)) for i in range(len(heat.cells) + 1)]
    shades = [[round(1 + 7 * (n / most) ** 0.5) if n else 0 for n in column] for column in heat.cells]
    for strength in range(1, 9):
        path = "".join(
            f"M{edges[begin]} {y.begin - (row + 1) * high:.0f}H{edges[end]}v{high:.0f}H{edges[begin]}z"
            for row in range(heat_rows(heat))
            for begin, end in _runs([column[row : row + 1] == [strength] for column in shades])
        )
        if path:
            shade = f'fill="{PALETTE["blue"]}" fill-opacity="{strength / 8:.2f}"'
            yield f'<path class="f-blue" {shade} d="{path}"/>'


def _runs(marked: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where neighbours are marked together: begins and ends."""
    return stretches(tuple(1.0 if is_marked else None for is_marked in marked))
