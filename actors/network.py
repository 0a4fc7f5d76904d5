"""What a network between a user and the server costs: round trips, jitter, and packets sent again."""

from __future__ import annotations

from random import Random

import attrs

MIN_RTO_S = 0.2
"""The shortest retransmission time-out of Linux; RFC 6298 (2.4) asks for a second, and few obey."""
INITIAL_RTO_S = 1.0
"""Before anything was measured, for the handshake: RFC 6298, 2.1."""


@attrs.frozen
class Network:
    """The path from one region to the server.

    Attributes:
        rtt_s: round-trip time, seconds.
        jitter_s: a round trip takes up to so much longer or shorter, evenly drawn; at most `rtt_s`.
        loss: chance (0..1) that a round trip loses a packet and waits for its retransmission.
    """

    rtt_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0

    @property
    def rto_s(self) -> float:
        """How long TCP waits before it sends again: RFC 6298, 2.3, with jitter for the variation."""
        return max(MIN_RTO_S, self.rtt_s + 4 * self.jitter_s)

    @property
    def is_instant(self) -> bool:
        return not (self.rtt_s or self.loss)

    def round_trip(self, random: Random) -> float:
        """How long one request and its answer are on their way, seconds."""
        return self._trip(random, self.rto_s)

    def handshake(self, random: Random) -> float:
        """How long it takes to open a connection, seconds."""
        return self._trip(random, INITIAL_RTO_S)

    def _trip(self, random: Random, rto_s: float) -> float:
        delay = self.rtt_s + random.uniform(-self.jitter_s, self.jitter_s)
        # Each loss in a row doubles the time-out: RFC 6298, 5.5.
        while self.loss and random.random() < self.loss:
            delay += rto_s
            rto_s *= 2
        return delay


@attrs.frozen
class Way:
    """The path of one user to the server, with draws of its own: 2.5 KiB, for whom it costs something."""

    _network: Network
    _random: Random

    def round_trip(self) -> float:
        """How long one request and its answer are on their way, seconds."""
        return self._network.round_trip(self._random)

    def handshake(self) -> float:
        """How long it takes to open a connection, seconds."""
        return self._network.handshake(self._random)
