"""The tables of the page: limits, what failed, tools, users, and the facts around the run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from sim.measure.kinds import is_failure
from sim.report.headline import amount
from sim.report.html.chart import Table
from sim.report.html.figures_text import places_for, seconds_text
from sim.report.html.setup_bars import setup_table
from sim.report.limits import first_broken, users_at
from sim.report.page import clock, count_text, percent, several
from sim.report.result import Result
from sim.report.result_figures import CallCounts, OperationCounts, Times
from sim.report.shards_table import COLUMNS, rate_text, shard_rows

MAX_USERS = 100
"""A page shows so many users; the JSON of the run has them all."""
TIMES = ("p50 s", "p95 s", "p99 s", "max s")


@attrs.frozen
class LimitRow:
    """One limit, in words."""

    text: str
    held: bool
    measured: str
    bound: str
    broken: str
    note: str


def limit_rows(result: Result) -> list[LimitRow]:
    """Those that broke first."""
    rows = [
        LimitRow(
            limit.threshold,
            limit.passed,
            "–" if limit.measured is None else amount(limit.measured, limit.unit),
            amount(limit.bound, limit.unit),
            broken_text(result, first_broken(result, limit)),
            limit.note if limit.measured is not None else "nothing was measured",
        )
        for limit in result.thresholds
    ]
    return sorted(rows, key=lambda row: row.held)


def broken_text(result: Result, at: float | None) -> str:
    """`3:24, 39 users`."""
    if at is None:
        return "–"
    there = users_at(result, at)
    return f"{clock(at)}, {several(there, 'user')}" if there else clock(at)


def tables(result: Result) -> dict[str, Any]:
    """All of them by the name that the template knows."""
    return {
        "limits": limit_rows(result),
        "subtitle": subtitle(result),
        "facts": facts_of_run(result),
        "failures": failure_table(result),
        "tools": calls_table("tool", result.tools),
        "region_table": part_table(result),
        "users": user_table(result),
        "users_said": users_said(result),
        "setup": setup_table(result),
        "shards": Table(("shard", *map(str.lower, COLUMNS)), tuple(shard_rows(result))),
    }


def part_table(result: Result) -> Table:
    """Regions and groups, where there is more than one."""
    parts = {f"region {name}": calls for name, calls in result.regions.items() if len(result.regions) > 1}
    parts |= {f"group {name}": calls for name, calls in result.groups.items() if len(result.groups) > 1}
    return calls_table("region, group", parts)


def subtitle(result: Result) -> str:
    """What was driven, when and for how long, and that it is all gone."""
    parts = [
        result.target,
        result.wall_clock.began,
        f"{clock(result.summary.duration)} measured",
        several(result.calls.total, "operation"),
        result.cleanup.text.rstrip("."),
    ]
    return " · ".join(part for part in parts if part)


def facts_of_run(result: Result) -> list[tuple[str, str, bool]]:
    """What is needed to repeat it: name, text, and whether that is to be typed."""
    return [(name, text, is_code) for name, text, is_code in _facts(result) if text]


def _facts(result: Result) -> Iterator[tuple[str, str, bool]]:
    yield "Repeat", shlex.join(result.command), True
    yield "Seed", str(result.seed), False
    yield "Clock", f"{result.clock}, run {result.run_id}" if result.wall_clock.began else result.clock, False
    yield "Versions", ", ".join([f"{result.product} {result.version}", *_protocols(result)]), False
    yield "Login", result.login, False
    yield "Ended", f"exit code {result.exit_code}, {result.stopped}", False
    yield "Steered", "by hand, while it ran" if result.steered else "", False
    yield "Cleaned up", result.cleanup.text, False
    yield "Left behind", "; ".join(result.cleanup.left_behind), False
    yield "Notes", "; ".join([*result.cleanup.notes, *result.cleanup.expiring]), False


def _protocols(result: Result) -> Iterable[str]:
    return (f"MCP {name} ({several(users, 'user')})" for name, users in result.protocols.items())


def failure_table(result: Result) -> Table:
    """Each kind, how often, where, and in the server's own words."""
    rows = [
        (kind, f"{figures.count:,}", phase, "; ".join(_said(figures.examples)))
        for phase, kinds in result.failures.items()
        for kind, figures in kinds.items()
        if is_failure(kind)
    ]
    return Table(("kind", "count", "phase", "where, and what was said"), tuple(rows))


def _said(examples: Iterable[object]) -> Iterator[str]:
    for one in examples:
        yield f"{getattr(one, 'workflow', '')}.{getattr(one, 'step', '')}: {getattr(one, 'text', '')}"


def calls_table(what: str, parts: Mapping[str, CallCounts]) -> Table:
    """Those that were called, in the order in which they stand."""
    places = places_for([calls.latency.median for calls in parts.values()])
    rows = tuple(
        (name, f"{c.total:,}", f"{c.failed:,}", percent(c.success_rate), *times_cells(c.latency, places))
        for name, c in parts.items()
    )
    return Table((what, "calls", "failed", "ok", *TIMES), rows)


def user_table(result: Result) -> Table:
    """All of them, the slowest first."""

    def slowness(user: OperationCounts) -> float:
        return -(user.latency.p95 or user.latency.mean or 0.0)

    places = places_for([user.latency.median or user.latency.mean for user in result.users.values()])
    rows = tuple(
        (
            uid,
            count_text(user.total_operations),
            count_text(user.failed_operations),
            rate_text(user),
            *times_cells(user.latency, places),
        )
        for uid, user in sorted(result.users.items(), key=lambda item: (slowness(item[1]), item[0]))[
            :MAX_USERS
        ]
    )
    return Table(("user", "calls", "failed", "ok", *TIMES), rows)


def users_said(result: Result) -> str:
    """How many there are, and whether all of them are shown."""
    count = len(result.users)
    return several(count, "user") if count <= MAX_USERS else f"the slowest {MAX_USERS} of {count:,} users"


def times_cells(figures: Times, places: int) -> Iterator[str]:
    """p50, p95, p99 and max, in seconds."""
    return (seconds_text(value, places) for value in (figures.median, figures.p95, figures.p99, figures.max))
