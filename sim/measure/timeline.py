"""What happened each second, in bounded memory."""

from __future__ import annotations

import attrs

MOST_ROWS = 3600
"""When a run has more rows than this, two become one, and a row is twice as long from then on."""


@attrs.define
class Row:
    """The calls and executions that finished in one span of time. `service_s` is the sum over calls."""

    calls: int = 0
    errors: int = 0
    executions: int = 0
    service_s: float = 0.0
    slowest_s: float = 0.0
    users: int = 0

    def absorb(self, other: Row) -> None:
        """Add the row that follows."""
        self.calls += other.calls
        self.errors += other.errors
        self.executions += other.executions
        self.service_s += other.service_s
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.users = max(self.users, other.users)


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

    def add_call(self, at: float, seconds: float, failed: bool) -> None:
        row = self._row(at)
        row.calls += 1
        row.errors += failed
        row.service_s += seconds
        row.slowest_s = max(row.slowest_s, seconds)

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
