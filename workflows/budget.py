"""How many executions a run is to have (`--iterations`)."""

from __future__ import annotations

import math

import trio


class Budget:
    """How many executions may still start; endless unless a number is given.

    What counts is what was *started*. In the open model an arrival is promised its place when it comes, and
    gives it back when it is dropped; so with arrivals enough, as many are started as were asked for.

    Attributes:
        spent: set once the last one has started.
    """

    def __init__(self, executions: float = math.inf) -> None:
        self._left = executions
        self._promised = 0
        self.spent = trio.Event()

    def limit(self, executions: int) -> None:
        """From now on so many more may start; what has been promised already is among them."""
        self._left = executions - self._promised

    def take(self) -> bool:
        """True when one more may start, which it does at once."""
        if not self.promise():
            return False
        self.start()
        return True

    def promise(self) -> bool:
        """True when one more may start; `start` or `give_back` has to follow."""
        if self._left <= 0:
            return False
        self._left -= 1
        self._promised += 1
        return True

    def start(self) -> None:
        """What was promised has started."""
        self._promised -= 1
        if self._left <= 0 and not self._promised:
            self.spent.set()

    def give_back(self) -> None:
        """What was promised will not start."""
        self._promised -= 1
        self._left += 1
