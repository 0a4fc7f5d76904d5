"""What happened each second, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

MOST_ROWS = 3600
"""When a run has more rows than this, two become one, and a row is twice as long from then on."""

LEAST_FAILURES = 10
SHORT = 0.2
"""Failures come in a burst when half of them fell into no more than this share of the time."""


@attrs.define
class Row:
    """The calls and executions that finished in one span of time.

    Attributes:
        errors: failed calls; what is part of a story is none.
        timed: how many calls `service_s` is the sum of: all but those during which the simulator stood still.
    """

    calls: int = 0
    errors: int = 0
    executions: int = 0
    service_s: float = 0.0
    slowest_s: float = 0.0
    users: int = 0
    timed: int = 0

    @property
    def mean_s(self) -> float | None:
        """Mean service time; None where no call was timed."""
        return self.service_s / self.timed if self.timed else None

    def absorb(self, other: Row) -> None:
        """Add the row that follows."""
        self.calls += other.calls
        self.errors += other.errors
        self.executions += other.executions
        self.service_s += other.service_s
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.users = max(self.users, other.users)
        self.timed += other.timed


@attrs.frozen
class Burst:
    """A span of time, in seconds since the timeline's start, with most of the failures of a run."""

    from_s: float
    to_s: float
    failures: int
    of: int


class Timeline:
    """Rows of equal length from the instant `started` on.

    Attributes:
        row_s: the length of a row, seconds; doubles whenever there are too many.
    """

    def __init__(self, started: float) -> None:
        self.row_s = 1.0
        self.rows: list[Row] = []
        self._started = started
        self._users = 0

    @property
    def users(self) -> int:
        """How many were on stage when that was last noted."""
        return self._users

    def add_call(self, at: float, seconds: float | None, failed: bool) -> None:
        """A call that took `seconds`; None where that is not known."""
        row = self._row(at)
        row.calls += 1
        row.errors += failed
        if seconds is not None:
            row.timed += 1
            row.service_s += seconds
            row.slowest_s = max(row.slowest_s, seconds)

    def burst(self) -> Burst | None:
        """The shortest span with at least half of all failures, where it is short against the whole."""
        failures = [row.errors for row in self.rows]
        total = sum(failures)
        if total < LEAST_FAILURES:
            return None
        first, length = shortest_span(failures, total / 2)
        if length > SHORT * len(failures):
            return None
        inside = sum(failures[first : first + length])
        return Burst(first * self.row_s, (first + length) * self.row_s, inside, total)

    def add_execution(self, at: float) -> None:
        self._row(at).executions += 1

    def note_users(self, at: float, users: int) -> None:
        """So many users are on stage from the instant `at` on."""
        row = self._row(at)  # before the new number: rows in between have the old one
        self._users = users
        row.users = max(row.users, users)

    def _row(self, at: float) -> Row:
        place = max(0, int((at - self._started) / self.row_s))
        while place >= MOST_ROWS:
            self._halve()
            place = int((at - self._started) / self.row_s)
        while len(self.rows) <= place:
            self.rows.append(Row(users=self._users))
        return self.rows[place]

    def _halve(self) -> None:
        for first, second in zip(self.rows[::2], self.rows[1::2], strict=False):
            first.absorb(second)
        self.rows = self.rows[::2]
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
