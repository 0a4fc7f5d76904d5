"""How a side went over time, from runs of any length."""

from __future__ import annotations

import math
from itertools import pairwise

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.report.compare.shape import MAX_POINTS, course
from sim.report.result import Result
from sim.report.result_course import RowTimes, TimelineRow, Timeseries
from tests.support.made_runs import made_run

EMPTY = made_run("course")
runs = st.tuples(st.integers(0, 900), st.sampled_from([1.0, 2.0, 4.0]))


def run_of(count: int, row_s: float, per_s: int = 20) -> Result:
    rows = (
        TimelineRow(place * row_s, int(per_s * row_s), 0, 0, 1, 0.1, 0.1, service=RowTimes(0.1, 0.2))
        for place in range(count)
    )
    return attrs.evolve(EMPTY, timeseries=Timeseries(row_s, tuple(rows)))


@settings(max_examples=25)
@given(st.lists(runs, max_size=4))
@example([(60, 1.0), (45, 1.0)])
@example([(3600, 1.0), (1801, 2.0)])
@example([(241, 1.0)])
def test_a_steady_rate_is_told_at_each_moment_of_the_longest_run(lengths: list[tuple[int, float]]) -> None:
    points = course([run_of(count, row_s) for count, row_s in lengths])
    longest = max((count * row_s for count, row_s in lengths), default=0.0)
    assert bool(points) == bool(longest)
    assert len(points) <= MAX_POINTS
    for point in points:
        assert point.at < longest
        assert (point.operations, point.p50, point.p95) == (pytest.approx(20), 0.1, 0.2)
    spans = {after.at - before.at for before, after in pairwise(points)}
    assert len(spans) <= 1
    if points:
        assert longest <= math.ceil(points[-1].at + max(spans, default=longest))


def test_two_runs_are_in_the_middle_of_each_other() -> None:
    points = course([run_of(5, 1.0, per_s=10), run_of(5, 1.0, per_s=30)])
    assert [point.operations for point in points] == [20.0] * 5
    assert [point.at for point in points] == [0.0, 1.0, 2.0, 3.0, 4.0]
