"""Where the calls lie: a map of time and latency, from the bins of the rows."""

from __future__ import annotations

from collections import Counter

from sim.report.html.chart import Chart, HeatMap, Table
from sim.report.html.course import Columns
from sim.report.page import duration
from sim.report.result import Result

BIN_EDGES_S = tuple(0.0005 * 2 ** (half / 2) for half in range(35))
"""Upper edges of the bins of a row, as the document of a run has them; one more is above."""
MAX_COLUMNS = 120
HUMP = 0.1
"""A second population has at least this share of the calls; the valley before it is half as deep."""


def heat_chart(result: Result, columns: Columns) -> Chart | None:
    """None where nothing was timed."""
    bins = [row.bins for row in result.timeseries.rows]
    whole: Counter[int] = Counter()
    for row in bins:
        whole.update({place: count for place, count in enumerate(row) if count})
    if not whole:
        return None
    first, last = min(whole), max(whole)
    groups = min(MAX_COLUMNS, len(bins))
    cells = tuple(_together(bins, place, groups, first, last) for place in range(groups))
    return Chart(
        id="heat",
        title="Where the calls lie",
        says=_says(whole),
        unit="s",
        xs=tuple(at or 0.0 for at in columns["at"]),
        lines=(),
        table=_table(whole),
        heat=HeatMap(first, cells, BIN_EDGES_S),
        is_log=True,
        height=120,
    )


def _together(bins: list[tuple[int, ...]], place: int, groups: int, first: int, last: int) -> tuple[int, ...]:
    inside = bins[place * len(bins) // groups : (place + 1) * len(bins) // groups]
    return tuple(sum(row[i] for row in inside if i < len(row)) for i in range(first, last + 1))


def _says(whole: Counter[int]) -> str:
    """Whether there is one population, or two."""
    peaks = humps(whole)
    named = " and ".join(
        duration(float(f"{BIN_EDGES_S[min(p, len(BIN_EDGES_S) - 1)]:.2g}")) for p in peaks[:2]
    )
    return (
        f"one population, most of it below {named}" if len(peaks) == 1 else f"two populations, below {named}"
    )


def humps(whole: Counter[int]) -> list[int]:
    """The bins in which populations have their middle, the greatest first."""
    total = whole.total()
    peaks: list[int] = []
    for place in sorted(whole, key=lambda each: (-whole[each], each)):
        if not peaks or (
            sum(whole[place + i] for i in (-1, 0, 1)) >= HUMP * total
            and all(
                min(whole[i] for i in range(min(place, peak), max(place, peak) + 1)) <= whole[place] / 2
                for peak in peaks
            )
        ):
            peaks.append(place)
    return peaks


def _table(whole: Counter[int]) -> Table:
    total = whole.total()
    rows = []
    for place in range(min(whole), max(whole) + 1):
        name = (
            f"up to {duration(float(f'{BIN_EDGES_S[place]:.3g}'))}" if place < len(BIN_EDGES_S) else "above"
        )
        rows.append((name, f"{whole[place]:,}", f"{100 * whole[place] / total:.1f} %"))
    return Table(("latency", "calls", "share"), tuple(rows))
