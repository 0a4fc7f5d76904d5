"""What varied within one run: a bootstrap of its rows in blocks, since neighbouring seconds are alike.

H. R. Künsch: The jackknife and the bootstrap for general stationary observations (Ann. Statist. 17, 1989).
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator, Sequence
from itertools import pairwise

MIN_BLOCK = 5
DRAWS = 999
MAX_LIKENESS = 0.9


def likeness(values: Sequence[float]) -> float:
    """Autocorrelation at the lag of one row; 0 where nothing varies."""
    middle = statistics.fmean(values)
    off = [value - middle for value in values]
    whole = math.fsum(each * each for each in off)
    return math.fsum(a * b for a, b in pairwise(off)) / whole if whole else 0.0


def block_length(values: Sequence[float]) -> int:
    """Rows a block: ∛n · (1+ρ)/(1−ρ), at least `MIN_BLOCK`, and never more than a third of all."""
    rho = min(MAX_LIKENESS, max(0.0, likeness(values)))
    wanted = max(MIN_BLOCK, math.ceil(len(values) ** (1 / 3) * (1 + rho) / (1 - rho)))
    return int(max(1, min(wanted, len(values) // 3)))


def block_sums(
    rows: Sequence[Sequence[float]], block: int, draws: random.Random, times: int = DRAWS
) -> Iterator[list[float]]:
    """Sums over as many rows as there are, drawn in blocks with replacement; `times` such sums.

    Every row has the same columns. A block is a difference of running sums, so that long runs cost no more
    than the number of their blocks.
    """
    running = [[0.0] * len(rows[0])]
    for row in rows:
        running.append([so_far + each for so_far, each in zip(running[-1], row, strict=True)])
    columns = list(zip(*running, strict=True))
    last, blocks = len(rows) - block, math.ceil(len(rows) / block)
    for _ in range(times):
        starts = [draws.randint(0, last) for _ in range(blocks)]
        yield [math.fsum(column[at + block] - column[at] for at in starts) for column in columns]


def middle_of(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The interval that leaves out the same share at both ends (a percentile interval; Efron 1979)."""
    ordered = sorted(values)
    cut = (1 - confidence) / 2 * (len(ordered) - 1)
    low, high = math.floor(cut), math.ceil(len(ordered) - 1 - cut)
    return ordered[low], ordered[high]
