"""Where users sit: `eu=60%:rtt=20ms,jitter=5ms,loss=0.5%`."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import attrs

from sim.config.grammar.duration import format_duration, parse_time
from sim.config.grammar.number import format_percentage, parse_percentage
from sim.config.grammar.piece import GrammarError, Piece, one_of, parse_fields, parse_name

_FIELDS = ("rtt", "jitter", "loss")


@attrs.frozen
class Region:
    """Where a share (0..1) of the users sits, and what the network there does to their connections.

    Attributes:
        rtt_s: round-trip time, seconds.
        jitter_s: how much a round trip may take longer or shorter, seconds; at most `rtt_s`.
        loss: chance (0..1) that a round trip loses a packet and waits for its retransmission.
    """

    name: str
    share: float
    rtt_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0

    def __str__(self) -> str:
        network = f"rtt={format_duration(self.rtt_s)},jitter={format_duration(self.jitter_s)}"
        return f"{self.name}={format_percentage(self.share)}:{network},loss={format_percentage(self.loss)}"


def parse_region(text: str | Piece) -> Region:
    """Raises GrammarError."""
    piece = Piece.of(text)
    head, network = piece.partition(":")
    name, share = head.partition("=")
    if share is None:
        raise head.error("no share of the users (it reads eu=60%:rtt=20ms)")
    region = Region(parse_name(name, "a region"), parse_percentage(share, "a share"))
    if network is None:
        return region
    fields = parse_fields(network, "rtt, jitter or loss")
    for key, _ in fields.values():
        one_of(key, _FIELDS, "property of a region")
    region = attrs.evolve(
        region,
        rtt_s=parse_time(fields["rtt"][1], "a rtt") if "rtt" in fields else 0.0,
        jitter_s=parse_time(fields["jitter"][1], "a jitter") if "jitter" in fields else 0.0,
        loss=parse_percentage(fields["loss"][1], "a loss") if "loss" in fields else 0.0,
    )
    if region.jitter_s > region.rtt_s:
        raise fields["jitter"][1].error("jitter is larger than rtt")
    if region.loss >= 1:
        raise fields["loss"][1].error("nothing would ever arrive with a loss of 100%")
    return region


def check_regions(regions: Sequence[Region]) -> None:
    """Raises GrammarError when a name stands twice or the shares add up to more than 100%, or to nothing."""
    names = [region.name for region in regions]
    shown = " ".join(map(str, regions))
    for name in names:
        if names.count(name) > 1:
            raise GrammarError(f"region {name!r} stands here twice", shown, 0)
    total = fsum(region.share for region in regions)
    if regions and not 0 < total <= 1 + 1e-9:
        raise GrammarError(
            f"the shares of the regions add up to {format_percentage(round(total, 6))}", shown, 0
        )
