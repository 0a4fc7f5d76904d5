"""Calls whose answer never came, and how long a server may still be at them.

A server finishes what it began, also when the connection broke under it. Whoever removes a user waits
until calls that were cut off can be taken to be over, and names the user of one that may not be: one
that ran into its time-out has shown that it takes longer than anybody waits, one that was given up has
been waited for by nobody.
"""

from __future__ import annotations

import math

import attrs

MIN_SETTLING_S = 3.0
"""How long after it was sent a call that was cut off is taken to be carried out, at the least."""
MAX_SETTLING_S = 30.0
TIMES_LONGEST = 2.0
"""…and how many times the longest call that was answered: a server that is slow is slow there too."""


@attrs.define
class LooseCalls:
    """Those of all users of a run. Instants are on the run's clock, spans are seconds."""

    _cut: dict[str, float] = attrs.Factory(dict)
    """User → the instant at which their last call that was cut off had been sent."""
    _unsure: dict[str, tuple[float, float]] = attrs.Factory(dict)
    """User → when such a call had been sent, and until when it may go on."""
    _longest_s: float = 0.0

    def answered(self, seconds: float) -> None:
        """A call took so long to its answer."""
        if seconds > self._longest_s:
            self._longest_s = seconds

    def cut(self, uid: str, sent: float) -> None:
        """A call's connection broke, or something in between answered in the server's place."""
        self._cut[uid] = max(sent, self._cut.get(uid, sent))

    def timed_out(self, uid: str, sent: float, now: float) -> None:
        """Nothing came until the time-out: it may take as long again."""
        self._note(uid, sent, now + (now - sent))

    def given_up(self, uid: str, sent: float) -> None:
        """Nobody waited for the answer."""
        self._note(uid, sent, math.inf)

    def _note(self, uid: str, sent: float, until: float) -> None:
        if until >= self._unsure.get(uid, (0.0, -math.inf))[1]:
            self._unsure[uid] = sent, until

    @property
    def settled_at(self) -> float:
        """From this instant on, calls that were cut off are taken to be over; -inf where there are none."""
        settling_s = min(MAX_SETTLING_S, max(MIN_SETTLING_S, TIMES_LONGEST * self._longest_s))
        return max(self._cut.values(), default=-math.inf) + settling_s

    def pending(self, now: float) -> dict[str, float]:
        """Users one of whose calls the server may still be at, with the instant at which it was sent."""
        cut = self._cut if now < self.settled_at else {}
        return {**cut, **{uid: sent for uid, (sent, until) in self._unsure.items() if now < until}}
