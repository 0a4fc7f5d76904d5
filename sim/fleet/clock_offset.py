"""How far a shard's clock is from ours (RFC 5905, 8: the sample with the shortest way there and back)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

PROBES = 8
MIN_LEAD_S = 1.0
LEADS, LATE_LEADS = 5.0, 2.0
"""So many of the shortest ways there and back, and of the longest, lie between telling the start and it."""


@attrs.frozen
class ClockOffset:
    """Their clock less ours, seconds; it is off by at most half of the way there and back (`rtt_s`).

    Attributes:
        longest_s: the longest way there and back of all that were tried: a busy machine is late at times.
    """

    offset_s: float
    rtt_s: float
    longest_s: float = 0.0

    @property
    def error_s(self) -> float:
        """At most."""
        return self.rtt_s / 2

    @classmethod
    def of(cls, probes: Sequence[tuple[float, float, float]]) -> ClockOffset:
        """Of probes, each sent and answered at instants of our clock, and taken up at one of theirs.

        Raises ValueError where there are none.
        """
        sent, theirs, answered = min(probes, key=lambda probe: probe[2] - probe[0])
        longest_s = max(answered - sent for sent, _, answered in probes)
        return cls(theirs - (sent + answered) / 2, answered - sent, longest_s)


def lead_s(offsets: Sequence[ClockOffset]) -> float:
    """How long before the start it is told, so that all hear of it in time."""
    ways = (max(LEADS * each.rtt_s, LATE_LEADS * each.longest_s) for each in offsets)
    return max([MIN_LEAD_S, *ways])
