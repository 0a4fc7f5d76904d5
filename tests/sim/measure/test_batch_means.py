"""Intervals of what was measured, and where a transient ends; scipy and simulated series are the oracles."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import pytest
from scipy import stats

from sim.measure.batch_means import added, growth, inflation, ratio, settled_from, student


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 19, 39])
@pytest.mark.parametrize("p", [0.025, 0.9, 0.975, 0.995])
def test_quantiles_of_student_agree_with_those_of_scipy(p: float, freedom: int) -> None:
    assert student(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=0.01)


@pytest.mark.parametrize(("p", "freedom"), [(0.0, 5), (1.0, 5), (0.5, 0)])
def test_what_is_no_quantile_is_refused(p: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        student(p, freedom)


def series(random: Random, length: int, correlation: float) -> list[float]:
    """An autoregression of the first order around 1."""
    value, found = random.gauss(0, 1) / math.sqrt(1 - correlation**2), list[float]()
    for _ in range(length):
        value = correlation * value + random.gauss(0, 1)
        found.append(1 + 0.1 * value)
    return found


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.5])
def test_an_interval_covers_the_truth_as_often_as_it_says_also_where_neighbours_depend(
    correlation: float,
) -> None:
    random, covered = Random(f"cover/{correlation}"), 0
    for _ in range(500):
        found = ratio([(value, 1.0) for value in series(random, 30, correlation)])
        assert found is not None
        covered += found.low <= 1 <= found.high
    assert 0.91 <= covered / 500 <= 0.99


def test_batches_count_by_how_much_they_hold() -> None:
    found = ratio([(1.0, 1.0), (0.0, 9.0), (1.0, 1.0), (0.0, 9.0)])
    assert found is not None
    assert found.value == 0.1
    assert added([(1.0, 1.0), (0.0, 9.0)]) == (1.0, 10.0)


def test_of_few_batches_nothing_is_certain_and_of_none_nothing_is_known() -> None:
    few = ratio([(1.0, 2.0)] * 3)
    assert few is not None
    assert (few.value, few.low, few.high) == (0.5, -math.inf, math.inf)
    assert ratio([(0.0, 0.0)] * 9) is None


def test_dependence_never_makes_an_interval_smaller() -> None:
    assert inflation([1.0, -1.0] * 10) == 1.0
    assert inflation([0.0] * 10) == 1.0
    assert inflation([1.0] * 10 + [-1.0] * 10) > 5


def test_growth_is_the_share_by_which_a_line_rises_and_noise_is_none() -> None:
    rising = growth([10 + step for step in range(11)])
    assert rising is not None
    assert rising.value == pytest.approx(10 / 15)
    assert growth([1.0, 2.0, 3.0]) is None
    assert growth([0.0] * 9) is None
    random = Random("no growth")
    taken_for_it = 0
    for _ in range(300):
        found = growth(series(random, 20, 0.3), 0.998)
        assert found is not None
        taken_for_it += found.low > 0
    assert taken_for_it <= 6


def test_a_transient_is_left_out_and_a_steady_series_hardly_loses_anything() -> None:
    random = Random("transient")
    lost = [settled_from(series(random, 40, 0.0)) for _ in range(200)]
    assert fmean(lost) < 6
    decaying = [5 * math.exp(-place / 3) for place in range(40)]
    found = [
        settled_from([one + two for one, two in zip(decaying, series(random, 40, 0.0), strict=True)])
        for _ in range(200)
    ]
    assert 6 <= fmean(found) <= 20
    assert max(found) <= 20
    assert settled_from([]) == settled_from([3.0]) == 0
