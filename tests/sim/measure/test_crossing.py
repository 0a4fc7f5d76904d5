"""Where a share that rises with the load crosses its bound, and how well that is known."""

from __future__ import annotations

import math
from random import Random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from sim.measure.crossing import SURE_Z, SharePoint, crossing

BOUND = 0.05


def share_at(level: float, true: float, slope: float = 5.0) -> float:
    return 1 / (1 + math.exp(-(math.log(BOUND / (1 - BOUND)) + slope * math.log(level / true))))


def drawn(random: Random, level: float, true: float, groups: int, size: float = 8.0) -> SharePoint:
    """Calls come in groups of `size` that are all beyond the bound, or none of them is."""
    over = sum(random.random() < share_at(level, true) for _ in range(groups))
    share = over / groups
    return SharePoint(level, over * size, groups * size, groups * size**2 * share * (1 - share))


def test_what_follows_the_curve_is_found_exactly_wherever_it_lies() -> None:
    for true in (3.0, 22.4, 470.0):
        points = [SharePoint(at, 1e5 * share_at(at, true), 1e5, 1e5) for at in (0.8 * true, true, 1.2 * true)]
        found = crossing(points, BOUND, true, 1.2 * true)
        assert found is not None
        assert found.at == pytest.approx(true, rel=1e-3)


def test_the_interval_holds_the_true_crossing_as_often_as_it_says() -> None:
    random, inside, tries = Random("crossing"), 0, 400
    for _ in range(tries):
        true = random.uniform(20, 24)
        points = [drawn(random, level, true, 400) for level in (18, 20, 21, 22, 23, 24, 26)]
        found = crossing(points, BOUND, 22, 23)
        assert found is not None
        inside += found.low <= true <= found.high
    assert 0.93 <= inside / tries <= 0.99


def test_all_levels_near_the_bound_make_it_more_exact_than_the_two_beside_it() -> None:
    random = Random("width")
    points = [drawn(random, level, 22.4, 400) for level in (18, 20, 22, 23, 25, 27)]
    all_of_them, two = crossing(points, BOUND, 22, 23), crossing(points[2:4], BOUND, 22, 23)
    assert all_of_them is not None and two is not None
    assert all_of_them.high - all_of_them.low < two.high - two.low


def test_where_the_share_leaps_it_is_between_both_levels_whatever_lies_far_away() -> None:
    points = [SharePoint(at, 0.0, 3000.0, 0.0) for at in (24.0, 32.0, 36.0)]
    points += [
        SharePoint(at, n * 0.95, n, n * 0.1) for at, n in ((38.0, 900.0), (40.0, 900.0), (48.0, 800.0))
    ]
    found = crossing(points, BOUND, 36.0, 38.0)
    assert found is not None and found.at is not None
    assert 36 <= found.low <= found.at <= found.high <= 38


def test_a_line_that_contradicts_what_is_sure_decides_nothing() -> None:
    # 22 is surely beyond the bound, and yet a line through all of them crosses at 23.
    points = [
        SharePoint(18.0, 162.0, 9000.0, 3200.0),
        SharePoint(21.0, 832.0, 30000.0, 16200.0),
        SharePoint(22.0, 108.0, 300.0, 276.0),
        SharePoint(29.0, 197.0, 1000.0, 3165.0),
    ]
    found = crossing(points, BOUND, 21.0, 22.0)
    assert found is not None
    assert (found.at, found.low, found.high) == (None, 0.0, 22.0)


@pytest.mark.parametrize("share", [0.03, 0.06])
def test_of_levels_that_do_not_show_that_it_rises_no_crossing_is_made_up(share: float) -> None:
    points = [SharePoint(at, 400 * share, 400.0, 100.0) for at in (2.0, 3.0, 4.0)]
    found = crossing(points, BOUND, 3.0, 4.0)
    assert found is not None
    assert (found.at, found.low, found.high) == (None, 0.0, math.inf)


def test_there_is_none_of_a_bound_that_no_share_can_cross_or_where_nothing_was_measured() -> None:
    points = [SharePoint(at, 10.0, 400.0, 100.0) for at in (2.0, 3.0)]
    assert crossing(points, 0.0, 2.0, 3.0) is None
    assert crossing(points, 1.0, 2.0, 3.0) is None
    assert crossing([SharePoint(2.0, 0.0, 0.0, 0.0)], BOUND, 2.0, 3.0) is None
    assert crossing(points[:1], BOUND, 2.0, 3.0) is None


@settings(max_examples=40)
@given(
    below=st.floats(5, 300),
    steps=st.lists(st.floats(0.9, 1.15), max_size=6),
    slope=st.sampled_from([1.0, 3.0, 8.0]),
    seed=st.integers(0, 2**32),
)
def test_the_crossing_is_that_of_the_most_likely_logistic_curve(
    below: float, steps: list[float], slope: float, seed: int
) -> None:
    """Half a call is added on either side of each level. What is beyond doubt is not in it, and has no place
    here.
    """
    random = Random(f"{seed}/calls")
    true, beyond = 1.05 * below, 1.1 * below
    points = []
    for level in sorted({below, beyond, *(below * step for step in steps)}):
        share = share_at(level, true, slope)
        x = sum(random.random() < share for _ in range(60))
        points.append(SharePoint(level, float(x), 60.0, 60 * share * (1 - share)))
    coins = math.sqrt(60 * BOUND * (1 - BOUND))
    found = crossing(points, BOUND, below, beyond)
    if found is None or found.at is None or any(point.x - 60 * BOUND > SURE_Z * coins for point in points):
        return
    loads = numpy.log([point.level / true for point in points])
    over = numpy.array([point.x + 0.5 for point in points])

    def unlikely(line: numpy.ndarray) -> float:
        logits = line[0] + line[1] * loads
        logs = over * numpy.logaddexp(0, -logits) + (61 - over) * numpy.logaddexp(0, logits)
        return float(numpy.sum(logs))

    start = (math.log(BOUND / (1 - BOUND)), slope)
    best = optimize.minimize(unlikely, start, method="BFGS", options={"gtol": 1e-8}).x
    assert found.low <= found.at <= found.high
    assert found.at == pytest.approx(true * math.exp((start[0] - best[0]) / best[1]), rel=1e-4)
