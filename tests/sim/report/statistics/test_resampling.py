"""The bootstrap of rows sees what follows itself, and draws the same for the same seed."""

from __future__ import annotations

from random import Random

import pytest

from sim.report.statistics.resampling import block_length, block_sums, likeness, middle_of


def series(rho: float, n: int, seed: str) -> list[float]:
    random, value, made = Random(seed), 0.0, []
    for _ in range(n):
        value = rho * value + random.gauss(0, (1 - rho**2) ** 0.5)
        made.append(value)
    return made


def test_blocks_are_longer_where_seconds_are_more_alike() -> None:
    alike, not_alike = series(0.7, 600, "1/alike"), series(0.0, 600, "2/not")
    assert likeness(alike) == pytest.approx(0.7, abs=0.1)
    assert likeness(not_alike) == pytest.approx(0.0, abs=0.1)
    assert block_length(alike) > 2 * block_length(not_alike)
    assert block_length([1.0] * 600) == 9


@pytest.mark.parametrize("n", [1, 2, 5, 14, 15, 3600])
def test_a_block_is_never_more_than_a_third_of_a_run(n: int) -> None:
    length = block_length(series(0.9, n, f"{n}/long"))
    assert 1 <= length <= max(1, n // 3)


def test_the_same_seed_draws_the_same_sums() -> None:
    rows = [[float(i), 1.0] for i in range(30)]
    first, again = ([*block_sums(rows, 5, Random("4/x"), 20)] for _ in range(2))
    other = [*block_sums(rows, 5, Random("5/x"), 20)]
    assert first == again != other
    assert all(total[1] == 30 for total in first)


def test_the_interval_of_a_mean_covers_it_also_where_seconds_are_alike() -> None:
    """A bootstrap of single rows would cover less than seven in ten of these."""
    covered = 0
    for world in range(200):
        rows = series(0.6, 120, f"{world}/world")
        means = [
            total / count
            for total, count in block_sums(
                [(value, 1.0) for value in rows], block_length(rows), Random(f"{world}/b"), 199
            )
        ]
        low, high = middle_of(means, 0.95)
        covered += low <= 0.0 <= high
    assert covered / 200 > 0.84


def test_a_percentile_interval_leaves_out_the_same_share_at_both_ends() -> None:
    assert middle_of([float(i) for i in range(1, 1000)], 0.95) == (25.0, 975.0)
