"""The levels that a search tries: whole numbers of users, or rates, about equally far apart in proportion."""

from __future__ import annotations

import math

import attrs

DIGITS = 4
"""A level has so many binary digits after its first one: neighbours are 3 to 6 % apart."""


@attrs.frozen
class LevelGrid:
    """Between two powers of two lie sixteen levels, or as many as there are whole multiples of `unit`.

    Attributes:
        unit: what the low ones are apart: one user, or a sixteenth of an arrival a second.
        most: no level is higher.
        least: nor lower: so many users a workflow needs.
    """

    unit: float
    most: float
    least: float = attrs.field()

    @least.default
    def _least(self) -> float:
        return self.unit

    def step_at(self, level: float) -> float:
        """How far it is from `level` to the next one."""
        return max(self.unit, 2.0 ** (math.floor(math.log2(level)) - DIGITS))

    def rounded(self, level: float) -> float:
        """The highest level that is not above `level`; the lowest one where there is none."""
        if level >= self.most:
            return self.most
        step = self.step_at(max(level, self.unit))
        return max(self.least, math.floor(level / step) * step)

    def rounded_up(self, level: float) -> float:
        """The lowest level that is not below `level`, also where no such level is allowed."""
        step = self.step_at(max(level, self.unit))
        return max(self.unit, math.ceil(level / step) * step)

    def after(self, level: float) -> float:
        """The level above one of the grid."""
        return level + self.step_at(level)

    def before(self, level: float) -> float:
        """The level below one of the grid; 0 where there is none."""
        # Below a power of two they lie closer together.
        return max(0.0, level - self.step_at(level * (1 - 1e-9)))

    def between(self, low: float, high: float) -> float | None:
        """The level in the middle of two others; None where they are neighbours."""
        middle = self.rounded((low + high) / 2)
        if low < middle < high:
            return middle
        next_one = low + self.step_at(low)
        return next_one if next_one < high else None

    def doubled(self, level: float) -> float:
        """Twice as much, if so much is allowed."""
        return self.rounded(2 * level)

    def halved(self, level: float) -> float:
        """Half as much, and not below the lowest."""
        return self.rounded(level / 2)
