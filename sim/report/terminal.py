"""The report for a person at a terminal, or for a pipe: the same text, with colours or without.

First what failed and why, then the figures, at last the whole in a few lines. Every text that may come
from a server is shown in one line of printable characters, and never read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType

from sim.measure.figures import BASELINE
from sim.measure.kinds import is_failure
from sim.report.answers_section import answers
from sim.report.capacity_text import capacity_section
from sim.report.headline import checks_text, close, latency, rate, threshold_text, troubles
from sim.report.page import COLUMNS, Page, TableRow, count_text, duration, percent, several
from sim.report.result import Result
from sim.report.result_figures import CallCounts, OperationCounts, Times
from sim.report.shards_table import rate_text, shards_section
from sim.report.slow_spots import step_spots

WIDTH = 120
"""Of a file."""
USERS_SHOWN = 20
SPOTS_MARKED = 3
SATURATED = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""


def text_report(result: Result, width: int = WIDTH, *, colours: bool = False) -> str:
    """Everything, top to bottom, on a page so wide."""
    return _printed(render(result, width), width, colours=colours)


def printed(page: Page, *, colours: bool = False) -> str:
    """What has been put on a page, as text."""
    return _printed(Group(*page.parts), page.width, colours=colours)


def _printed(what: RenderableType, width: int, *, colours: bool) -> str:
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(what)
    return text.getvalue()


def render(result: Result, width: int) -> RenderableType:
    """The same as something that `rich` can print."""
    page = Page(width)
    page.rule("NEXTCLOUD MCP SIMULATION")
    answers(page, result)
    trouble(page, result)
    capacity_section(page, result)
    thresholds(page, result)
    overview(page, result)
    workflow_statistics(page, result)
    consistency(page, result)
    propagation(page, result)
    parts_of(page, result.tools, "TOOLS", "Tool")
    parts_of(page, result.groups, "GROUPS", "Group")
    parts_of(page, result.regions, "REGIONS", "Region")
    if result.capacity is None:
        levels(page, result)
    per_user(page, result)
    failures(page, result)
    setup(page, result)
    shards_section(page, result)
    if page.left_out:
        page.line(
            f"Left out, for want of room: {', '.join(page.left_out)}. A wider terminal shows them, "
            "--output FILE has them all.",
            "dim",
        )
    close(page, result)
    page.line(result.cleanup.text, "green" if not result.cleanup.left_behind else "bold red")
    return Group(*page.parts)


def trouble(page: Page, result: Result) -> None:
    """What was not as it should be."""
    lines = troubles(result)
    if lines:
        page.heading("NOT AS IT SHOULD BE")
        for line in lines:
            page.line(line, "yellow")


def thresholds(page: Page, result: Result) -> None:
    """The thresholds and what a search for a breakpoint found: what is asked first of a run."""
    if not result.thresholds and result.breakpoint is None:
        return
    page.heading("THRESHOLDS")
    for each in result.thresholds:
        ended_it = each.passed and result.breakpoint is not None and each.aborts
        word = "ended" if ended_it else "pass" if each.passed else "FAIL"
        what = " (over the whole run; in one interval it broke, and ended the run)" if ended_it else ""
        style = "yellow" if ended_it else "green" if each.passed else "bold red"
        page.line(f"{word}  {threshold_text(each)}{what}", style)
    if result.breakpoint is not None:
        page.line(f"Breakpoint: {result.breakpoint.text}", "bold")


def overview(page: Page, result: Result) -> None:
    """What was driven, for how long, and the figures of the whole."""
    figures, cpu = result.calls, result.generator.cpu
    rows = [
        ("Target", result.target),
        ("Clock", f"{result.clock}, seed {result.seed}"),
        ("Login", result.login),
        ("Duration", f"{duration(result.summary.duration)} measured ({result.stopped})"),
        ("Total Users", f"{result.summary.total_users:,}"),
        ("Total Workflows Executed", workflows_text(result)),
        ("Total Operations", f"{figures.total:,}: {figures.answered:,} answered, {rate(result)}"),
        ("Failed operations", failed_text(figures)),
        ("Service time", latency(figures.latency)),
    ]
    if is_known(figures.response_time):
        due = f"{latency(figures.response_time)} (first calls, from when they were due)"
        rows.append(("Response time", due))
    if is_known(result.generator.lateness):
        rows.append(("Schedule lateness", latency(result.generator.lateness)))
    if cpu is not None and cpu > SATURATED:
        used = f"the simulator itself used {cpu:.0%} of a core: it, not the server, may be the limit"
        rows.append(("WARNING", used))
    if figures.interrupted:
        rows.append(("Interrupted", f"{several(figures.interrupted, 'operation')}, kept out of the figures"))
    page.heading("OVERVIEW")
    page.pairs(rows)


def workflows_text(result: Result) -> str:
    """How many executions, those of the baseline by themselves."""
    alone = result.workflows.get(BASELINE)
    others = f"{result.summary.total_workflows:,}"
    if alone is None:
        return others
    return f"{others}, and {alone.total_executions:,} of {BASELINE}, a user's own operations"


def failed_text(figures: CallCounts) -> str:
    """How many failed; what is part of a story is no error, and said."""
    if not figures.expected:
        return f"{figures.failed:,}"
    return f"{figures.failed:,}, and {several(figures.expected, 'refusal')} that are part of a workflow"


def is_known(figures: Times) -> bool:
    return figures.mean is not None


def workflow_statistics(page: Page, result: Result) -> None:
    """Workflows with their durations, and their steps with the service times of their calls."""
    slowest = [spot.name for spot in step_spots(result)[:SPOTS_MARKED]]
    rows = []
    for name, story in result.workflows.items():
        counts = (story.total_executions, story.successful_executions, story.failed_executions)
        cells = (*(f"{count:,}" for count in counts), percent(story.success_rate), *times(story.latency))
        rows.append(TableRow(name, cells))
        for step, calls in story.steps.items():
            place = f"{name}.{step}"
            mark = f" *{slowest.index(place) + 1}" if place in slowest else ""
            rows.append(TableRow(f"  {step}{mark}", call_cells(calls), is_part=not mark))
    page.heading("WORKFLOW STATISTICS (whole workflows, and their calls)")
    page.table("Workflow", COLUMNS, rows)
    if slowest:
        page.line("*1 *2 *3: where users waited longest in all")
    page.line(
        "Workflows count by when they were due, calls by when they began: what was under way when measuring "
        "began or ended counts on one side only.",
        "dim",
    )


def consistency(page: Page, result: Result) -> None:
    """Conflicts, violations with examples, and how many checks held."""
    page.heading("CONSISTENCY")
    if text := checks_text(result):
        page.line(text, "green")
    elif not result.violations:
        page.line("No violation was seen.")
    for name, found in result.consistency.items():
        if found.conflicts_retried:
            page.line(
                f"{name}: {several(found.conflicts_retried, 'conflict')} retried, as they are meant to be"
            )
        for kind, count in found.violations.items():
            page.line(f"{name}: {count} {kind.replace('_', ' ')}", "bold red")
        for one in found.examples:
            page.line(f"  {one.at:.2f}s {one.user} at {one.step}: expected {one.expected}; saw {one.seen}")
            if one.trace_id:
                page.line(f"    trace {one.trace_id}")


def propagation(page: Page, result: Result) -> None:
    """How long it took until others saw what was shared."""
    lines = [
        f"{figures.workflow}, {figures.interval}: {figures.count:,} times, seen at the first look "
        f"{figures.first_look_hit:,} times; at the latest after p50 {duration(figures.upper.median)}, "
        f"p95 {duration(figures.upper.p95)}, max {duration(figures.upper.max)}"
        for figures in result.propagation.values()
    ]
    if lines:
        page.heading("SHARE PROPAGATION")
        for line in lines:
            page.line(line)


def parts_of(page: Page, figures: Mapping[str, CallCounts], title: str, what: str) -> None:
    """Calls by tool, by group or by region."""
    if figures:
        page.heading(title)
        page.table(what, COLUMNS, [TableRow(name, call_cells(calls)) for name, calls in figures.items()])


def levels(page: Page, result: Result) -> None:
    """What was measured at each load that was asked for, where there was more than one."""
    if len(result.levels) < 2:
        return
    page.heading("LEVELS")
    rows = [
        TableRow(
            f"{level.wanted:.4g} {level.unit}",
            (
                duration(level.seconds),
                f"{level.operations:,}",
                f"{level.errors:,}",
                "–" if level.throughput is None else f"{level.throughput:.4g}/s",
                *(duration(value) for value in (level.service.median, level.service.p95, level.service.max)),
                {True: "yes", False: "NO", None: "–"}[level.held],
            ),
        )
        for level in result.levels
    ]
    page.table("Level", ("For", "Total", "Failed", "Answered", "P50", "P95", "Max", "Held"), rows)


def per_user(page: Page, result: Result) -> None:
    """The calls of the first users."""
    page.heading("PER-USER STATISTICS")
    shown = list(result.users.items())[:USERS_SHOWN]
    page.table("User", COLUMNS, [TableRow(uid, user_cells(user)) for uid, user in shown])
    more = len(result.users) - USERS_SHOWN
    if more > 0:
        page.line(f"… and {more} more, all of them in the JSON report (--output FILE)")


def failures(page: Page, result: Result) -> None:
    """Every kind of failure, with the server's own words on one."""
    kinds = {kind: n for kind, n in result.calls.outcomes.items() if is_failure(kind)}
    if kinds:
        page.heading("FAILED OPERATIONS")
        for kind, count in kinds.items():
            said = ", one of them: " if count > 1 else ": "
            page.line(said.join((f"{count:,} × {kind}", *result.error_examples.get(kind, ())[:1])))


def setup(page: Page, result: Result) -> None:
    """How long it took to bring users up."""
    rows = [
        TableRow(
            name,
            (
                f"{figures.count:,}",
                f"{figures.failures:,}",
                *(duration(value) for value in (figures.median, figures.p95, figures.max)),
            ),
        )
        for name, figures in result.setup.items()
    ]
    if rows:
        page.heading("SET-UP")
        page.table("Step", ("Count", "Failed", "P50", "P95", "Max"), rows)


def call_cells(calls: CallCounts) -> tuple[str, ...]:
    """One row of figures, in the order of `COLUMNS`."""
    counts = (f"{calls.total:,}", f"{calls.successful:,}", f"{calls.failed:,}")
    return (*counts, percent(calls.success_rate), *times(calls.latency))


def user_cells(user: OperationCounts) -> tuple[str, ...]:
    """The same of a user; of one who was lost, that they were."""
    counts = (user.total_operations, user.successful_operations, user.failed_operations)
    return (*map(count_text, counts), rate_text(user), *times(user.latency))


def times(figures: Times) -> Sequence[str]:
    values = (figures.median, figures.p90, figures.p95, figures.p99, figures.max)
    return [duration(value) for value in values]
