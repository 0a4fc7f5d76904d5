"""How far one sample lies from another, how sure that is, and how many more values would tell.

Values are whatever is additive: logarithms of times and rates, logits of shares. A shift is that from the
first sample to the second one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, product
from math import fsum

import attrs

from sim.measure.student import t_quantile, t_tail

CONFIDENCE = 0.95
MAX_PERMUTATIONS = 20_000
MAX_NEEDED = 1_000
NOISE = 1e-9
"""Sums of the same numbers in another order differ by less than this, as a share."""


@attrs.frozen
class Shift:
    """A shift that was estimated.

    Attributes:
        mean: of it; the middle of its interval.
        error: its standard error; 0 where nothing varied.
        df: degrees of freedom of that error.
    """

    mean: float
    error: float
    df: float

    @property
    def p(self) -> float:
        """Of "no shift", two-sided."""
        if self.error:
            return t_tail(self.mean / self.error, self.df)
        return 0.0 if self.mean else 1.0

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Where the true shift lies with this probability."""
        reach = t_quantile((1 + confidence) / 2, self.df) * self.error if self.error else 0.0
        return self.mean - reach, self.mean + reach


def hodges_lehmann(before: Sequence[float], after: Sequence[float]) -> float:
    """The median of all differences (Hodges & Lehmann 1963): one odd run does not move it."""
    return statistics.median(b - a for a in before for b in after)


def welch(before: Sequence[float], after: Sequence[float]) -> Shift:
    """For two values or more on each side, whose spreads may differ (Welch 1947)."""
    parts = [(statistics.variance(each) / len(each), len(each) - 1) for each in (before, after)]
    squared = fsum(part for part, _ in parts)
    df = squared**2 / fsum(part**2 / free for part, free in parts) if squared else sum(n for _, n in parts)
    return Shift(statistics.fmean(after) - statistics.fmean(before), math.sqrt(squared), df)


def paired(differences: Sequence[float]) -> Shift:
    """For two pairs or more: Student's t of their differences."""
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return Shift(statistics.fmean(differences), error, len(differences) - 1)


def prediction(many: Sequence[float], single: float) -> Shift:
    """One value against several that are the same (a prediction interval; Geisser 1993, 2.2.2)."""
    error = statistics.stdev(many) * math.sqrt(1 + 1 / len(many))
    return Shift(single - statistics.fmean(many), error, len(many) - 1)


def known_spread(before: float, after: float, spread: float, df: float) -> Shift:
    """One value against one, where the standard deviation between runs is known from others."""
    return Shift(after - before, spread * math.sqrt(2), df)


def permutation_p(before: Sequence[float], after: Sequence[float]) -> float:
    """Exact two-sided p of the difference of means (Fisher 1935): twice the smaller tail."""
    pool, n = [*before, *after], len(after)
    sums = [math.fsum(chosen) for chosen in combinations(pool, n)]
    return _two_sided(sums, math.fsum(after))


def sign_flip_p(differences: Sequence[float]) -> float:
    """The same of pairs: each difference might as well have had the other sign."""
    sums = [
        math.fsum(sign * value for sign, value in zip(signs, differences, strict=True))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return _two_sided(sums, math.fsum(differences))


def smallest_permutation_p(before: int, after: int) -> float | None:
    """What `permutation_p` gives at best for so many values; None where there are too many ways."""
    ways = math.comb(before + after, after)
    return 2 / ways if ways <= MAX_PERMUTATIONS else None


def smallest_sign_flip_p(pairs: int) -> float | None:
    """The same of `sign_flip_p`."""
    ways = 2**pairs if pairs < MAX_PERMUTATIONS.bit_length() else MAX_PERMUTATIONS + 1
    return 2 / ways if ways <= MAX_PERMUTATIONS else None


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusted so that of all of them together no more than a share is a false alarm (Holm 1979)."""
    adjusted, so_far = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = so_far
    return adjusted


def runs_needed(spread: float, smallest: float, power: float = 0.8) -> int:
    """Runs a side with which a true shift of `smallest` is found with this probability; at least 2.

    n = 2 (z(.975) + z(power))² σ²/δ² (Cohen 1988), with Student's t in the place of z, which the few runs ask
    for. `spread` is the standard deviation between runs. At most `MAX_NEEDED`.
    """
    return _needed(lambda n: math.sqrt(2 / n), lambda n: 2 * n - 2, spread / smallest, power)


def pairs_needed(spread: float, smallest: float, power: float = 0.8) -> int:
    """The same of pairs; `spread` is that of their differences."""
    return _needed(lambda n: math.sqrt(1 / n), lambda n: n - 1, spread / smallest, power)


def _needed(error: Callable[[int], float], df: Callable[[int], int], spread: float, power: float) -> int:
    level = (1 + CONFIDENCE) / 2
    low, high = 1, MAX_NEEDED
    while high - low > 1:
        n = (low + high) // 2
        enough = (t_quantile(level, df(n)) + t_quantile(power, df(n))) * error(n) * spread <= 1
        low, high = (low, n) if enough else (n, high)
    return high


def _two_sided(sums: Iterable[float], seen: float) -> float:
    sums = list(sums)
    slack = NOISE * max(abs(seen), max(map(abs, sums)), NOISE)
    above = sum(each >= seen - slack for each in sums)
    below = sum(each <= seen + slack for each in sums)
    return min(1.0, 2 * min(above, below) / len(sums))
