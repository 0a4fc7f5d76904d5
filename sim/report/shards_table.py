"""The processes that drove a run together, as tables of any format."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.page import Page, TableRow, duration, percent
from sim.report.result import Result
from sim.report.result_figures import OperationCounts
from sim.report.result_shards import ShardResult

COLUMNS = ("Host", "Users", "Calls", "Start", "CPU", "Ended")
MAX_SKEW_S = 0.1
"""More, and what was to happen at one instant did not."""


def shard_rows(result: Result) -> list[tuple[str, ...]]:
    """The number of each, and its cells in the order of `COLUMNS`."""
    return [(str(each.shard), *cells(each)) for each in result.shards]


def cells(shard: ShardResult) -> tuple[str, ...]:
    skew = "–" if shard.start_skew is None else f"+{duration(shard.start_skew)}"
    cpu = "–" if shard.cpu is None else f"{shard.cpu:.0%}"
    left = f", {shard.left_behind:,} things left" if shard.left_behind else ""
    ended = f"LOST: {shard.lost}" if shard.lost else "in order"
    return shard.host or "–", f"{shard.users:,}", f"{shard.calls:,}", skew, cpu, f"{ended}{left}"


def rate_text(user: OperationCounts) -> str:
    """How many of a user's calls succeeded; of somebody whose shard was lost, that."""
    return "lost" if user.lost else percent(user.success_rate)


def shards_section(page: Page, result: Result) -> None:
    """For a terminal; nothing of a run that one process drove."""
    if result.shards:
        page.heading("SHARDS")
        page.table("Shard", COLUMNS, [TableRow(row[0], row[1:]) for row in shard_rows(result)])


def lost_shards(result: Result) -> Iterator[str]:
    """Each that was lost, in one line."""
    for each in result.shards:
        where = f" on {each.host}" if each.host else ""
        if each.lost:
            yield (
                f"Shard {each.shard} of {len(result.shards)}{where} was lost: {each.lost}. "
                "Figures are of all shards as long as they were heard"
            )


def skewed_start(result: Result) -> Iterator[str]:
    """Whether shards began at different instants."""
    skews = [each.start_skew for each in result.shards if each.start_skew is not None]
    if skews and max(skews) - min(skews) > MAX_SKEW_S:
        yield f"the shards began within {duration(max(skews) - min(skews))} of each other, not at one instant"
