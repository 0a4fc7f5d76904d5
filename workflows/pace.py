"""How long people think before they go on."""

from __future__ import annotations

import math
from random import Random

import attrs

MAX_THINK_S = 30.0
"""Of one pause: a longer one would look like a story that waits for itself."""


def thinking_s(random: Random, median_s: float, sigma: float) -> float:
    """A pause as people make them: lognormal with this median, `sigma` as of the normal below it."""
    if median_s <= 0:
        return 0.0
    return min(MAX_THINK_S, median_s * math.exp(random.gauss(0.0, sigma)))


@attrs.define
class Pace:
    """How the people of one story go about it.

    Attributes:
        median_s, sigma: of the pause before each step; a median of 0: none.
        held: how many reasons there are not to pause now: steps at the same time, tidying up.
    """

    median_s: float = 0.0
    sigma: float = 0.5
    held: int = 0

    @property
    def is_slow(self) -> bool:
        return self.median_s > 0 and not self.held

    def __enter__(self) -> None:
        self.held += 1

    def __exit__(self, *_: object) -> None:
        self.held -= 1
