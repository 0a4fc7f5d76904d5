"""Scales of charts: from values to places, and which values are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable

import attrs

STEPS_OF_TIME_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600),
    *(7200, 14400, 28800, 43200, 86400, 604800),
)
MIN_LATENCY_S = 0.0001


@attrs.frozen
class Axis:
    """From `low` to `high`, on a length of pixels that begins at `begin`; logarithmic or not."""

    low: float
    high: float
    begin: float
    length: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """The place of a value; what is beyond the ends is at the ends."""
        low, high, value = self._in(self.low), self._in(self.high), self._in(value)
        share = (value - low) / (high - low) if high > low else 0.0
        return self.begin + min(1.0, max(0.0, share)) * self.length

    def _in(self, value: float) -> float:
        return math.log(max(value, MIN_LATENCY_S)) if self.is_log else value


def nice_step(span: float, marks: int) -> float:
    """The round step by which a span has about so many marks."""
    if span <= 0:
        return 1.0
    raw = span / marks
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if raw <= step * power * (1 + 1e-9))


def linear_marks(high: float, marks: int = 3) -> list[float]:
    """From 0 to the first round value that is not below `high`."""
    step = nice_step(high, marks)
    return [step * place for place in range(math.ceil(high / step - 1e-9) + 1)] if high > 0 else [0.0, 1.0]


def log_marks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten; fewer where they would be many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [part * 10.0**power for power in powers for part in (1, 2, 5)]
    inside = [value for value in every if low <= value * 1.0001 and value <= high * 1.0001]
    return inside if len(inside) <= 5 else [v for v in inside if f"{v:e}".startswith("1.0")] or inside[::3]


def time_marks(low: float, high: float, marks: int = 6) -> list[float]:
    """Round instants, seconds."""
    step = next((s for s in STEPS_OF_TIME_S if (high - low) / s <= marks), STEPS_OF_TIME_S[-1])
    return [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def extent(values: Iterable[float | None]) -> tuple[float, float] | None:
    """The least and the greatest of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
