"""What happened each second, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from sim.measure.packed_rows import packed, unpacked
from sim.measure.snapshot import Snapshot
from sim.measure.timeline_row import Row

MAX_ROWS = 3600
"""When a run has more rows than this, two become one, and a row is twice as long from then on."""

PAIRS_A_WINDOW = 20
"""So many pairs of them become one with each window that comes; all at once would hold a run up for 0.4 s."""
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
        self._paired: list[bytes] = []
        self._unpaired: list[bytes] = []
        """Rows of half the length, which are still to become pairs."""
        self._over: list[bytes] = []
        """Those that follow."""
        self._last: Row | None = None
        self._started = started

    @property
    def rows(self) -> list[Row]:
        """All of them, as they are now: those that are over are made anew for each who asks."""
        over = [unpacked(each) for each in self._paired]
        over += [joined(*pair) for pair in self._pairs(len(self._unpaired))]
        over += [unpacked(each) for each in self._over]
        return over if self._last is None else [*over, self._last]

    def add(self, snapshot: Snapshot) -> None:
        """Add a window; it belongs to the row in which it began."""
        self._pair(PAIRS_A_WINDOW)
        row = Row.of(snapshot)
        place = max(0, int((snapshot.started - self._started) / self.row_s + 1e-6))
        while place >= MAX_ROWS:
            self._halve()
            place //= 2
        if place < self._count_over:
            self._pair(MAX_ROWS)
            earlier = unpacked(self._over[place])
            earlier.absorb(row)
            self._over[place] = packed(earlier)
            return
        while self._last is None or self._count_over < place:
            # Between the last row and that of the window nothing was seen, and all stayed as they were.
            there = {} if self._last is None or self._count_over + 1 == place else self._last.there
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

    @property
    def _count_over(self) -> int:
        return len(self._paired) + len(self._unpaired) // 2 + len(self._over)

    def _begin(self, row: Row) -> None:
        if self._last is not None:
            self._over.append(packed(self._last))
        self._last = row

    def _halve(self) -> None:
        """Two rows become one: the last two now, since it goes on with them, the others by and by."""
        self._pair(MAX_ROWS)
        rows = self._over if self._last is None else [*self._over, packed(self._last)]
        last = max(0, len(rows) - 1) // 2 * 2
        self._last = joined(*rows[last:]) if rows else None
        self._unpaired, self._over = rows[:last], []
        self.row_s *= 2

    def _pairs(self, at_most: int) -> list[tuple[bytes, bytes]]:
        rows = self._unpaired[: 2 * at_most]
        return list(zip(rows[::2], rows[1::2], strict=True))

    def _pair(self, at_most: int) -> None:
        """Make so many pairs; when there are none left, the rows are in one again."""
        if not self._unpaired:
            return
        pairs = self._pairs(at_most)
        self._paired += [packed(joined(*pair)) for pair in pairs]
        del self._unpaired[: 2 * len(pairs)]
        if not self._unpaired:
            self._over[:0], self._paired = self._paired, []


def joined(first: bytes, *following: bytes) -> Row:
    """One row of several."""
    row = unpacked(first)
    for each in following:
        row.absorb(unpacked(each))
    return row


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
