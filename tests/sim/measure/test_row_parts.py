"""Rows keep regions, groups, and propagation between its bounds; few of each, however many rows there are."""

from __future__ import annotations

import pytest

from actors.errors import Outcome
from actors.events import Call, Ending, Execution, Interval, Phase
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import Leaves
from sim.measure.row_parts import MAX_PARTS, parts_by
from sim.measure.snapshot import Snapshot
from sim.measure.timeline import MAX_ROWS, Timeline
from sim.measure.timeline_row import Row


def window(regions: dict[str, float], failed: bool = False) -> Leaves:
    """A call in each region, that took so long."""
    leaves = Leaves()
    outcome = Outcome.TOOL_ERROR if failed else Outcome.OK
    for region, seconds in regions.items():
        key = StepKey(Phase.MEASURED, "story", "step", "tool", "", region)
        call = Call("story", "step", "tool", "user", 1, outcome, 0.0, seconds, region=region)
        leaves.step(key).count(call, outcome.value, is_timed=True)
    return leaves


def row_of(leaves: Leaves) -> Row:
    return Row.of(Snapshot(1, 0.0, 1.0, Phase.MEASURED, leaves))


def test_each_region_has_its_calls_its_errors_and_its_times() -> None:
    row = row_of(window({"eu": 0.1, "ap": 0.4}))
    row.absorb(row_of(window({"eu": 0.2}, failed=True)))
    assert {name: (part.calls, part.errors) for name, part in row.regions.items()} == {
        "ap": (1, 0),
        "eu": (2, 1),
    }
    assert row.regions["ap"].service.quantile(0.5) == pytest.approx(0.4)
    assert row.groups == {}


def test_of_many_regions_no_more_than_some_are_kept() -> None:
    many = {f"r{number:03d}": 0.1 for number in range(5 * MAX_PARTS)}
    assert len(parts_by(lambda key: key.region, window(many))) == MAX_PARTS
    row = row_of(window({"z": 0.1}))
    row.absorb(row_of(window(many)))
    assert len(row.regions) == MAX_PARTS and "z" in row.regions


def test_propagation_is_kept_between_its_two_bounds_and_conflicts_are_counted() -> None:
    leaves = Leaves()
    seen = Interval("propagation", 0.1, 0.3, first_hit=False)
    played = Execution("story", 1, ("a",), Ending.SUCCEEDED, 0.0, 1.0, intervals=(seen,), conflicts=2)
    leaves.story(StoryKey(Phase.MEASURED, "story", "", "")).count(played, is_timed=True)
    row = row_of(leaves)
    row.absorb(row_of(leaves))
    lower, upper = row.seen_after
    assert (lower.count, lower.quantile(0.5), upper.quantile(0.5)) == (2, 0.1, 0.3)
    assert row.conflicts == 4


def test_rows_that_are_put_together_keep_all_of_it_in_bounded_memory() -> None:
    timeline = Timeline(0.0)
    for second in range(MAX_ROWS + 1):
        leaves = window({"eu": 0.1 + second / MAX_ROWS, "ap": 0.4})
        timeline.add(Snapshot(second + 1, float(second), 1.0, Phase.MEASURED, leaves))
    assert sum(row.regions["eu"].calls for row in timeline.rows) == MAX_ROWS + 1
    assert all(len(row.regions["eu"].service.points().means) <= 20 for row in timeline.rows)
