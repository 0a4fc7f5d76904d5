"""Bins of a heat map: how many calls took how long, in half octaves."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from sim.measure.leaves import Leaves
from sim.measure.sketch import Sketch

BIN_EDGES_S = tuple(0.0005 * 2 ** (half / 2) for half in range(35))
"""Half octaves from 0.5 ms to 64 s: the upper edges of the bins; one more bin is above."""


def binned(sketch: Sketch) -> Counter[int]:
    """How many samples lie in which bin; exact while a sketch has kept its samples, as that of a window."""
    bins: Counter[int] = Counter()
    for mean, weight in sketch.weighted():
        bins[bisect_left(BIN_EDGES_S, mean)] += int(weight)
    return bins


def bins_of(leaves: Leaves) -> Counter[int]:
    """Of all successful calls, whatever step they were."""
    bins: Counter[int] = Counter()
    for leaf in leaves.steps.values():
        bins.update(binned(leaf.service))
    return bins
