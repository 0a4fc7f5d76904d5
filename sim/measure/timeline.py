"""What happened each second, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import attrs

from sim.measure.packed_rows import packed, unpacked
from sim.measure.snapshot import Snapshot
from sim.measure.timeline_row import Row

MAX_ROWS = 3600
"""When a run has more rows than this, two become one, and a row is twice as long from then on."""

MIN_FAILURES = 10
SHORT = 0.2
"""Failures come in a burst when half of them fell into no more than this share of the time."""


@attrs.frozen
class Burst:
    """A span of time, in seconds since the timeline's start, with most of the failures of a run."""

    from_s: float
    to_s: float
    failures: int
    of: int


class Timeline:
    """Rows of equal length from the instant `started` on: windows, put together where there are many.

    Attributes:
        row_s: the length of a row, seconds; doubles whenever there are too many.
    """

    def __init__(self, started: float) -> None:
        self.row_s = 1.0
        self._over: list[bytes] = []
        self._last: Row | None = None
        self._started = started

    @property
    def rows(self) -> list[Row]:
        """All of them, as they are now: those that are over are made anew for each who asks."""
        over = [unpacked(each) for each in self._over]
        return over if self._last is None else [*over, self._last]

    def add(self, snapshot: Snapshot) -> None:
        """Add a window; it belongs to the row in which it began."""
        row = Row.of(snapshot)
        place = max(0, int((snapshot.started - self._started) / self.row_s + 1e-6))
        while place >= MAX_ROWS:
            self._halve()
            place //= 2
        if place < len(self._over):
            earlier = unpacked(self._over[place])
            earlier.absorb(row)
            self._over[place] = packed(earlier)
            return
        while self._last is None or len(self._over) < place:
            # Between the last row and that of the window nothing was seen, and all stayed as they were.
            there = {} if self._last is None or len(self._over) + 1 == place else self._last.there
            self._begin(Row(there=dict(there)))
        self._last.absorb(row)

    def burst(self) -> Burst | None:
        """The shortest span with at least half of all failures, where it is short against the whole."""
        failures = [row.errors for row in self.rows]
        total = sum(failures)
        if total < MIN_FAILURES:
            return None
        first, length = shortest_span(failures, total / 2)
        if length > SHORT * len(failures):
            return None
        inside = sum(failures[first : first + length])
        return Burst(first * self.row_s, (first + length) * self.row_s, inside, total)

    def _begin(self, row: Row) -> None:
        if self._last is not None:
            self._over.append(packed(self._last))
        self._last = row

    def _halve(self) -> None:
        rows, self._over, self._last = self.rows, [], None
        for first, second in zip_longest(rows[::2], rows[1::2]):
            if second is not None:
                first.absorb(second)
            self._begin(first)
        self.row_s *= 2


def shortest_span(counts: Sequence[int], enough: float) -> tuple[int, int]:
    """Where the shortest run of neighbours begins that sums up to `enough`, and how long it is."""
    best, first, inside = (0, len(counts)), 0, 0
    for place, count in enumerate(counts):
        inside += count
        while inside - counts[first] >= enough:
            inside -= counts[first]
            first += 1
        if inside >= enough and place + 1 - first < best[1]:
            best = first, place + 1 - first
    return best
