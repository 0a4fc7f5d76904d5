"""Points of change are those that Apache Otava finds in the series that it publishes."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.report.statistics.change_points import change_points

PUBLISHED = json.loads((Path(__file__).parent / "otava.json").read_text())


@pytest.mark.parametrize(("name", "window", "max_p", "min_magnitude", "expected"), PUBLISHED["cases"])
def test_they_are_otavas(
    name: str, window: int, max_p: float, min_magnitude: float, expected: list[int]
) -> None:
    series = [float(value) for value in PUBLISHED["series"][name]]
    assert [point.index for point in change_points(series, window, max_p, min_magnitude)] == expected


def test_the_published_series_have_points_of_change_and_some_have_none() -> None:
    found = {name: expected for name, *_, expected in PUBLISHED["cases"] if expected}
    assert len(PUBLISHED["series"]) == 9
    assert len(found) >= 7
    assert any(not expected for *_, expected in PUBLISHED["cases"])


def test_noise_alone_has_hardly_ever_one() -> None:
    worlds = 200
    series = ([100 + Random(f"{world}/{i}").gauss(0, 5) for i in range(30)] for world in range(worlds))
    assert sum(bool(change_points(each)) for each in series) / worlds < 0.05


@settings(deadline=None, max_examples=40)
@given(at=st.integers(8, 32), factor=st.sampled_from([0.5, 1.3, 2.0]), seed=st.integers(0, 2**32))
@example(at=8, factor=0.5, seed=52682)
def test_a_jump_is_found_where_it_is_or_right_beside_an_odd_value(at: int, factor: float, seed: int) -> None:
    """A value that is odd enough to look like a change of its own takes the jump's place, as in Otava."""
    random = Random(f"{seed}/jump")
    series = [random.gauss(1, 0.02) * (factor if i >= at else 1) for i in range(40)]
    (point, *more) = change_points(series, min_magnitude=0.1)
    assert not more
    assert abs(point.index - at) <= 1
    assert point.change == pytest.approx(factor - 1, abs=0.1)


@settings(deadline=None, max_examples=60)
@given(series=st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.0]), max_size=40))
def test_any_series_is_taken(series: list[float]) -> None:
    points = change_points(series)
    assert all(0 < point.index < len(series) for point in points)
    assert all(point.p < 0.001 for point in points)
