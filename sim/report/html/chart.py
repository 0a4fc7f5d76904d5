"""What a chart shows, as a value: drawn here as SVG, and by the page's own script from the same words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs

Values = tuple[float | None, ...]


@attrs.frozen
class Line:
    """One series.

    Attributes:
        key: its column in the data of the page.
        colour: a word of the palette.
        dash: of the stroke, beside its colour; "" for a solid one.
        fill_to: the key of the line down to which it is filled; `0` down to the axis; "" not at all.
        keeps: what stands for several values where there is no room for all: `max` or `mean`.
        joins: goes on over what is not known: of things that are rare.
    """

    key: str
    name: str
    colour: str
    values: Values
    dash: str = ""
    fill_to: str = ""
    keeps: str = "max"
    joins: bool = False


@attrs.frozen
class Bound:
    """A limit, drawn across."""

    value: float
    name: str


@attrs.frozen
class Mark:
    """An instant, drawn as a line downwards."""

    at: float
    name: str
    colour: str = "grey"


@attrs.frozen
class HeatMap:
    """Counts by time and by latency: `cells[x][y]`, from the bin `first` on."""

    first: int
    cells: tuple[tuple[int, ...], ...]
    edges: tuple[float, ...]


@attrs.frozen
class Table:
    """Cells are texts; all but the first of a row are figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@attrs.frozen
class Chart:
    """One chart, with the sentence that says what it shows.

    Attributes:
        unit: `s`, `users`, `/s`, `share`, `MiB` or `count`.
        axis: what is across: `time` (seconds since the start), `users`, `/s` or `nines` (of quantiles).
        is_stacked: each line stands on the one before.
        is_strip: a lane for each line, with a mark where it is not 0.
        ceiling: up to where the axis goes at least: small charts side by side share it.
        marks: of charts over time; named in one of them.
        is_small: one of several side by side, with fewer points of its own.
        table: the same in figures.
    """

    id: str
    title: str
    says: str
    unit: str
    xs: tuple[float, ...]
    lines: tuple[Line, ...]
    table: Table
    axis: str = "time"
    bounds: tuple[Bound, ...] = ()
    is_log: bool = False
    is_stacked: bool = False
    height: int = 150
    heat: HeatMap | None = None
    is_strip: bool = False
    ceiling: float = 0.0
    is_small: bool = False
    marks: tuple[Mark, ...] = ()

    @property
    def drawn(self) -> tuple[Line, ...]:
        """The lines as they are drawn: stacked ones on top of each other."""
        return stacked(self.lines) if self.is_stacked else self.lines


def stacked(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Each line on top of those before; where there is nothing of it, it is not drawn."""
    height: list[float] = []
    piled: list[Line] = []
    for line in lines:
        height = height or [0.0] * len(line.values)
        height = [below + (value or 0.0) for below, value in zip(height, line.values, strict=True)]
        there = (True,) * len(height) if not piled else _near_something(line.values)
        values = tuple(at if is_there else None for at, is_there in zip(height, there, strict=True))
        piled.append(attrs.evolve(line, values=values, fill_to=piled[-1].key if piled else "0"))
    return tuple(piled)


def _near_something(values: Values) -> tuple[bool, ...]:
    return tuple(any(values[max(0, place - 1) : place + 2]) for place in range(len(values)))


def thinned(values: Values, groups: int, keeps: str) -> Values:
    """No more than so many values, each for a stretch of them."""
    if len(values) <= groups:
        return values
    edges = [round(place * len(values) / groups) for place in range(groups + 1)]
    return tuple(_one_of(values[begin:end], keeps) for begin, end in pairwise(edges))


def filled(values: Values) -> Values:
    """What is not known, between two values that are, on the straight line between them."""
    known = [place for place, value in enumerate(values) if value is not None]
    whole = list(values)
    for begin, end in pairwise(known):
        low, high = values[begin] or 0.0, values[end] or 0.0
        for place in range(begin + 1, end):
            whole[place] = low + (high - low) * (place - begin) / (end - begin)
    return tuple(whole)


def _one_of(values: Values, keeps: str) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return max(known) if keeps == "max" else sum(known) / len(known)
