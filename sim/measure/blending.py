"""Several distributions as one: the sum of their curves, read off where their points lie.

Points of different sketches are not simply put in a row. Each stands for samples around its mean, and where
sketches are alike, so are their means: in a row they would be steps, ten times as high as each was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import attrs

from sim.measure.points import Points, Reach, cut, ones

GRID_COMPRESSION = 300.0
"""How finely the sum is read off: where sketches are alike, at most of their points."""
FINE_COMPRESSION = 800.0
"""How finely what is exact in them is put together."""


@attrs.frozen
class SketchPart:
    """One of them: its points, its extremes, and how finely it had been cut."""

    points: Points
    least: float
    most: float
    compression: float

    @property
    def samples(self) -> Iterator[float]:
        """Those that are points by themselves, and exact."""
        means, weights = self.points.means, self.points.weights
        return (mean for mean, weight in zip(means, weights, strict=True) if weight == 1)


@attrs.frozen
class Rise:
    """How many samples lie below: straight lines between `values`, which do not descend, as do `counts`.

    Samples that are points by themselves are left out. Where a value stands twice there is a tie.
    """

    values: list[float]
    counts: list[float]
    ties: list[float]

    @classmethod
    def of(cls, part: SketchPart) -> Rise:
        """The curve of one sketch, as quantiles are read from it alone."""
        means, weights = part.points.means, part.points.weights
        ends = [0.0, *accumulate(weights)]
        count, reach_of, least, most = ends[-1], Reach(part.compression).of, part.least, part.most
        values, counts, ties, risen, alone_at = [least], [0.0], list[float](), 0.0, least
        half_before = 0.0
        for middle, weight, begin in zip(means, weights, ends, strict=False):
            mean = middle
            if not least <= mean <= most:
                # What was sent has been rounded.
                mean = min(most, max(least, mean))
            if weight == 1:
                if half_before > 0.5:
                    values.append(edge(values[-1], half_before, mean, 0.5))
                    counts.append(risen)
                half_before, alone_at = 0.5, mean
                continue
            if half_before == 0.5:
                values.append(edge(alone_at, 0.5, mean, weight / 2))
                counts.append(risen)
            if begin + weight > reach_of(begin / count) * count * (1 + 1e-9):
                values += mean, mean
                counts += risen, risen + weight
                ties.append(mean)
            else:
                values.append(mean)
                counts.append(risen + weight / 2)
            risen += weight
            half_before = weight / 2
        values.append(most if half_before > 0.5 else values[-1])
        counts.append(risen)
        return cls(values, counts, ties)

    def add_to(self, below: list[float], up_to: list[float], grid: Sequence[float]) -> None:
        """Add to each place how many lie below it, and how many up to it and at it."""
        values, counts = self.values, self.counts
        last, i = len(values) - 1, 0
        for place, value in enumerate(grid):
            i = bisect_left(values, value, i)
            if i > last:
                lower = upper = counts[last]
            elif values[i] == value:
                lower = upper = counts[i]
                while i < last and values[i + 1] == value:
                    i += 1
                    upper = counts[i]
            elif i == 0:
                continue
            else:
                left, low = values[i - 1], counts[i - 1]
                lower = upper = low + (value - left) / (values[i] - left) * (counts[i] - low)
            below[place] += lower
            up_to[place] += upper


def edge(left: float, left_half: float, right: float, right_half: float) -> float:
    """Where one point ends and the next begins, of whose weights these are the halves."""
    return left + (right - left) * left_half / (left_half + right_half)


def blended(parts: Sequence[SketchPart], loose: Iterable[float]) -> Points:
    """Points of all samples of `parts` and all that are loose; their weights are whole numbers, and add up to
    as many.
    """
    exact = [*loose, *(sample for part in parts for sample in part.samples)]
    if exact:
        fine = cut(ones(exact), FINE_COMPRESSION)
        parts = [*parts, SketchPart(fine, min(exact), max(exact), FINE_COMPRESSION)]
    alone = parts[-1].samples if exact else iter(())
    rises = [rise for rise in map(Rise.of, parts) if rise.counts[-1]]
    grid = places_of(parts, rises) if rises else []
    below, up_to = [0.0] * len(grid), [0.0] * len(grid)
    for rise in rises:
        rise.add_to(below, up_to, grid)
    folded = between(grid, below, up_to)
    return cut(Points.sorted((*folded, *((sample, 1.0) for sample in alone))), FINE_COMPRESSION)


def places_of(parts: Sequence[SketchPart], rises: Sequence[Rise]) -> list[float]:
    """Where to read off: fine where few samples lie, and at each tie."""
    every = Points.sorted(point for part in parts for point in part.points)
    places = {tie for rise in rises for tie in rise.ties}
    places.update(cut(every, GRID_COMPRESSION).means)
    places.add(min(rise.values[0] for rise in rises))
    places.add(max(rise.values[-1] for rise in rises))
    return sorted(places)


def between(
    grid: Sequence[float], below: Sequence[float], up_to: Sequence[float]
) -> Iterator[tuple[float, float]]:
    """Points for what lies between two places, of each half one, and for ties."""
    left, reached = 0.0, 0
    for value, lower, upper in zip(grid, below, up_to, strict=True):
        at, end = int(lower + 0.5), int(upper + 0.5)
        if rise := at - reached:
            half = rise // 2
            if half:
                yield left + (value - left) / 4, half
            yield left + (value - left) * (3 / 4 if half else 1 / 2), rise - half
        if tie := end - at:
            yield value, tie
        left, reached = value, end
