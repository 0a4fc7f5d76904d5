"""Intervals of what was measured, and where a transient ends; scipy and simulated series are the oracles."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from sim.measure.batch_means import MIN_BATCHES, added, growth, inflation, ratio, settled_from, spread


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


times_s = st.floats(1e-4, 1e3)
whole = st.integers(0, 500).map(float)


@given(st.lists(st.tuples(whole, whole), min_size=2, max_size=30), st.sampled_from([0.9, 0.95, 0.998]))
def test_the_interval_of_a_ratio_is_students_around_the_ratio_of_both_sums(
    pairs: list[tuple[float, float]], confidence: float
) -> None:
    x, n = numpy.array(pairs).T
    found, count = ratio(pairs, confidence), len(pairs)
    if not n.sum():
        assert found is None
        return
    assert found is not None
    off = x - x.sum() / n.sum() * n
    alone = count * numpy.sum(off**2) / (count - 1)
    assert found.value == pytest.approx(x.sum() / n.sum())
    assert spread(pairs) == pytest.approx(alone * inflation(list(off)), rel=1e-6, abs=1e-9)
    if count >= MIN_BATCHES:
        error = math.sqrt(spread(pairs)) / n.sum()
        assert found.half_width == pytest.approx(
            stats.t.ppf((1 + confidence) / 2, count - 1) * error, rel=1e-6, abs=1e-9
        )


@given(st.lists(times_s, min_size=MIN_BATCHES, max_size=40))
def test_growth_is_that_of_numpys_line_and_as_unsure_as_neighbours_are_alike(values: list[float]) -> None:
    found, count = growth(values, 0.998), len(values)
    assert found is not None
    places = numpy.arange(count)
    slope, begin = numpy.polyfit(places, values, 1)
    across = (count - 1) / fmean(values)
    assert found.value == pytest.approx(slope * across, rel=1e-6, abs=1e-6)
    off = [value - begin - slope * place for place, value in enumerate(values)]
    error = math.sqrt(numpy.sum(numpy.square(off)) / (count - 2) / numpy.var(places) / count)
    alone = stats.t.ppf(0.999, count - 2) * error * across
    assert found.half_width == pytest.approx(alone * math.sqrt(inflation(off)), rel=1e-3, abs=1e-3)


@given(st.lists(times_s, max_size=40) | st.builds(lambda value, n: [value] * n, times_s, st.integers(0, 40)))
@example([0.1] * 12)
@example([1e7 + place % 3 for place in range(20)])
def test_the_transient_ends_where_the_error_of_the_mean_of_what_is_left_is_smallest(
    values: list[float],
) -> None:
    places = [at for at in range(len(values) // 2 + 1) if len(values) - at >= MIN_BATCHES]
    errors = [float(numpy.var(values[at:]) / (len(values) - at)) for at in places]
    chosen = settled_from(values)
    assert chosen in (places or [0])
    if len(set(values)) < 2:
        assert chosen == 0
    elif errors:
        assert errors[chosen] <= min(errors) * (1 + 1e-6) + 1e-12
