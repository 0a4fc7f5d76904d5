"""Streaming quantiles: the `tdigest` package, fed in weighted points. Nothing else touches the package.

T. Dunning, O. Ertl: Computing extremely accurate quantiles using t-digests (arXiv:1902.04023).
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable, Iterator, Sequence

import attrs
from tdigest import TDigest

BUFFER = 1000
"""Samples that are kept until they are folded in together."""

COMPRESSION = 200.0
"""How finely a folded buffer is cut (δ of the paper): fine at both tails, coarse in the middle."""

MERGED_COMPRESSION = 1500.0
"""Finer, where points are cut a second time: else what was lost at the first is lost twice."""


Point = tuple[float, float]
"""So much weight (a number of samples) at their mean."""


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

    The package adds one point in tens of microseconds; so samples are buffered, and the sorted
    buffer is folded in as a few weighted points. Count, sum, minimum and maximum are exact.
    """

    __slots__ = ("_buffer", "_digest", "_sum", "count", "max", "min")

    def __init__(self) -> None:
        self._buffer = array("d")
        self._digest: TDigest | None = None
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
        self._buffer.append(sample)
        if len(self._buffer) >= BUFFER:
            self._fold()

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
        if self._digest is None:
            return _exact(sorted(self._buffer), q)
        self._fold()
        return min(self.max, max(self.min, self._interpolate(q)))

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

        All their points are sorted and cut anew, as in the merging digest of the paper (section 2.3): to
        add them to the package's digest one by one would hold up the run that is being measured.
        """
        whole = cls()
        filled = [sketch for sketch in sketches if sketch.count]
        for sketch in filled:
            whole.count += sketch.count
            whole._sum += sketch._sum
            whole.min, whole.max = min(whole.min, sketch.min), max(whole.max, sketch.max)
        if whole.count < BUFFER:
            # So few samples are all in the buffers, and stay exact.
            for sketch in filled:
                whole._buffer.extend(sketch._buffer)
        else:
            points = sorted(point for sketch in filled for point in sketch._points())
            whole._feed(cut(points, MERGED_COMPRESSION))
        return whole

    def _points(self) -> Iterator[Point]:
        if self._digest is not None:
            yield from ((c["m"], c["c"]) for c in self._digest.centroids_to_list())
        yield from ((sample, 1) for sample in self._buffer)

    def _fold(self) -> None:
        if self._buffer:
            self._feed(cut([(sample, 1) for sample in sorted(self._buffer)]))
            self._buffer = array("d")

    def _feed(self, points: Iterable[Point]) -> None:
        if self._digest is None:
            self._digest = TDigest(delta=1 / COMPRESSION, K=25)
        # The package draws from the global generator, which is not ours to move.
        state = random.getstate()
        random.seed(0)
        try:
            for mean, weight in points:
                self._digest.update(mean, weight)
        finally:
            random.setstate(state)

    def _interpolate(self, q: float) -> float:
        """Between the middles of neighbouring centroids, the ends pinned to minimum and maximum."""
        assert self._digest is not None
        target = q * self.count
        below, left_at, left = 0.0, 0.0, self.min
        for centroid in self._digest.centroids_to_list():
            middle = below + centroid["c"] / 2
            if target < middle:
                return _between(left, centroid["m"], (target - left_at) / (middle - left_at))
            below += centroid["c"]
            left_at, left = middle, centroid["m"]
        if self.count <= left_at:
            return self.max
        return _between(left, self.max, (target - left_at) / (self.count - left_at))


def cut(ordered: Sequence[Point], compression: float = COMPRESSION) -> Iterator[Point]:
    """Gather sorted points into fewer, by the scale function k1 of the paper: never more than it allows
    in one, unless a point comes as heavy as that.
    """
    total = sum(weight for _, weight in ordered)
    begun = gathered = moment = 0.0
    limit = _reach(0.0, compression) * total
    for mean, weight in ordered:
        if gathered and begun + gathered + weight > limit:
            yield moment / gathered, gathered
            begun += gathered
            gathered = moment = 0.0
            limit = _reach(begun / total, compression) * total
        gathered += weight
        moment += mean * weight
    if gathered:
        yield moment / gathered, gathered


def _reach(begun: float, compression: float) -> float:
    """The share of all samples at which a point that begins at the share `begun` has to end."""
    angle = math.asin(min(1.0, 2 * begun - 1)) + 2 * math.pi / compression
    return (math.sin(min(math.pi / 2, angle)) + 1) / 2


def _between(left: float, right: float, share: float) -> float:
    return left + (right - left) * min(1.0, max(0.0, share))


def _exact(ordered: list[float], q: float) -> float:
    """Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996)."""
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return _between(ordered[low], ordered[high], place - low)
