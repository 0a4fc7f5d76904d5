"""A comparison for a terminal, or a pipe."""

from __future__ import annotations

from sim.report.compare.compared_words import NOT_KNOWN, headline, method, reading, remarks, shift, sides
from sim.report.compare.judging import Judgement
from sim.report.compare.run_comparison import RunComparison
from sim.report.page import Page, TableRow, duration
from sim.report.terminal import printed

WIDTH = 120
COLUMNS = ("Before", "After", "Shift", "Interval", "Verdict")
STYLES = {
    Judgement.WORSE: "bold red",
    Judgement.BETTER: "green",
    Judgement.SAME: "green",
    Judgement.INCONCLUSIVE: "yellow",
}


def compared_text(comparison: RunComparison, width: int = WIDTH, *, colours: bool = False) -> str:
    """Everything, top to bottom."""
    page = Page(width)
    page.rule("COMPARISON")
    page.line(headline(comparison), STYLES[comparison.verdict])
    for line in sides(comparison):
        page.line(line)
    deciding = [each for each in comparison.metrics if each.gates]
    others = [each for each in comparison.metrics if not each.gates]
    for title, metrics in (("WHAT DECIDES", deciding), ("WHAT INFORMS", others)):
        if metrics:
            page.heading(title)
            page.table("Metric", COLUMNS, [TableRow(each.metric, reading(each)) for each in metrics])
    _shape(page, comparison)
    lines = [line for line in (*remarks(comparison), method(comparison)) if line]
    if lines:
        page.heading("NOTES")
        for line in lines:
            page.line(line)
    return printed(page, colours=colours)


def _shape(page: Page, comparison: RunComparison) -> None:
    if not comparison.shape:
        return
    page.heading("SHAPE (all calls of a side together)")
    page.line(comparison.shape_text)
    rows = []
    for each in comparison.shape:
        between = NOT_KNOWN
        if each.low is not None and each.high is not None:
            between = f"{shift(each.low, 's', bare=True)} … {shift(each.high, 's')}"
        cells = (duration(each.before), duration(each.after), shift(each.shift, "s"), between)
        rows.append(TableRow(f"p{100 * each.quantile:g}", cells))
    page.table("Quantile", COLUMNS[:-1], rows)
