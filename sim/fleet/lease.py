"""For how long a shard goes on without a word of its coordinator."""

from __future__ import annotations

import math

import trio

LEASE_S = 15.0
"""So long after the last beat was sent, and the shard is on its own."""
MAX_LATE_S = 3.0
"""Noticed later than this, the end of the lease says that this process stood still meanwhile."""


class Lease:
    """Begins now, and is renewed by each beat from when that was *sent*: one that lay unread while this
    process stood still, or was long on its way, is as old as it is.

    Args:
        fence: holds all that the shard does. Where the end is noticed too late, trio cancels it before any
            task takes another step: by then others remove what was made here.
    """

    def __init__(self, fence: trio.CancelScope) -> None:
        self._fence = fence
        self._scope = trio.CancelScope()
        self._behind_s = math.inf
        """Our clock less theirs, and the shortest way of a beat."""
        self._set(trio.current_time() + LEASE_S)

    def renew(self, sent: float) -> None:
        """A beat has come. `sent`: when, by the clock of the coordinator."""
        self._behind_s = min(self._behind_s, trio.current_time() - sent)
        if not self._scope.cancel_called:
            self._set(max(self._scope.deadline, sent + self._behind_s + LEASE_S))

    async def end(self) -> bool:
        """Return when it ends; whether that is noticed in time."""
        with self._scope:
            await trio.sleep_forever()
        if self._fence.cancel_called:
            return False
        self._fence.deadline = math.inf
        return True

    def _set(self, deadline: float) -> None:
        self._scope.deadline = deadline
        self._fence.deadline = deadline + MAX_LATE_S
