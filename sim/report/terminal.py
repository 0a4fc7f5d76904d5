"""The report for a person at a terminal, or for a pipe: the same text, with colours or without.

First what failed and why, then the figures, at last the whole in a few lines. Every text that may come
from a server is shown in one line of printable characters, and never read as markup.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType

from sim.measure.leaves import is_failure
from sim.measure.sketch import Quantiles
from sim.measure.summary import BASELINE, CallFigures, Summary
from sim.report.headline import checks_text, close, latency, rate, troubles
from sim.report.page import COLUMNS, Page, Row, duration, percent, several
from sim.report.run_info import RunInfo

USERS_SHOWN = 20
SATURATED = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""


def render(summary: Summary, info: RunInfo, width: int = 120) -> RenderableType:
    """Everything, top to bottom, for a page so wide."""
    page = Page(width)
    page.rule("NEXTCLOUD MCP SIMULATION")
    trouble(page, summary, info)
    limits(page, info)
    overview(page, summary, info)
    workflow_statistics(page, summary)
    consistency(page, summary)
    propagation(page, summary)
    parts_of(page, summary.groups, "GROUPS", "Group")
    parts_of(page, summary.regions, "REGIONS", "Region")
    per_user(page, summary)
    failures(page, summary)
    setup(page, summary)
    if page.left_out:
        page.line(
            f"Left out, for want of room: {', '.join(page.left_out)}. A wider terminal shows them, "
            "--output FILE has them all.",
            "dim",
        )
    close(page, summary, info)
    page.line(info.cleanup, "green" if not info.left_behind else "bold red")
    return Group(*page.parts)


def show(console: Console, summary: Summary, info: RunInfo) -> None:
    """Print the report to `console`."""
    console.print(render(summary, info, console.width))


def trouble(page: Page, summary: Summary, info: RunInfo) -> None:
    """What was not as it should be."""
    lines = troubles(summary, info)
    if lines:
        page.heading("NOT AS IT SHOULD BE")
        for line in lines:
            page.line(line, "yellow")


def limits(page: Page, info: RunInfo) -> None:
    """The thresholds and what a search for a breakpoint found: what is asked first of a run."""
    if not info.verdicts and info.breakpoint is None:
        return
    page.heading("THRESHOLDS")
    for verdict in info.verdicts:
        ended_it = verdict.held and info.breakpoint is not None and verdict.threshold.aborts
        word = "ended" if ended_it else "pass " if verdict.held else "FAIL "
        what = " (over the whole run; in one interval it broke, and ended the run)" if ended_it else ""
        style = "yellow" if ended_it else "green" if verdict.held else "bold red"
        page.line(f"{word.strip()}  {verdict}{what}", style)
    if info.breakpoint is not None:
        page.line(f"Breakpoint: {info.breakpoint}", "bold")


def overview(page: Page, summary: Summary, info: RunInfo) -> None:
    """What was driven, for how long, and the figures of the whole."""
    figures = summary.calls
    others = sum(story.total for name, story in summary.stories.items() if name != BASELINE)
    alone = summary.stories.get(BASELINE)
    workflows = f"{others:,}" + (
        f", and {alone.total:,} of {BASELINE}, a user's own operations" if alone else ""
    )
    rows = [
        ("Target", info.target),
        ("Clock", f"{info.clock}, seed {info.seed}"),
        ("Login", info.login),
        ("Duration", f"{duration(summary.measured_s)} measured ({info.stopped})"),
        ("Total Users", f"{info.users:,}"),
        ("Total Workflows Executed", workflows),
        ("Total Operations", f"{figures.total:,}: {figures.answered:,} answered, {rate(summary)}"),
        ("Failed operations", f"{figures.failed:,}"),
        ("Service time", latency(figures.service)),
    ]
    if figures.response.count:
        rows.append(("Response time", f"{latency(figures.response)} (first calls, from when they were due)"))
    if summary.lateness.count:
        rows.append(("Schedule lateness", latency(summary.lateness)))
    if info.generator_cpu is not None and info.generator_cpu > SATURATED:
        share = f"{info.generator_cpu:.0%} of a core"
        rows.append(("WARNING", f"the simulator itself used {share}: it, not the server, may be the limit"))
    if figures.interrupted:
        rows.append(("Interrupted", f"{several(figures.interrupted, 'operation')}, kept out of the figures"))
    page.heading("OVERVIEW")
    page.pairs(rows)


def workflow_statistics(page: Page, summary: Summary) -> None:
    """Workflows with their durations, and their steps with the service times of their calls."""
    rows = []
    for name, story in summary.stories.items():
        counts = (f"{story.total:,}", f"{story.succeeded:,}", f"{story.failed:,}")
        rows.append(Row(name, (*counts, percent(story.success_rate), *times(story.duration))))
        rows += [Row(f"  {step}", call_cells(calls), is_part=True) for step, calls in story.steps.items()]
    page.heading("WORKFLOW STATISTICS (whole workflows, and their calls)")
    page.table("Workflow", COLUMNS, rows)
    page.line(
        "Workflows count by when they were due, calls by when they began: what was under way when measuring "
        "began or ended counts on one side only.",
        "dim",
    )


def consistency(page: Page, summary: Summary) -> None:
    """Conflicts, violations with examples, and how many checks held."""
    page.heading("CONSISTENCY")
    if text := checks_text(summary):
        page.line(text, "green")
    elif not summary.violations:
        page.line("No violation was seen.")
    for name, story in summary.stories.items():
        if story.conflicts:
            page.line(f"{name}: {several(story.conflicts, 'conflict')} retried, as they are meant to be")
        for kind, count in story.violations.items():
            page.line(f"{name}: {count} {kind.replace('_', ' ')}", "bold red")
        for one in story.examples:
            at = one.at - summary.started
            page.line(f"  {at:.2f}s {one.user} at {one.step}: expected {one.expected}; saw {one.seen}")


def propagation(page: Page, summary: Summary) -> None:
    """How long it took until others saw what was shared."""
    lines = [
        f"{name}, {interval}: {figures.count:,} times, seen at the first look {figures.first_hits:,} times; "
        f"at the latest after p50 {duration(figures.upper.median)}, p95 {duration(figures.upper.p95)}, "
        f"max {duration(figures.upper.max)}"
        for name, story in summary.stories.items()
        for interval, figures in story.intervals.items()
    ]
    if lines:
        page.heading("SHARE PROPAGATION")
        for line in lines:
            page.line(line)


def parts_of(page: Page, figures: dict[str, CallFigures], title: str, what: str) -> None:
    """Calls by group or by region."""
    if figures:
        page.heading(title)
        page.table(what, COLUMNS, [Row(name, call_cells(calls)) for name, calls in figures.items()])


def per_user(page: Page, summary: Summary) -> None:
    """The calls of the first users."""
    page.heading("PER-USER STATISTICS")
    shown = list(summary.users.items())[:USERS_SHOWN]
    page.table("User", COLUMNS, [Row(uid, call_cells(user.calls)) for uid, user in shown])
    more = len(summary.users) - USERS_SHOWN
    if more > 0:
        page.line(f"… and {more} more, all of them in the JSON report (--output FILE)")


def failures(page: Page, summary: Summary) -> None:
    """Every kind of failure, with the server's own words."""
    kinds = {kind: n for kind, n in summary.calls.outcomes.items() if is_failure(kind)}
    if kinds:
        page.heading("FAILED OPERATIONS")
        for kind, count in kinds.items():
            example = next(iter(summary.outcome_examples.get(kind, [])), "")
            page.line(f"{count:,} × {kind}" + (f": {example}" if example else ""))


def setup(page: Page, summary: Summary) -> None:
    """How long it took to bring users up."""
    rows = [
        Row(
            name,
            (
                f"{figures.seconds.count:,}",
                f"{figures.failures:,}",
                *(
                    duration(value)
                    for value in (figures.seconds.median, figures.seconds.p95, figures.seconds.max)
                ),
            ),
        )
        for name, figures in summary.setup.items()
    ]
    if rows:
        page.heading("SET-UP")
        page.table("Step", ("Count", "Failed", "P50", "P95", "Max"), rows)


def call_cells(calls: CallFigures) -> tuple[str, ...]:
    """One row of figures, in the order of `COLUMNS`."""
    counts = (f"{calls.total:,}", f"{calls.ok:,}", f"{calls.failed:,}")
    return (*counts, percent(calls.success_rate), *times(calls.service))


def times(figures: Quantiles) -> Sequence[str]:
    values = (figures.median, figures.p90, figures.p95, figures.p99, figures.max)
    return [duration(value) for value in values]


def columns_said() -> int | None:
    """How wide a terminal is by its environment, where it says so (POSIX: COLUMNS)."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and int(said) > 0 else None
