"""Sketches: exact where there is little, close where there is much, and as close when put together."""

from __future__ import annotations

import math
import pickle
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.measure.points import COMPRESSION, Points, cut, ones
from sim.measure.sketch import BUFFER, MAX_POINTS, Sketch

QUANTILES = (0.01, 0.5, 0.9, 0.95, 0.99)


def sketch_of(samples: list[float]) -> Sketch:
    sketch = Sketch()
    for sample in samples:
        sketch.add(sample)
    return sketch


def latencies(count: int, seed: int = 1) -> list[float]:
    draws = random.Random(seed)
    return [draws.lognormvariate(-3, 0.7) for _ in range(count)]


def share_below(samples: list[float], value: float) -> float:
    return sum(sample <= value for sample in samples) / len(samples)


def test_without_samples_nothing_is_known() -> None:
    sketch = Sketch()
    assert (sketch.count, sketch.mean, sketch.quantile(0.5)) == (0, None, None)
    assert sketch.quantiles().p99 is None


def test_a_few_samples_give_exact_quantiles() -> None:
    sketch = sketch_of([4.0, 1.0, 3.0, 2.0, 5.0])
    assert [sketch.quantile(q) for q in (0, 0.25, 0.5, 0.9, 1)] == [1.0, 2.0, 3.0, 4.6, 5.0]


@pytest.mark.parametrize("count", [1, 2, BUFFER - 1, BUFFER, BUFFER + 1, 50 * BUFFER])
def test_count_sum_and_extremes_are_exact_and_what_is_between_is_close(count: int) -> None:
    samples = latencies(count, seed=count)
    sketch = sketch_of(samples)
    samples.sort()
    assert (sketch.count, sketch.min, sketch.max) == (count, samples[0], samples[-1])
    assert sketch.total == pytest.approx(math.fsum(samples))
    for q in (0.5, 0.9, 0.95, 0.99):
        near = samples[max(0, math.floor(q * count) - 2) : math.ceil(q * count) + 2]
        seen = sketch.quantile(q)
        assert seen is not None
        assert near[0] * 0.99 <= seen <= near[-1] * 1.01


@pytest.mark.parametrize("parts", [1, 7, 40])
def test_many_samples_give_close_quantiles_also_when_put_together(parts: int) -> None:
    samples = latencies(40_000)
    whole = Sketch.merged(sketch_of(samples[part::parts]) for part in range(parts))
    assert whole.count == len(samples)
    assert whole.mean == pytest.approx(math.fsum(samples) / len(samples))
    assert (whole.quantile(0), whole.quantile(1)) == (min(samples), max(samples))
    for q in QUANTILES:
        value = whole.quantile(q)
        assert value is not None
        # Of all samples, no more than a twentieth of the nearer tail lie on the wrong side.
        assert abs(share_below(samples, value) - q) <= 0.05 * min(q, 1 - q), q


def test_a_few_samples_from_many_sketches_stay_exact() -> None:
    samples = latencies(BUFFER - 1)
    whole = Sketch.merged(sketch_of(samples[part::9]) for part in range(9))
    assert [whole.quantile(q) for q in QUANTILES] == [sketch_of(samples).quantile(q) for q in QUANTILES]


def test_putting_together_leaves_the_parts_as_they_were() -> None:
    parts = [sketch_of(latencies(BUFFER + 500, seed)) for seed in range(3)]
    before = [part.quantiles() for part in parts]
    Sketch.merged(parts).add(1e9)
    assert [part.quantiles() for part in parts] == before


@pytest.mark.parametrize("sample", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_and_leaves_nothing_behind(sample: float) -> None:
    sketch = sketch_of([1.0])
    with pytest.raises(ValueError, match="not a finite number"):
        sketch.add(sample)
    assert (sketch.count, sketch.max, sketch.quantile(1)) == (1, 1.0, 1.0)


def test_nobody_elses_draws_are_moved() -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)
    Sketch.merged([sketch_of(latencies(3 * BUFFER))]).quantile(0.5)
    assert random.random() == expected


