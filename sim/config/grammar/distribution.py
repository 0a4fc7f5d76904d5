"""Random durations: a constant, `exp:2s`, `uniform:1s-3s`, `lognormal:2s,0.6`."""

from __future__ import annotations

import enum
import math
from random import Random
from typing import assert_never

import attrs

from sim.config.grammar.duration import format_duration, parse_duration, parse_time
from sim.config.grammar.number import format_number, parse_number
from sim.config.grammar.piece import Piece, one_of

MAX_SIGMA = 5.0


class Shape(enum.StrEnum):
    """The family of a distribution."""

    CONSTANT = "constant"
    EXPONENTIAL = "exp"
    UNIFORM = "uniform"
    LOGNORMAL = "lognormal"


@attrs.frozen
class Distribution:
    """A random duration in seconds. `str()` gives a text that `parse_distribution` reads back as the same.

    | shape | `first` | `second` |
    |---|---|---|
    | CONSTANT | the value | unused |
    | EXPONENTIAL | the mean | unused |
    | UNIFORM | the lowest | the highest |
    | LOGNORMAL | the *median*, exp(μ) | σ of the underlying normal; the mean is median·exp(σ²/2) |
    """

    shape: Shape
    first: float
    second: float = 0.0

    @classmethod
    def constant(cls, value_s: float) -> Distribution:
        return cls(Shape.CONSTANT, value_s)

    @property
    def mean_s(self) -> float:
        match self.shape:
            case Shape.CONSTANT | Shape.EXPONENTIAL:
                return self.first
            case Shape.UNIFORM:
                return (self.first + self.second) / 2
            case Shape.LOGNORMAL:
                return self.first * math.exp(self.second**2 / 2)
            case other:
                assert_never(other)

    def sample(self, random: Random) -> float:
        """One draw, in seconds, never negative."""
        match self.shape:
            case Shape.CONSTANT:
                return self.first
            case Shape.EXPONENTIAL:
                return random.expovariate(1.0) * self.first
            case Shape.UNIFORM:
                return random.uniform(self.first, self.second)
            case Shape.LOGNORMAL:
                return self.first * math.exp(random.gauss(0.0, self.second))
            case other:
                assert_never(other)

    def __str__(self) -> str:
        first = format_duration(self.first)
        match self.shape:
            case Shape.CONSTANT:
                return first
            case Shape.EXPONENTIAL:
                return f"exp:{first}"
            case Shape.UNIFORM:
                return f"uniform:{first}-{format_duration(self.second)}"
            case Shape.LOGNORMAL:
                return f"lognormal:{first},{format_number(self.second)}"
            case other:
                assert_never(other)


def parse_distribution(text: str | Piece) -> Distribution:
    """Raises GrammarError."""
    piece = Piece.of(text)
    word, rest = piece.partition(":")
    if rest is None:
        return Distribution.constant(parse_duration(piece))
    shape = Shape(one_of(word, [s.value for s in Shape], "distribution"))
    match shape:
        case Shape.CONSTANT | Shape.EXPONENTIAL:
            return Distribution(shape, parse_time(rest, zero=shape is Shape.CONSTANT))
        case Shape.UNIFORM:
            low, high = _pair(rest, "-", "uniform:1s-3s")
            bounds = parse_time(low), parse_time(high)
            if bounds[0] > bounds[1]:
                raise low.error("the lower bound is above the upper one")
            return Distribution(shape, *bounds)
        case Shape.LOGNORMAL:
            median, sigma = _pair(rest, ",", "lognormal:2s,0.6")
            return Distribution(
                shape, parse_time(median, zero=False), parse_number(sigma, "sigma", MAX_SIGMA)
            )
        case other:
            assert_never(other)


def _pair(piece: Piece, separator: str, example: str) -> tuple[Piece, Piece]:
    first, second = piece.partition(separator)
    if second is None:
        raise piece.error(f"no '{separator}' in it (it reads {example})")
    return first, second
