"""Whether a level broke by the simulator's own doing: what it did late is never counted as the server's."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from sim.config.grammar.threshold import Threshold, Unit
from sim.load.level_parts import LevelPart
from sim.measure.leaves import Leaves

MAX_OWN_CPU = 0.9
"""Share of a core from which on this process, and not the server, is what is slow."""
MAX_STALLED = 0.05
"""The same: share of the time for which it stood still."""
MAX_LATE = 0.1
"""The same: how late it came to what was due (p95), as a share of the time that a broken limit allows.

A call waits for the loop before it is sent, and again before its answer is seen. A process that is short of
CPU, in a container or beside others, shows nowhere else: neither is its own CPU high, nor does it stand still
for long.
"""


def own_limit(
    kept: Sequence[LevelPart], whole: Leaves, broken: Sequence[Threshold], max_lag_s: float | None
) -> str:
    """What of the simulator itself was at its limit, in words; "" where nothing was.

    Args:
        broken: limits that did not hold.
        max_lag_s: how late workflows may begin; None: nothing is due.
    """
    seconds = fsum(part.seconds for part in kept)
    cpu = fsum(part.cpu_s for part in kept) / seconds if seconds else 0.0
    stalled = fsum(part.stalled_s for part in kept) / seconds if seconds else 0.0
    late_s, latest_s = (
        whole.lateness.quantile(0.95) or 0.0,
        whole.lateness.max if whole.lateness.count else 0.0,
    )
    allowed_s = [limit.bound for limit in broken if limit.unit is Unit.SECONDS]
    if cpu >= MAX_OWN_CPU:
        return f"the simulator itself used {cpu:.0%} of its core"
    if stalled >= MAX_STALLED:
        return f"the simulator itself stood still for {stalled:.0%} of the time"
    if late_s and any(late_s >= MAX_LATE * bound for bound in allowed_s):
        return f"the simulator itself was late by {late_s:.3g}s (p95)"
    if max_lag_s is not None and latest_s > max_lag_s:
        return f"the simulator itself was late by up to {latest_s:.3g}s"
    return ""
