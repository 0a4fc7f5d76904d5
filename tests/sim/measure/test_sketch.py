"""Sketches: exact where there is little, close where there is much, and as close when put together."""

from __future__ import annotations

import math
import random

import pytest

from sim.measure.sketch import BUFFER, Sketch, cut

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
    points = list(cut([(float(i), 1) for i in range(10_000)]))
    assert sum(weight for _, weight in points) == 10_000
    assert math.fsum(mean * weight for mean, weight in points) == pytest.approx(sum(range(10_000)))
    assert points == sorted(points)
    assert len(points) < 250
    middle = points[len(points) // 2][1]
    assert max(points[0][1], points[-1][1]) < middle / 10


def test_a_heavy_point_is_not_made_heavier() -> None:
    assert list(cut([(1.0, 1), (2.0, 900), (3.0, 99)]))[1] == (2.0, 900)