def test_cutting_keeps_the_weight_and_is_fine_at_both_ends() -> None:
    cuts = cut(ones(float(i) for i in range(10_000)))
    assert sum(cuts.weights) == 10_000
    assert math.fsum(mean * weight for mean, weight in cuts) == pytest.approx(sum(range(10_000)))
    assert list(cuts) == sorted(cuts)
    assert len(cuts.means) < MAX_POINTS
    middle = cuts.weights[len(cuts.weights) // 2]
    assert max(cuts.weights[0], cuts.weights[-1]) < middle / 10


def test_a_heavy_point_is_not_made_heavier() -> None:
    assert list(cut(Points([1.0, 2.0, 3.0], [1, 900, 99])))[1] == (2.0, 900)


def test_equal_samples_stay_together_and_alone() -> None:
    cuts = cut(ones([0.5] * 10 + [1.0] * 900 + [1.5] * 90))
    assert (1.0, 900) in list(cuts)


SHAPES: dict[str, Callable[[random.Random, float], float]] = {
    "one value": lambda draws, share: 3.0,
    "two values, 99 to 1": lambda draws, share: 0.02 if draws.random() < 0.99 else 5.0,
    "four values": lambda draws, share: draws.choice([0.1, 0.2, 0.3, 0.7]),
    "nearly all the same, the rest wide": lambda draws, share: (
        0.0 if draws.random() < 0.986 else draws.random()
    ),
    "whole milliseconds": lambda draws, share: round(draws.lognormvariate(-3, 0.7), 3),
    "two humps far apart": lambda draws, share: draws.gauss(0.1 if draws.random() < 0.7 else 9.0, 0.001),
    "two clusters": lambda draws, share: 1e6 * (draws.random() < 0.5) + 1e-9 * draws.random(),
    "ascending": lambda draws, share: share,
    "descending": lambda draws, share: -share,
    "a jump on the way": lambda draws, share: draws.random() + (10 if share > 0.5 else 0),
    "a heavy tail": lambda draws, share: draws.paretovariate(0.5),
}
COUNTS = (1, 2, 3, 10, BUFFER - 1, BUFFER, BUFFER + 1, 7777)


def assert_close(sketch: Sketch, samples: list[float], allowed_points: float) -> None:
    """Of each quantile: the share of samples below misses it by no more than so many points hold there."""
    count, ordered = len(samples), sorted(samples)
    assert (sketch.count, sketch.min, sketch.max) == (count, ordered[0], ordered[-1])
    assert (sketch.quantile(0), sketch.quantile(1)) == (ordered[0], ordered[-1])
    for q in (0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999):
        value = sketch.quantile(q)
        assert value is not None
        below, up_to = bisect_left(ordered, value), bisect_right(ordered, value)
        missed = max(0.0, below - q * count, q * count - up_to)
        point = count * 2 * math.pi / COMPRESSION * math.sqrt(q * (1 - q))
        assert missed <= 1 + allowed_points * point, q


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("parts", [1, 2, 9])
def test_a_quantile_is_off_by_less_than_a_point_whatever_the_samples(
    shape: Callable[[random.Random, float], float], parts: int
) -> None:
    for count in COUNTS:
        draws = random.Random(count)
        samples = [shape(draws, i / count) for i in range(count)]
        sketches = [sketch_of(samples[part::parts]) for part in range(parts)]
        assert_close(Sketch.merged(sketches) if parts > 1 else sketches[0], samples, 0.5)


def test_merging_what_was_merged_does_not_add_up_the_error() -> None:
    draws = random.Random(3)
    samples = [draws.choice([0.02, draws.lognormvariate(-3, 1)]) for _ in range(30_000)]
    whole = Sketch()
    for part in range(10):
        whole = Sketch.merged([whole, sketch_of(samples[part::10])])
    assert_close(whole, samples, 0.5)
    for sample in samples:
        whole.add(sample)
    assert_close(whole, samples * 2, 0.5)


def test_what_is_kept_does_not_grow_with_the_samples_and_can_be_asked_later() -> None:
    samples = latencies(60_000)
    sketch = sketch_of(samples)
    kept = sketch.points()
    assert len(kept.means) <= MAX_POINTS
    assert sum(kept.weights) == len(samples)
    assert len(pickle.dumps(sketch)) < 20_000


def test_the_same_two_values_over_and_over_are_two_points() -> None:
    kept = sketch_of([0.02, 0.02, 5.0] * 5 * BUFFER).points()
    assert list(kept) == [(0.02, 10 * BUFFER), (5.0, 5 * BUFFER)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_up_to_the_slowest_thousandth_quantiles_of_continuous_samples_are_exact_to_half_a_percent(
    seed: int,
) -> None:
    samples = latencies(100_000, seed)
    sketch = sketch_of(samples)
    assert len(sketch.points().means) <= MAX_POINTS
    samples.sort()
    for q in (0.5, 0.9, 0.95, 0.99, 0.999):
        # Between neighbours in the tail there is more than that: either of them is exact.
        low, high = samples[math.ceil(q * len(samples)) - 2], samples[math.ceil(q * len(samples)) + 1]
        assert low * 0.995 <= (sketch.quantile(q) or 0.0) <= high * 1.005, q


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_that_are_alike_are_together_as_exact_as_one(seed: int) -> None:
    samples = latencies(200_000, seed)
    whole = sketch_of(samples)
    merged = Sketch.merged(sketch_of(samples[part::10]) for part in range(10))
    kept = merged.points()
    later = Sketch.of_points(kept, merged.min, merged.max, merged.total)
    assert len(kept.means) <= MAX_POINTS
    for q, allowed in (
        (0.1, 0.004),
        (0.5, 0.004),
        (0.9, 0.004),
        (0.95, 0.004),
        (0.99, 0.004),
        (0.999, 0.012),
    ):
        assert merged.quantile(q) == pytest.approx(whole.quantile(q), rel=allowed), q
        assert later.quantile(q) == pytest.approx(whole.quantile(q), rel=allowed + 0.002), q


@pytest.mark.parametrize("parts", [2, 10])
def test_values_that_are_heavy_in_each_are_exact_together(parts: int) -> None:
    draws = random.Random(1)
    samples = [draws.choice([0.02, 0.02, 0.3, 5.0]) for _ in range(parts * 3 * BUFFER)]
    merged = Sketch.merged(sketch_of(samples[part::parts]) for part in range(parts))
    assert [mean for mean, _ in merged.points()] == [0.02, 0.3, 5.0]
    assert [weight for _, weight in merged.points()] == [samples.count(value) for value in (0.02, 0.3, 5.0)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=40), min_size=2, max_size=4
    ),
    st.integers(1, 60),
)
def test_whatever_is_merged_no_sample_is_lost_and_quantiles_ascend(
    values: list[list[float]], times: int
) -> None:
    lists = [[*each] * times for each in values]
    merged = Sketch.merged(map(sketch_of, lists))
    assert sum(merged.points().weights) == merged.count == sum(map(len, lists))
    assert (merged.quantile(0), merged.quantile(1)) == (min(map(min, lists)), max(map(max, lists)))
    quantiles = [merged.quantile(place / 50) or 0.0 for place in range(51)]
    assert quantiles == sorted(quantiles)


