"""The simulator's own stalls: for how long it did nothing, although it was due to do something.

While this process stands still (blocked by a full terminal, stopped, short of CPU) an answer of the
server lies there unread. What was under way then says nothing about the server, and has no latency.
"""

from __future__ import annotations

from collections import deque

import attrs
import trio

BEAT_S = 0.05
"""How often the loop is to show that it is alive."""
LEAST_S = 0.1
"""From so long a delay on it is a stall."""
MAX_SHOWN = 10
MAX_KEPT = 1000


@attrs.frozen
class StallFigures:
    """All stalls of a run.

    Attributes:
        seconds, longest_s: of all together, and of the longest.
        first: of the first few, when they began (an instant on the run's clock), and for how long.
    """

    count: int = 0
    seconds: float = 0.0
    longest_s: float = 0.0
    first: tuple[tuple[float, float], ...] = ()


class Stalls:
    """Told by `watch` of every beat; asked about every call."""

    def __init__(self) -> None:
        self.figures = StallFigures()
        self._latest: deque[tuple[float, float]] = deque(maxlen=MAX_KEPT)
        self._due: float | None = None

    async def watch(self) -> None:
        """Beat until cancelled. Not on the virtual clock: it has no stalls, and would never rest."""
        try:
            while True:
                self._due = trio.current_time() + BEAT_S
                await trio.sleep_until(self._due)
                self.beat(self._due, trio.current_time())
        finally:
            self._due = None

    def beat(self, due: float, now: float) -> None:
        """A beat that was due at one instant came at another."""
        if now - due < LEAST_S:
            return
        before, late = self.figures, now - due
        self._latest.append((due, now))
        shown = (*before.first, (due, late)) if len(before.first) < MAX_SHOWN else before.first
        self.figures = StallFigures(
            before.count + 1, before.seconds + late, max(before.longest_s, late), shown
        )

    def overlap(self, started: float, finished: float) -> bool:
        """Whether the loop stood still at any time in between; also where no beat has shown it yet."""
        if self._due is not None and finished - self._due >= LEAST_S:
            return True
        for begun, ended in reversed(self._latest):
            if ended <= started:
                return False
            if begun < finished:
                return True
        return False
