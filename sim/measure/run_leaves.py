"""Leaves of the whole run alone: a window of a second has none of them."""

from __future__ import annotations

import math
from collections import Counter

import attrs

from sim.measure.sketch import Quantiles, Sketch


@attrs.define
class UserLeaf:
    """The measured calls of one user. `service` is None where there are too many users for sketches."""

    service: Sketch | None
    steps: Counter[str] = attrs.Factory(Counter)
    outcomes: Counter[str] = attrs.Factory(Counter)
    timed: int = 0
    seconds: float = 0.0
    fastest_s: float = math.inf
    slowest_s: float = -math.inf

    def add(self, seconds: float) -> None:
        """One more latency."""
        self.timed += 1
        self.seconds += seconds
        if seconds < self.fastest_s:
            self.fastest_s = seconds
        if seconds > self.slowest_s:
            self.slowest_s = seconds
        if self.service is not None:
            self.service.add(seconds)

    def quantiles(self) -> Quantiles:
        """Without a sketch: what can be known in constant memory."""
        if self.service is not None:
            return self.service.quantiles()
        if not self.timed:
            return Quantiles(0)
        return Quantiles(self.timed, self.fastest_s, self.slowest_s, self.seconds / self.timed)


@attrs.define
class SetupLeaf:
    """One kind of set-up step."""

    seconds: Sketch = attrs.Factory(Sketch)
    failures: int = 0
    example: str = ""


@attrs.frozen
class FailureExample:
    """One failed call: where in a story, and what was said."""

    workflow: str
    step: str
    text: str
