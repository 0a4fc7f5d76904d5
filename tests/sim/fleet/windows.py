"""Windows of shards, as they travel."""

from __future__ import annotations

from typing import Any

from sim.fleet.fleet_tally import FleetTally
from sim.fleet.on_our_clock import window_of
from sim.fleet.shard_messages import Figures


def put(fleet: FleetTally, shard: int, document: dict[str, Any]) -> None:
    fleet.put_window(shard, window_of(Figures(shard, document), 0.0))
