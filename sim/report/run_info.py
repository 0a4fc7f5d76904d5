"""What a report says of a run beside its figures."""

from __future__ import annotations

from typing import Any

import attrs

from sim.load.watchdog import Breakpoint
from sim.measure.thresholds import Verdict


@attrs.frozen
class RunInfo:
    """Facts about one run.

    Attributes:
        target: what was driven, in words; names the built-in stand-in where it was that.
        clock: `wall` or `virtual`.
        seed: from which the whole run can be drawn again.
        config: the whole configuration as plain values, without secrets.
        login: how users logged in, and why so.
        protocols: negotiated MCP protocol versions, with the number of users.
        users: how many took part.
        stopped: why it ended, in words.
        cleanup: what became of what was created, in words.
        left_behind: names of what could not be removed.
        exit_code: the process's.
        began: wall-clock time of the start (ISO 8601, UTC); "" on the virtual clock.
        verdicts: the limits of the run, and what was measured against them.
        breakpoint: what a search for the rate that holds has found; None where the run was none.
        generator_cpu: share of one core that this process used while measuring; None: not known.
    """

    target: str
    clock: str
    seed: int
    config: dict[str, Any]
    login: str
    protocols: dict[str, int]
    users: int
    stopped: str
    cleanup: str
    left_behind: tuple[str, ...]
    exit_code: int
    began: str = ""
    generator_cpu: float | None = None
    verdicts: tuple[Verdict, ...] = ()
    breakpoint: Breakpoint | None = None