def test_a_middle_is_the_same_number_in_every_version_of_python() -> None:
    # `sum` of floats rounds otherwise from Python 3.12 on: ten times 0.1 was 0.9999999999999999 before.
    samples = [0.1 + 1e-12 * i for i in range(20_000)]
    gathered, first = cut(Points(samples, [1.0] * len(samples))), 0
    for mean, weight in zip(gathered.means, gathered.weights, strict=True):
        assert mean == math.fsum(samples[first : first + int(weight)]) / weight
        first += int(weight)


@pytest.mark.parametrize("sizes", [(3, 0, 5), (BUFFER - 1, 2), (2500, 1, 0, 4000), (5000, 5000, 5000)])
def test_many_that_are_absorbed_at_once_are_as_close_as_one_after_the_other(sizes: tuple[int, ...]) -> None:
    parts = [latencies(size, seed) for seed, size in enumerate(sizes)]
    every = [sample for part in parts for sample in part] + latencies(700, 99)
    at_once, in_turn = sketch_of(latencies(700, 99)), sketch_of(latencies(700, 99))
    at_once.absorb_all(map(sketch_of, parts))
    for part in parts:
        in_turn.absorb(sketch_of(part))
    for sketch in (at_once, in_turn):
        assert (sketch.count, sketch.min, sketch.max) == (len(every), min(every), max(every))
        assert sketch.total == pytest.approx(math.fsum(every))
        for q in QUANTILES:
            value = sketch.quantile(q)
            assert value is not None
            assert share_below(every, value) == pytest.approx(q, abs=0.01)


def test_a_quantile_is_of_all_samples_also_where_it_was_asked_for_between_them() -> None:
    first, then = latencies(5000, 1), [10 + sample for sample in latencies(20_000, 2)]
    sketch = sketch_of(first)
    assert sketch.quantile(0.5) == pytest.approx(sorted(first)[2500], rel=0.02)
    for sample in then:
        sketch.add(sample)
    assert sketch.count == 25_000
    assert sketch.quantile(0.5) == pytest.approx(sorted(first + then)[12_500], rel=0.02)
