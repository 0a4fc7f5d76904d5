"""Parts of the document of a run: the processes that drove it together."""

from __future__ import annotations

import attrs

from sim.report.result_figures import Seconds


@attrs.frozen
class ShardResult:
    """One of several shards.

    Attributes:
        shard: its number, from 1.
        host: the machine, as it names itself; "" where it was never ready.
        users: how many it drove; `calls` those of the measured phase. Of a lost one as far as it was heard.
        start_skew: so long after the instant at which all were to begin it did, by its own clock, which was
            compared with the coordinator's; None: not known.
        cpu: share of a core that it used while measuring; None: not known.
        lost: why nothing more was heard of it; "" where it came to its end.
        left_behind: how many of the things that it made may still be there.
    """

    shard: int
    host: str
    users: int
    calls: int
    start_skew: Seconds | None
    cpu: float | None
    lost: str = ""
    left_behind: int = 0
