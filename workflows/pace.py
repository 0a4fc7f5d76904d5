"""How long people think before they go on."""

from __future__ import annotations

import math
from random import Random

MAX_THINK_S = 30.0
"""Of one pause: a longer one would look like a story that waits for itself."""


def thinking_s(random: Random, median_s: float, sigma: float) -> float:
    """A pause as people make them: lognormal with this median, `sigma` as of the normal below it."""
    if median_s <= 0:
        return 0.0
    return min(MAX_THINK_S, median_s * math.exp(random.gauss(0.0, sigma)))
