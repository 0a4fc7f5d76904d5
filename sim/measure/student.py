"""Student's t distribution, by the regularised incomplete beta function."""

from __future__ import annotations

import math

MAX_TERMS = 10_000
TINY = 1e-300
EXACT = 1e-16
CLOSE = 1e-12
MAX_STEPS = 200


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.

    By its continued fraction (DLMF 8.17.22), summed by Lentz's method (Thompson & Barnett 1986), on the
    side of (a+1)/(a+b+2) where that converges fast.
    """
    return _beta_of_parts(a, b, x, 1.0 - x)


def t_tail(t: float, df: float) -> float:
    """Probability that |T| is at least |t|, of T with `df` degrees of freedom (DLMF 8.17, A&S 26.7.1)."""
    if math.isinf(t):
        return 0.0
    squared = t * t
    # Summed itself: a tail of 1e-8 that is what 1 - 0.99999999 leaves would have lost half of its digits.
    return _beta_of_parts(df / 2, 0.5, df / (df + squared), squared / (df + squared))


def t_cdf(t: float, df: float) -> float:
    """Probability that T is at most `t`."""
    half = t_tail(t, df) / 2
    return 1.0 - half if t > 0 else half


def t_quantile(share: float, df: float) -> float:
    """The value that T is below with the probability `share`.

    By Newton's method on the logarithm of the tail, halving where that would leave the bracket. Raises
    ValueError where `share` is not between 0 and 1, or `df` not above 0.
    """
    if not 0 < share < 1 or not df > 0:
        raise ValueError(f"no quantile {share} of {df} degrees of freedom")
    if share == 0.5:
        return 0.0
    tail = 2 * min(share, 1 - share)
    low, high = 0.0, 1.0
    while t_tail(high, df) > tail:
        low, high = high, 2 * high
    at = high
    for _ in range(MAX_STEPS):
        here = t_tail(at, df)
        low, high = (at, high) if here > tail else (low, at)
        beside = at + math.log(here / tail) * here / (2 * t_density(at, df)) if here else low
        beside = beside if low < beside < high else (low + high) / 2
        step, at = abs(beside - at), beside
        if step <= CLOSE * at:
            # The next one would be smaller by its square.
            break
    return math.copysign(at, share - 0.5)


def t_density(t: float, df: float) -> float:
    """Of Student's distribution at `t` (A&S 26.7.1)."""
    logs = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(logs - (df + 1) / 2 * math.log1p(t * t / df))


def _beta_of_parts(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b), of an `x` and of what is left of 1: each as exact as the caller has it."""
    if x <= 0.0 or rest <= 0.0:
        return 0.0 if x <= 0.0 else 1.0
    logs = math.log(x) if x < rest else math.log1p(-rest), math.log(rest) if rest < x else math.log1p(-x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * logs[0] + b * logs[1])
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MAX_TERMS):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _off_zero(1.0 + factor * d)
            c = _off_zero(1.0 + factor / c)
            value *= c * d
        if abs(c * d - 1.0) < EXACT:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
