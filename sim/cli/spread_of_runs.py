"""How runs of the same differ among themselves, and how many it takes to see a change."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.report.compare.compared_words import amount
from sim.report.compare.gauges import GATES, GaugeKind, gauge
from sim.report.page import Page, TableRow
from sim.report.publish import PIPE_COLUMNS, columns_said, uses_colours
from sim.report.statistics.shifts import runs_needed
from sim.report.terminal import printed
from sim.runtime.channel import channel_of

if TYPE_CHECKING:
    from sim.report.compare.comparability import NamedResult

COLUMNS = ("Middle", "Least", "Most", "Spread", "Runs a side")


def tell_spread(runs: Sequence[NamedResult], told: Mapping[str, Any]) -> None:
    """Show it: of each metric how much runs differ, and how many find the smallest change that matters."""
    channel = channel_of(sys.stdout)
    page = Page(channel.columns or columns_said() or PIPE_COLUMNS)
    page.rule("SPREAD BETWEEN RUNS")
    page.line(f"{len(runs)} runs of the same")
    names = [name for text in told["gate"] for name in text.split(",")] or GATES
    page.table("Metric", COLUMNS, [row for name in names if (row := _row(name, runs)) is not None])
    page.line("Runs a side: with so many, four in five changes of the smallest size that matters are found.")
    channel.tell(printed(page, colours=uses_colours(channel)))


def _row(name: str, runs: Sequence[NamedResult]) -> TableRow | None:
    measured = gauge(name)
    readings = [reading for _, result in runs if (reading := measured.read(result)) is not None]
    if len(readings) < 2:
        return None
    spread = statistics.stdev(measured.additive(each) for each in readings)
    values = [each.value for each in readings]
    cells = [
        amount(value, measured.kind.value) for value in (statistics.median(values), min(values), max(values))
    ]
    if measured.kind is GaugeKind.SHARE:
        return TableRow(name, (*cells, "–", "–"))
    needed = runs_needed(spread, math.log1p(measured.smallest))
    return TableRow(
        name, (*cells, f"{100 * math.expm1(spread):.1f} %", f"{needed:,} for {measured.smallest:.0%}")
    )
