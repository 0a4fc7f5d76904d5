"""Leaves of the whole run alone: a window of a second has none of them."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator

import attrs

from sim.measure.sketch import Quantiles, Sketch


class ManyCounts:
    """Counts by name, of which there are thousands with the same names: four bytes for each name.

    Args:
        places: where each name's count stands; all of them share it.
    """

    __slots__ = ("_counts", "_places")

    def __init__(self, places: dict[str, int]) -> None:
        self._places = places
        self._counts = array("I", bytes(4 * len(places)))

    def add(self, name: str, count: int = 1) -> None:
        """So many more of `name`."""
        place = self._places.setdefault(name, len(self._places))
        if place >= len(self._counts):
            self._counts.extend([0] * (len(self._places) - len(self._counts)))
        self._counts[place] += count

    def items(self) -> Iterator[tuple[str, int]]:
        """Those of which there are any."""
        # Names that were met since this was last added to have no count here.
        pairs = zip(self._places, self._counts, strict=False)
        return ((name, count) for name, count in pairs if count)


@attrs.define
class UserLeaf:
    """The measured calls of one user. `service` is None where there are too many users for sketches."""

    service: Sketch | None
    steps: ManyCounts
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
    trace_id: str = ""
