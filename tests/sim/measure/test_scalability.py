"""The Universal Scalability Law finds what it was made of; scipy finds the same optimum."""

from __future__ import annotations

from random import Random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from sim.measure.scalability import ScalabilityFit, ThroughputPoint, fit, throughput

LEVELS = (1, 2, 4, 8, 16, 24, 28, 32, 48, 64)
TRUE = (5.0, 0.03, 0.0006)


def drawn(
    random: Random, true: tuple[float, float, float] = TRUE, noise: float = 0.03
) -> list[ThroughputPoint]:
    points = []
    for level in LEVELS:
        value = throughput(true, level)
        points.append(ThroughputPoint(level, random.gauss(value, noise * value), noise * value))
    return points


def test_the_optimum_is_that_of_scipy() -> None:
    points = drawn(Random("oracle"))
    found = fit(points)
    assert found is not None
    theirs, covariance = curve_fit(
        lambda n, rate, sigma, kappa: throughput((rate, sigma, kappa), n),
        numpy.array([p.level for p in points], float), [p.value for p in points],
        p0=TRUE, sigma=[p.error for p in points], absolute_sigma=True,
    )  # fmt: skip
    ours = (found.rate, found.contention, found.coherency)
    for place, each in enumerate(ours):
        assert each.value == pytest.approx(theirs[place], rel=1e-4)
        assert each.half_width == pytest.approx(1.96 * covariance[place][place] ** 0.5, rel=1e-2)


def covered(found: ScalabilityFit) -> tuple[bool, ...]:
    parts = (found.rate, found.contention, found.coherency)
    return tuple(part.low <= true <= part.high for part, true in zip(parts, TRUE, strict=True))


def test_its_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random, hits, peaks = Random("coverage"), [0, 0, 0], 0
    for _ in range(1500):
        found = fit(drawn(random))
        assert found is not None
        hits = [hit + covers for hit, covers in zip(hits, covered(found), strict=True)]
        assert found.peak is not None
        peaks += found.peak.low <= ((1 - 0.03) / 0.0006) ** 0.5 <= found.peak.high
    for hit in (*hits, peaks):
        assert 0.93 <= hit / 1500 <= 0.97


def test_where_there_is_no_coherency_no_peak_is_told() -> None:
    random, told = Random("linear"), 0
    for _ in range(200):
        found = fit(drawn(random, (5.0, 0.02, 0.0)))
        assert found is not None
        told += found.peak is not None
    assert told <= 14


def test_of_few_levels_it_says_nothing_and_of_another_law_that_it_is_another() -> None:
    assert fit(drawn(Random("few"))[:4]) is None
    assert fit([]) is None
    cliff = [ThroughputPoint(p.level, 50.0 if p.level < 28 else 3.0, 0.5) for p in drawn(Random("cliff"))]
    found = fit(cliff)
    assert found is None or found.problem == "the server does not follow this law"


@settings(max_examples=40)
@given(
    true=st.tuples(st.floats(1, 50), st.floats(0, 0.9), st.floats(0, 0.02)),
    levels=st.sets(st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]), min_size=5),
    noise=st.sampled_from([0.005, 0.03, 0.1]),
    seed=st.integers(0, 2**32),
)
def test_scipy_finds_no_better_fit_from_there(
    true: tuple[float, float, float], levels: set[int], noise: float, seed: int
) -> None:
    random = Random(f"{seed}/levels")
    usual = {level: throughput(true, level) for level in sorted(levels)}
    points = [
        ThroughputPoint(level, random.gauss(value, noise * value), noise * value)
        for level, value in usual.items()
    ]
    found = fit(points)
    assert found is not None
    ours = (found.rate.value, found.contention.value, found.coherency.value)
    theirs, _ = curve_fit(
        lambda n, rate, sigma, kappa: throughput((rate, sigma, kappa), n),
        numpy.array([p.level for p in points], float), [p.value for p in points],
        p0=ours, sigma=[p.error for p in points], absolute_sigma=True,
    )  # fmt: skip
    assert off(ours, points) <= off((theirs[0], theirs[1], theirs[2]), points) * (1 + 1e-6) + 1e-9


def off(parameters: tuple[float, float, float], points: list[ThroughputPoint]) -> float:
    return sum(((p.value - throughput(parameters, p.level)) / p.error) ** 2 for p in points)
