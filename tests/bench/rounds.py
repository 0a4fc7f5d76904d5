"""What the parts have in common: a figure, and the median of several rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable

ROUNDS = 5

Figure = tuple[str, str]
"""What was measured, and how much of it."""


def median_of(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(measure() for _ in range(rounds))
