"""What a shard tells of its time, on the clock of its coordinator."""

from __future__ import annotations

import trio

from actors.events import Event
from sim.fleet.event_json import event_from_json, shifted, shifted_window
from sim.fleet.shard_messages import Figures, Happened
from sim.measure.snapshot import Snapshot


def window_of(message: Figures, started_at: float | None) -> Snapshot:
    """Raises ValueError where it is none.

    Args:
        started_at: when the shard was told to start, on our clock; None: it has not been told.
    """
    window = Snapshot.from_json(message.snapshot)
    return shifted_window(window, beginning(started_at, since_start=message.since_start))


def event_of(message: Happened, started_at: float | None) -> Event:
    """Raises ValueError where it is none. `started_at`: see `window_of`."""
    event = event_from_json(message.event)
    return shifted(event, beginning(started_at, since_start=message.since_start))


def beginning(started_at: float | None, *, since_start: bool) -> float:
    """From when its instants count: what is told before the start is a moment old."""
    if not since_start:
        return trio.current_time()
    if started_at is None:
        raise ValueError("its instants count from a start that it was not told")
    return started_at
