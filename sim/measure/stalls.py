"""The simulator's own stalls: for how long it did nothing, although it was due to do something.

While this process stands still (blocked by a full terminal, stopped, short of CPU) an answer of the
server lies there unread. What was under way then says nothing about the server, and has no latency.
"""

from __future__ import annotations

from collections import deque

import attrs

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
    """Told of every stall; asked about every call."""

    def __init__(self) -> None:
        self.figures = StallFigures()
        self._latest: deque[tuple[float, float]] = deque(maxlen=MAX_KEPT)

    def note(self, began: float, ended: float) -> None:
        """The loop was due at one instant, and came to it at another."""
        before, late = self.figures, ended - began
        self._latest.append((began, ended))
        shown = (*before.first, (began, late)) if len(before.first) < MAX_SHOWN else before.first
        self.figures = StallFigures(
            before.count + 1, before.seconds + late, max(before.longest_s, late), shown
        )

    def overlap(self, started: float, finished: float) -> bool:
        """Whether the loop stood still at any time in between."""
        if not self._latest:
            return False
        for begun, ended in reversed(self._latest):
            if ended <= started:
                return False
            if begun < finished:
                return True
        return False
