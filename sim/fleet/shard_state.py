"""What a coordinator knows of one shard."""

from __future__ import annotations

import attrs

from actors.events import Phase
from sim.fleet.clock_offset import ClockOffset
from sim.fleet.rest_json import Rest
from sim.fleet.shard_engine import Place
from sim.fleet.shard_messages import ShardDone, ShardFailed


@attrs.define
class ShardState:
    """What is known of one.

    Attributes:
        users: how many it is to drive.
        heard_at, spoke_at: when its process was heard last, and when it said something (our clock); None
            until it has been started there. `lost_at`: when it was given up.
        lost: why nothing more is heard of it; "" while it is there.
        is_dead: whether a lost one has certainly ended.
        last: its last word; `rest` what it tells of its whole run there.
        phase: the last that it has told to have begun.
        lines: how many of its ledger have come.
        removed: how many things it has said to have removed.
        left: what of all that it made is, or may be, still there; None: that has not been looked after.
        start_skew_s: so long after the instant that was told it began, by its own clock.
        started_at: the instant, on our run's clock, from which its instants count.
    """

    number: int
    of: int
    place: Place
    users: int = 0
    heard_at: float | None = None
    spoke_at: float = 0.0
    lost_at: float = 0.0
    is_ready: bool = False
    is_silent: bool = False
    lost: str = ""
    is_dead: bool = False
    last: ShardDone | ShardFailed | None = None
    rest: Rest | None = None
    phase: Phase | None = None
    offset: ClockOffset | None = None
    start_skew_s: float | None = None
    started_at: float | None = None
    removed: int = 0
    left: tuple[str, ...] | None = None
    probes: list[tuple[float, float, float]] = attrs.Factory(list)
    lines: int = 0

    @property
    def is_there(self) -> bool:
        """Whether more is to be heard of it."""
        return not self.lost and self.last is None

    def pass_over(self, seconds: float) -> None:
        """So long nobody listened: that is no silence of it."""
        self.spoke_at += seconds
        if self.heard_at is not None:
            self.heard_at += seconds

    @property
    def name(self) -> str:
        """For a person."""
        return f"shard {self.number} on {self.place.host}"
