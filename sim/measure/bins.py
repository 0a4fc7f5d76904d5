"""Bins of a heat map: how many calls took how long, in half octaves."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

from sim.measure.leaves import Leaves
from sim.measure.points import Points

BIN_EDGES_S = tuple(0.0005 * 2 ** (half / 2) for half in range(35))
"""Half octaves from 0.5 ms to 64 s: the upper edges of the bins; one more bin is above."""


def bins_of(leaves: Leaves) -> Counter[int]:
    """Of all successful calls, whatever step they were; exact while sketches have kept their samples, as
    those of a window.
    """
    return binned(point for leaf in leaves.steps.values() for point in leaf.service.weighted())


def binned(weighted: Iterable[tuple[float, float]]) -> Counter[int]:
    """How much weight lies in which bin."""
    points = Points.sorted(weighted)
    ends = [0.0, *accumulate(points.weights)]
    up_to = [ends[bisect_right(points.means, edge)] for edge in BIN_EDGES_S]
    counts = [int(to - so_far) for so_far, to in zip([0.0, *up_to], [*up_to, ends[-1]], strict=True)]
    return Counter({place: count for place, count in enumerate(counts) if count})
