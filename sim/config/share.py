"""Which part of a crowd one of several processes drives: users and arrivals are dealt like cards."""

from __future__ import annotations

import attrs


@attrs.frozen
class Dealt:
    """Of what is numbered from 0 on, every `of`-th from `first` on. The parts with `first` 0 to `of` - 1 are,
    together, the whole, and differ by at most one.
    """

    first: int = 0
    of: int = 1

    def count(self, whole: int) -> int:
        """How many of the first `whole` fall to it."""
        return max(0, (whole - self.first + self.of - 1) // self.of)

    def has(self, place: int) -> bool:
        """Whether this one falls to it."""
        return place % self.of == self.first

    def after(self, passed: int) -> Dealt:
        """The same for what is numbered anew, from 0 on, once `passed` have been dealt."""
        return attrs.evolve(self, first=(self.first - passed) % self.of)


ALL = Dealt()


@attrs.frozen
class ShareOfCrowd:
    """A shard's part of a crowd; its users keep the numbers, and so names and draws, of the whole.

    Attributes:
        number, of: the `number`-th of so many, from 1.
        crowd: how many users each group has in the whole; (): this is the whole.
    """

    number: int = 1
    of: int = 1
    crowd: tuple[int, ...] = ()

    @property
    def dealt(self) -> Dealt:
        """Of the users, in the order of all groups."""
        return Dealt(self.number - 1, self.of)
