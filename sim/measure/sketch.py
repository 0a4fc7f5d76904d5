"""Streaming quantiles: the `tdigest` package, fed in weighted points. Nothing else touches the package.

T. Dunning, O. Ertl: Computing extremely accurate quantiles using t-digests (arXiv:1902.04023).

The share of samples below the quantile of `q` misses `q` by no more than what one point holds there:
(2π/COMPRESSION)·√(q(1−q)), or one sample. Equal samples cost nothing of that, however many there are.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator

import attrs
from tdigest import TDigest
from tdigest.tdigest import Centroid

from sim.measure.blending import SketchPart, blended
from sim.measure.curves import Curve, ExactCurve, InterpolatedCurve
from sim.measure.points import COMPRESSION, Points, cut, ones

BUFFER = 1000
"""Samples that are kept until they are folded in together; so many are exact."""

MAX_POINTS = 200
"""None gives more, however many samples it has had."""


@attrs.frozen
class Quantiles:
    """What is reported of a distribution, in seconds. All None where there was no sample."""

    count: int
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None


class Sketch:
    """Quantiles of a stream of finite numbers, in constant memory.

    The package adds one point in tens of microseconds; so samples are buffered, cut into few weighted
    points together with those of before, and a new digest is made of them: distinct, and in order, which
    its own merging leaves as they are. (To equal means it adds weights behind the back of its tree of
    sums, so that it later lets other points grow beyond what is allowed.) Count, sum, minimum and maximum
    are exact.

    Args:
        compression: how finely it is cut. A coarser one is for where there are thousands: it keeps its few
            points in two arrays, a twentieth of what the package's tree takes.
        buffer: how many samples are kept until they are cut.
    """

    __slots__ = (
        "_buffer",
        "_compression",
        "_digest",
        "_is_fine",
        "_max_buffered",
        "_merged",
        "_settled",
        "_sum",
        "count",
        "max",
        "min",
    )

    def __init__(self, compression: float = COMPRESSION, buffer: int = BUFFER) -> None:
        self._compression = compression
        """Of the coarsest points that are in it: what is heavier than it allows is a tie."""
        self._max_buffered = buffer
        self._buffer = array("d")
        self._digest: tuple[Points, TDigest] | None = None
        """Of these points: who asks may be another thread, while new ones take their place."""
        self._merged = Points((), ())
        self._is_fine = False
        """Whether they are cut as the package wants them."""
        self._settled: Curve | None = None
        self._sum = 0.0
        self.count = 0
        self.min = math.inf
        self.max = -math.inf

    def add(self, sample: float) -> None:
        """Raises ValueError for NaN and infinities: the package would never recover from one."""
        if not math.isfinite(sample):
            raise ValueError(f"not a finite number: {sample}")
        self.count += 1
        self._sum += sample
        if sample < self.min:
            self.min = sample
        if sample > self.max:
            self.max = sample
        self._settled = None
        self._buffer.append(sample)
        if len(self._buffer) >= self._max_buffered:
            self._fold()

    def absorb(self, other: Sketch) -> None:
        """Add all samples of `other`, which stays as it is. Cheap where those are still in its buffer."""
        if not other.count:
            return
        self.count += other.count
        self._sum += other._sum
        # This is done for every leaf of every window.
        if other.min < self.min:
            self.min = other.min
        if other.max > self.max:
            self.max = other.max
        self._settled = None
        self._buffer.extend(other._buffer)
        if other._has_folded:
            self._compression = min(self._compression, other._compression)
            self._fold(other._folded())
        elif len(self._buffer) >= self._max_buffered:
            self._fold()

    def absorb_all(self, others: Iterable[Sketch]) -> None:
        """The same of many: what they have folded is folded in once, and not once for each."""
        folded: list[tuple[float, float]] = []
        for other in others:
            if other.count:
                self.count += other.count
                self._sum += other._sum
                self.min, self.max = min(self.min, other.min), max(self.max, other.max)
                self._buffer.extend(other._buffer)
                self._settled = None
                if other._has_folded:
                    self._compression = min(self._compression, other._compression)
                    folded.extend(other._folded())
        if folded or len(self._buffer) >= self._max_buffered:
            self._fold(folded)

    @property
    def mean(self) -> float | None:
        return self._sum / self.count if self.count else None

    @property
    def total(self) -> float:
        """The sum of all samples."""
        return self._sum

    def quantile(self, q: float) -> float | None:
        """The value below which a share `q` (0..1) of the samples lies; None when there are none."""
        if not self.count:
            return None
        if self._settled is None:
            self._settled = self._settle()
        return min(self.max, max(self.min, self._settled.at(q)))

    def quantiles(self) -> Quantiles:
        """The ones that reports show."""
        if not self.count:
            return Quantiles(0)
        return Quantiles(
            count=self.count,
            min=self.min,
            max=self.max,
            mean=self.mean,
            median=self.quantile(0.5),
            p90=self.quantile(0.9),
            p95=self.quantile(0.95),
            p99=self.quantile(0.99),
        )

    @classmethod
    def merged(cls, sketches: Iterable[Sketch]) -> Sketch:
        """One sketch of all their samples; they stay as they are.

        Their curves are added up (`sim.measure.blending`). Their points are not fed to the package again:
        that would hold up the run that is being measured, and be less exact.
        """
        whole = cls()
        filled = [sketch for sketch in sketches if sketch.count]
        for sketch in filled:
            whole.count += sketch.count
            whole._sum += sketch._sum
            whole.min, whole.max = min(whole.min, sketch.min), max(whole.max, sketch.max)
            whole._compression = min(whole._compression, sketch._compression)
            whole._buffer.extend(sketch._buffer)
        if len(filled) == 1:
            whole._merged = Points.sorted(filled[0]._folded())
        # So few samples are all in the buffers, and stay exact.
        elif whole.count > len(whole._buffer) or whole.count >= BUFFER:
            parts = [sketch._part() for sketch in filled if sketch._has_folded]
            whole._merged = blended(parts, whole._buffer)
            whole._buffer = array("d")
        return whole

    def points(self, compression: float = COMPRESSION) -> Points:
        """What is kept of all samples, at most `MAX_POINTS`: enough to ask or merge them later.

        Args:
            compression: how finely they are cut.
        """
        every = Points.sorted((*self._folded(), *ones(self._buffer)))
        kept = cut(every, compression)
        while len(kept.means) > MAX_POINTS:
            # Of some hundred millions the tail alone has so many.
            compression *= 0.9
            kept = cut(every, compression)
        return kept

    def weighted(self) -> Iterator[tuple[float, float]]:
        """All that is kept, as it is: single samples with the weight 1, and points of many; unsorted."""
        yield from self._folded()
        yield from ((sample, 1.0) for sample in self._buffer)

    @classmethod
    def of_points(
        cls,
        points: Points,
        least: float,
        most: float,
        total: float,
        *,
        compression: float = COMPRESSION,
        are_samples: bool = False,
    ) -> Sketch:
        """A sketch as it was when `points` were taken from it, with its exact extremes and sum.

        Args:
            compression: with which they were taken.
            are_samples: each stands for equal samples, so that quantiles are exact again.
        """
        sketch = cls()
        if points.means:
            sketch.count, sketch._sum = int(sum(points.weights)), total
            sketch.min, sketch.max = least, most
            if are_samples and sketch.count == len(points.means):
                sketch._buffer.extend(array("d", points.means))
            elif are_samples:
                sketch._buffer.extend(mean for mean, weight in points for _ in range(int(weight)))
            else:
                sketch._merged, sketch._compression = points, compression
        return sketch

    @property
    def _has_folded(self) -> bool:
        return bool(self._merged.means)

    def _part(self) -> SketchPart:
        means, weights = zip(*self._folded(), strict=True)
        return SketchPart(Points(means, weights), self.min, self.max, self._compression)

    def _folded(self) -> Iterator[tuple[float, float]]:
        yield from self._merged

    def _settle(self) -> Curve:
        if not self._has_folded:
            return ExactCurve(sorted(self._buffer))
        folded = self._centroids() if self._is_fine else self._folded()
        points = Points.sorted((*folded, *ones(self._buffer)))
        return InterpolatedCurve(points, self.min, self.max, self._compression)

    def _centroids(self) -> Iterator[tuple[float, float]]:
        """The package's. Not made before somebody asks: most are folded many times until then."""
        merged, made = self._merged, self._digest
        if made is None or made[0] is not merged:
            made = self._digest = merged, digest_of(merged)
        yield from ((centroid.mean, centroid.count) for centroid in made[1].C.values())

    def _fold(self, more: Iterable[tuple[float, float]] = ()) -> None:
        every = Points.sorted((*self._folded(), *more, *ones(self._buffer)))
        points = cut(every, min(self._compression, COMPRESSION))
        self._buffer, self._digest = array("d"), None
        self._merged = Points(array("d", points.means), array("d", points.weights))
        self._is_fine = self._compression >= COMPRESSION


def digest_of(points: Points) -> TDigest:
    """The package's digest of points that are distinct, in order, and as heavy as it may keep them.

    They are put where its `update` would put them, which searches for a neighbour to merge each with, finds
    none, and draws from the global generator meanwhile.
    """
    digest = TDigest(delta=1 / COMPRESSION)
    for mean, weight in points:
        digest.C.insert(mean, Centroid(mean, weight))
    digest.n = sum(points.weights)
    return digest
