"""Shifts and their tests agree with scipy's, and hold what they promise over many worlds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.report.statistics import shifts

EXACT = 1e-9
Sample = list[float]
values = st.floats(-50, 50).map(lambda value: round(value, 3))
samples = st.lists(values, min_size=2, max_size=12).filter(lambda sample: len(set(sample)) > 1)
small = st.lists(values, min_size=4, max_size=5)
LEISURE = settings(deadline=None, max_examples=60)


def draw(random: Random, n: int, spread: float = 1.0) -> Sample:
    return [random.gauss(0, spread) for _ in range(n)]


@LEISURE
@given(before=samples, after=samples)
def test_welchs_test_is_scipys(before: Sample, after: Sample) -> None:
    ours, theirs = shifts.welch(before, after), stats.ttest_ind(after, before, equal_var=False)
    assert ours.df == pytest.approx(theirs.df, rel=EXACT)
    assert ours.p == pytest.approx(theirs.pvalue, rel=EXACT, abs=EXACT)
    interval = theirs.confidence_interval(0.95)
    assert ours.interval() == pytest.approx((interval.low, interval.high), rel=EXACT, abs=EXACT)


@LEISURE
@given(differences=samples)
def test_the_test_of_pairs_is_scipys(differences: Sample) -> None:
    ours, theirs = shifts.paired(differences), stats.ttest_1samp(differences, 0)
    assert ours.p == pytest.approx(theirs.pvalue, rel=EXACT, abs=EXACT)
    interval = theirs.confidence_interval(0.95)
    assert ours.interval() == pytest.approx((interval.low, interval.high), rel=EXACT, abs=EXACT)


@settings(deadline=None, max_examples=15)
@given(before=small, after=small)
def test_the_permutation_test_is_scipys(before: Sample, after: Sample) -> None:
    theirs = stats.permutation_test(
        (after, before), lambda a, b: math.fsum(a) / len(a) - math.fsum(b) / len(b), n_resamples=10_000
    )
    assert shifts.permutation_p(before, after) == pytest.approx(theirs.pvalue, abs=EXACT)


@settings(deadline=None, max_examples=15)
@given(differences=st.lists(values, min_size=2, max_size=8))
def test_the_sign_flip_test_is_scipys(differences: Sample) -> None:
    theirs = stats.permutation_test(
        (differences,), lambda each: math.fsum(each), permutation_type="samples", n_resamples=10_000
    )
    assert shifts.sign_flip_p(differences) == pytest.approx(theirs.pvalue, abs=EXACT)


@LEISURE
@given(ps=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holms_correction_is_that_of_the_step_down_rule(ps: list[float]) -> None:
    """Written down once more, as Holm has it: p of rank r times those that are left."""
    adjusted = shifts.holm(ps)
    for p, got in zip(ps, adjusted, strict=True):
        before = sorted(each for each in ps if each <= p)
        assert got == pytest.approx(
            min(1.0, max((len(ps) - rank) * each for rank, each in enumerate(before)))
        )


@LEISURE
@given(many=st.lists(values, min_size=5, max_size=12).filter(lambda s: len(set(s)) > 1), single=values)
def test_one_against_many_is_a_prediction(many: Sample, single: float) -> None:
    low, high = shifts.prediction(many, single).interval()
    reach = stats.t.ppf(0.975, len(many) - 1) * stats.tstd(many) * math.sqrt(1 + 1 / len(many))
    assert (high - low) / 2 == pytest.approx(reach, rel=1e-8)
    assert (high + low) / 2 == pytest.approx(single - math.fsum(many) / len(many), abs=1e-8)


@LEISURE
@given(before=samples, after=samples)
def test_the_hodges_lehmann_shift_is_the_median_of_all_differences(before: Sample, after: Sample) -> None:
    from numpy import median, subtract

    assert shifts.hodges_lehmann(before, after) == pytest.approx(median(subtract.outer(after, before)))


@pytest.mark.parametrize(("before", "after"), [([1.0, 1.0], [1.0, 1.0]), ([1.0, 1.0], [2.0, 2.0])])
def test_where_nothing_varies_a_difference_is_certain(before: Sample, after: Sample) -> None:
    shift = shifts.welch(before, after)
    assert shift.p == (1.0 if before == after else 0.0)
    assert shift.interval() == (shift.mean, shift.mean)


@pytest.mark.parametrize(("a", "b"), [(4, 4), (5, 5), (4, 6), (8, 8)])
def test_the_smallest_p_of_a_permutation_is_that_of_two_samples_apart(a: int, b: int) -> None:
    before, after = [float(i) for i in range(a)], [100.0 + i for i in range(b)]
    assert shifts.permutation_p(before, after) == shifts.smallest_permutation_p(a, b)
    assert shifts.smallest_permutation_p(9, 9) is None
    assert shifts.smallest_sign_flip_p(5) == shifts.sign_flip_p([1.0, 2, 3, 4, 5]) == 2 / 32
    assert shifts.smallest_sign_flip_p(200) is None


@pytest.mark.parametrize(
    ("shift_of", "n", "m"),
    [(shifts.welch, 5, 5), (shifts.welch, 3, 8), (lambda a, b: shifts.prediction(a, b[0]), 6, 1)],
)
def test_an_interval_covers_the_true_shift_as_often_as_it_says(shift_of: object, n: int, m: int) -> None:
    random = Random(f"5/coverage/{n}/{m}")
    worlds = 2_000

    def covers() -> bool:
        before, after = draw(random, n, 0.05), [0.1 + value for value in draw(random, m, 0.05)]
        low, high = shift_of(before, after).interval()  # type: ignore[operator]
        return low <= 0.1 <= high

    assert sum(covers() for _ in range(worlds)) / worlds == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("spread", "smallest"), [(0.05, math.log(1.1)), (0.1, math.log(1.2))])
def test_with_the_runs_that_are_said_to_be_needed_such_a_shift_is_found(
    spread: float, smallest: float
) -> None:
    """Four times in five, give or take what chance does in so many worlds; with two runs fewer less often."""
    random = Random("7/power")
    needed, worlds = shifts.runs_needed(spread, smallest), 800

    def found(n: int) -> float:
        pairs = ((draw(random, n, spread), draw(random, n, spread)) for _ in range(worlds))
        return sum(shifts.welch(a, [v + smallest for v in b]).p < 0.05 for a, b in pairs) / worlds

    assert found(needed) > 0.75
    assert found(needed - 2) < found(needed)


def test_few_runs_tell_where_little_varies_and_never_fewer_than_two() -> None:
    assert shifts.runs_needed(0.0, 0.1) == shifts.pairs_needed(0.0, 0.1) == 2
    assert shifts.runs_needed(100.0, 0.01) == shifts.MAX_NEEDED


def test_adding_runs_that_are_needed_agrees_with_the_formula_of_many() -> None:
    """n = 2 (z + z)² σ²/δ², which Student's t approaches."""
    spread, smallest = 0.3, 0.05
    z: Sequence[float] = stats.norm.ppf([0.975, 0.8])
    assert shifts.runs_needed(spread, smallest) == pytest.approx(2 * sum(z) ** 2 * 36, rel=0.01)
