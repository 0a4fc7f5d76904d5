"""The report for a person at a terminal, or for a pipe: the same text, with colours or without."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sim.measure.leaves import is_failure
from sim.measure.sketch import Quantiles
from sim.measure.summary import BASELINE, CallFigures, Summary
from sim.report.run_info import RunInfo

USERS_SHOWN = 20
SATURATED = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""


def render(summary: Summary, info: RunInfo) -> RenderableType:
    """Everything, top to bottom."""
    parts: list[RenderableType] = [
        Rule("NEXTCLOUD MCP SIMULATION", style="bold", characters="="),
        *limits(info),
        overview(summary, info),
        *workflow_statistics(summary),
        *consistency(summary),
        *propagation(summary),
        *parts_of(summary.groups, "GROUPS", "Group"),
        *parts_of(summary.regions, "REGIONS", "Region"),
        *per_user(summary),
        *baseline(summary),
        *failures(summary),
        *setup(summary),
        Rule(characters="="),
        Text(info.cleanup, style="green" if not info.left_behind else "bold red"),
    ]
    return Group(*parts)


def show(console: Console, summary: Summary, info: RunInfo) -> None:
    """Print the report to `console`."""
    console.print(render(summary, info))


def limits(info: RunInfo) -> list[RenderableType]:
    """The thresholds and what a search for a breakpoint found: what is asked first of a run."""
    lines = [
        Text(
            f"{'pass' if verdict.held else 'FAIL'}  {verdict}", style="green" if verdict.held else "bold red"
        )
        for verdict in info.verdicts
    ]
    if info.breakpoint is not None:
        lines.append(Text(f"Breakpoint: {info.breakpoint}", style="bold"))
    return section("THRESHOLDS", *lines, Text("")) if lines else []


def overview(summary: Summary, info: RunInfo) -> RenderableType:
    figures = summary.calls
    rate = figures.total / summary.measured_s if summary.measured_s else 0.0
    others = sum(story.total for name, story in summary.stories.items() if name != BASELINE)
    rows = [
        ("Target", info.target),
        ("Clock", f"{info.clock}, seed {info.seed}"),
        ("Login", info.login),
        ("Duration", f"{summary.measured_s:.2f}s measured ({info.stopped})"),
        ("Total Users", str(info.users)),
        ("Total Workflows Executed", str(others)),
        ("Total Operations", f"{figures.total} ({rate:.1f}/s), {figures.failed} failed"),
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
        rows.append(("Interrupted", f"{figures.interrupted} operations, kept out of the figures"))
    for why, workflows in summary.not_started.items():
        rows.append((why.capitalize(), ", ".join(f"{name} {count}" for name, count in workflows.items())))
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(f"{name}:", Text(value))
    return table


def workflow_statistics(summary: Summary) -> list[RenderableType]:
    table = statistics_table("Workflow", "Total", "Success", "Failed", "Rate", "P50", "P95")
    for name, story in summary.stories.items():
        table.add_row(
            name,
            str(story.total),
            str(story.succeeded),
            str(story.failed),
            percent(story.success_rate),
            seconds(story.duration.median),
            seconds(story.duration.p95),
        )
        for step, figures in story.steps.items():
            table.add_row(
                f"  {step}",
                str(figures.total),
                str(figures.ok),
                str(figures.failed),
                percent(figures.success_rate),
                seconds(figures.service.median),
                seconds(figures.service.p95),
                style="dim",
            )
    return section("WORKFLOW STATISTICS (service time)", table)


def consistency(summary: Summary) -> list[RenderableType]:
    lines = []
    for name, story in summary.stories.items():
        if story.conflicts:
            lines.append(Text(f"{name}: {story.conflicts} conflicts retried"))
        for kind, count in story.violations.items():
            lines.append(Text(f"{name}: {count} {kind.replace('_', ' ')}", style="bold red"))
        for one in story.examples:
            at = one.at - summary.started
            lines.append(
                Text(f"  {at:.2f}s {one.user} at {one.step}: expected {one.expected}; saw {one.seen}")
            )
    if not summary.violations:
        lines.insert(0, Text("Every check held: what was shared is what was seen.", style="green"))
    return section("CONSISTENCY", *lines)


def propagation(summary: Summary) -> list[RenderableType]:
    lines = [
        Text(
            f"{name}, {interval}: {figures.count} times, seen at the first look {figures.first_hits} times; "
            f"at the latest after p50 {seconds(figures.upper.median)}, p95 {seconds(figures.upper.p95)}, "
            f"max {seconds(figures.upper.max)}"
        )
        for name, story in summary.stories.items()
        for interval, figures in story.intervals.items()
    ]
    return section("SHARE PROPAGATION", *lines) if lines else []


def parts_of(figures: dict[str, CallFigures], title: str, what: str) -> list[RenderableType]:
    """Calls by group or by region."""
    table = statistics_table(what, "Total Ops", "Success", "Errors", "Rate", "P50", "P95")
    for name, calls in figures.items():
        table.add_row(
            name,
            str(calls.total),
            str(calls.ok),
            str(calls.failed),
            percent(calls.success_rate),
            seconds(calls.service.median),
            seconds(calls.service.p95),
        )
    return section(title, table) if figures else []


def per_user(summary: Summary) -> list[RenderableType]:
    table = statistics_table("User", "Total Ops", "Success", "Errors", "Rate", "P50")
    for uid, user in list(summary.users.items())[:USERS_SHOWN]:
        calls = user.calls
        table.add_row(
            uid,
            str(calls.total),
            str(calls.ok),
            str(calls.failed),
            percent(calls.success_rate),
            seconds(calls.service.median),
        )
    more = len(summary.users) - USERS_SHOWN
    rest = [Text(f"… and {more} more, all of them in the JSON report (--output FILE)")] if more > 0 else []
    return section("PER-USER STATISTICS", table, *rest)


def baseline(summary: Summary) -> list[RenderableType]:
    story = summary.stories.get(BASELINE)
    if story is None:
        return []
    text = (
        f"Total Operations: {story.calls.total}\nSuccess Rate: {percent(story.calls.success_rate)}\nLatency: "
    )
    return section("BASELINE OPERATIONS", Text(text + latency(story.calls.service)))


def failures(summary: Summary) -> list[RenderableType]:
    lines = []
    for kind, count in summary.calls.outcomes.items():
        if is_failure(kind):
            example = next(iter(summary.outcome_examples.get(kind, [])), "")
            lines.append(Text(f"{count} × {kind}" + (f": {example}" if example else "")))
    return section("FAILED OPERATIONS", *lines) if lines else []


def setup(summary: Summary) -> list[RenderableType]:
    table = statistics_table("Step", "Count", "Failed", "P50", "P95", "Max")
    for name, figures in summary.setup.items():
        table.add_row(
            name,
            str(figures.seconds.count),
            str(figures.failures),
            seconds(figures.seconds.median),
            seconds(figures.seconds.p95),
            seconds(figures.seconds.max),
        )
    return section("SET-UP", table) if summary.setup else []


def statistics_table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column(first, overflow="fold", min_width=24)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def section(title: str, *content: RenderableType) -> list[RenderableType]:
    return [Rule(title, style="bold", characters="-", align="left"), *content]


def latency(figures: Quantiles) -> str:
    """`min=…, p50=…, p95=…, max=…`."""
    pairs = (("min", figures.min), ("p50", figures.median), ("p95", figures.p95), ("max", figures.max))
    return ", ".join(f"{name}={seconds(value)}" for name, value in pairs)


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"


def seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}s"
