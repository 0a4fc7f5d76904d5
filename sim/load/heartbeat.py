"""The beat by which the simulator notices that it is late itself, or stood still."""

from __future__ import annotations

import trio

from actors.events import Emit, Lateness, Stalled

BEAT_S = 0.05
"""How often the loop is to show that it is alive."""
MIN_STALL_S = 0.1
"""From so long a delay on it is a stall."""


async def beat(emit: Emit, *, is_lateness: bool) -> None:
    """Show that the loop is alive until cancelled: what comes too late by `MIN_STALL_S` is a stall.

    Args:
        is_lateness: each beat is told as lateness: where nothing arrives that could be late.

    Not for the virtual clock: it has no stalls, and would never rest.
    """
    while True:
        due = trio.current_time() + BEAT_S
        await trio.sleep_until(due)
        late_s = trio.current_time() - due
        if is_lateness:
            emit(Lateness(due, late_s))
        if late_s >= MIN_STALL_S:
            emit(Stalled(due, late_s))
