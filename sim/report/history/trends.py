"""How runs of one configuration went over time: sparklines, and where they changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from sim.report.compare.compared_words import amount, shift
from sim.report.compare.gauges import GATES, GaugeKind, gauge
from sim.report.history.run_index import KeptRun
from sim.report.page import Page, TableRow, several
from sim.report.statistics.change_points import change_points

SPARKS = "▁▂▃▄▅▆▇█"
MAX_SPARKS = 60
COLUMNS = ("Exit", "Calls p50", "Calls p95", "Throughput", "Errors")
SHOWN = ("calls.p50", "calls.p95", "throughput", "errors")


@attrs.frozen
class Change:
    """A point from which on a metric was another.

    Attributes:
        run: the first one after it.
        change: relative, from the runs before up to the change before that.
        p: of the t-test that holds it.
    """

    metric: str
    run: str
    label: str
    change: float
    p: float
    is_worse: bool


@attrs.frozen
class Series:
    """Runs that can be compared with each other, the oldest first."""

    comparable: str
    target: str
    clock: str
    runs: tuple[KeptRun, ...]

    def values(self, metric: str) -> list[tuple[KeptRun, float]]:
        """Of those that have measured it, to their end."""
        return [(run, run.values[metric].value) for run in self.runs if run.is_sound and metric in run.values]

    def changes(self, metric: str) -> list[Change]:
        """See `sim.report.statistics.change_points`; smaller ones than matter are left out."""
        measured = gauge(metric)
        values = self.values(metric)
        more_is_worse = measured.kind is not GaugeKind.RATE
        return [
            Change(
                metric=metric,
                run=values[point.index][0].name,
                label=values[point.index][0].label,
                change=point.change,
                p=point.p,
                is_worse=(point.change > 0) == more_is_worse,
            )
            for point in change_points([value for _, value in values], min_magnitude=measured.smallest)
        ]


def series_of(runs: Sequence[KeptRun]) -> list[Series]:
    """Apart where a comparison would mean nothing; that of the latest run comes last."""
    groups: dict[tuple[str, str, str], list[KeptRun]] = {}
    for run in runs:
        if not run.problem:
            key = run.comparable, run.target, run.clock
            groups[key] = [*groups.pop(key, []), run]
    return [Series(*key, tuple(group)) for key, group in groups.items()]


def sparkline(values: Sequence[float]) -> str:
    """The last values as a row of bars, from the least to the most of them."""
    shown = values[-MAX_SPARKS:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    steps = len(SPARKS) - 1
    return "".join(SPARKS[round((each - low) / (high - low) * steps) if high > low else 0] for each in shown)


def draw_history(
    page: Page, runs: Sequence[KeptRun], pinned: Mapping[str, str], metrics: Sequence[str], last: int
) -> None:
    """Put all of it on a page. `pinned`: what keeps a run, by its name."""
    page.rule("HISTORY")
    for series in series_of(runs):
        page.heading(f"{series.comparable[:8]}  {series.target}, {series.clock} clock")
        page.table("Run", COLUMNS, [_row(run, pinned) for run in series.runs[-last:]])
        if len(series.runs) > last:
            page.line(f"… and {several(len(series.runs) - last, 'run')} before them", "dim")
        _draw_trends(page, series, metrics)
    broken = [run for run in runs if run.problem]
    for run in broken[:3]:
        page.line(f"{run.name} cannot be read, and is left as it is: {run.problem}", "yellow")
    if len(broken) > 3:
        page.line(f"{len(broken) - 3} more cannot be read", "yellow")
    if not runs:
        page.line("No run has been kept yet.")


def _row(run: KeptRun, pinned: Mapping[str, str]) -> TableRow:
    values = (run.values.get(name) for name in SHOWN)
    cells = [
        "–" if each is None else amount(each.value, gauge(name).kind.value)
        for name, each in zip(SHOWN, values, strict=True)
    ]
    marks = " ".join(filter(None, [run.label, f"[{pinned[run.name]}]" if run.name in pinned else ""]))
    return TableRow(f"{run.name}  {marks}".rstrip(), (str(run.exit_code), *cells))


def _draw_trends(page: Page, series: Series, metrics: Sequence[str]) -> None:
    for metric in metrics or GATES:
        values = [value for _, value in series.values(metric)]
        if len(values) < 2:
            continue
        unit = gauge(metric).kind.value
        ends = f"{amount(min(values), unit)} … {amount(max(values), unit)}"
        page.line(f"{metric:16} {sparkline(values)}  {ends}, now {amount(values[-1], unit)}")
        for each in series.changes(metric):
            name = f"{each.run} ({each.label})" if each.label else each.run
            told = f"{'':16} {shift(each.change, 's')} since {name} (p {each.p:.2g})"
            page.line(told, "red" if each.is_worse else "green")
