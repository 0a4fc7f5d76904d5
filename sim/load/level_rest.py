"""What is held for what: rest after a level that broke, and the rule of every purpose."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import fsum
from typing import Protocol

from sim.config.grammar.threshold import Threshold
from sim.load.capacity_search import Asked, Purpose
from sim.load.level_hold import (
    QUICK_HOLD,
    THOROUGH_HOLD,
    USUAL_HOLD,
    HoldOutcome,
    HoldRule,
    LevelEnd,
    LevelHold,
)
from sim.measure.leaves import Leaves
from sim.measure.limit_ratios import is_ratio
from sim.measure.snapshot import Snapshot
from sim.measure.thresholds import judge

REST_S = 5.0
"""A server has recovered when its last so many seconds are within the limits."""
MAX_REST_S = 60.0


class Hold(Protocol):
    """Takes windows until it knows how a level ended."""

    def take(self, window: Snapshot) -> LevelEnd | None: ...


class RestHold:
    """Waits, at a level that held, until a server that was overloaded is itself again.

    Counts are left out: what went wrong is over.

    Args:
        is_open: hardly anything arrives meanwhile, and where nothing ended nothing is slow.
    """

    def __init__(self, level: float, limits: Sequence[Threshold], *, is_open: bool = False) -> None:
        self._level = level
        self._is_open = is_open
        self._limits = [limit for limit in limits if is_ratio(limit)]
        self._latest: deque[Snapshot] = deque()
        self._elapsed_s = 0.0

    def take(self, window: Snapshot) -> LevelEnd | None:
        """The next window; how the rest ended, None while it lasts."""
        self._elapsed_s += window.seconds
        self._latest.append(window)
        while fsum(each.seconds for each in self._latest) - self._latest[0].seconds >= REST_S - 1e-6:
            self._latest.popleft()
        leaves = Leaves.merged(each.leaves for each in self._latest).all_measured()
        leaves.seconds = fsum(each.seconds for each in self._latest)
        verdicts = [judge(limit, leaves) for limit in self._limits]
        holds = all(v.held or (self._is_open and v.measured is None) for v in verdicts)
        if holds and leaves.seconds >= REST_S - 1e-6:
            return LevelEnd(self._level, HoldOutcome.HELD, self._elapsed_s)
        if self._elapsed_s >= MAX_REST_S * (3 if self._is_open else 1) - 1e-6:
            by = tuple(str(verdict) for verdict in verdicts if not verdict.held)
            return LevelEnd(self._level, HoldOutcome.BROKE, self._elapsed_s, by)
        return None


def hold_for(
    asked: Asked, limits: Sequence[Threshold], needed: float = 0.0, max_lag_s: float | None = None
) -> Hold:
    """What holds the level that the search asks for; arguments as in `LevelHold`."""
    if asked.purpose is Purpose.REST:
        return RestHold(asked.level, limits, is_open=max_lag_s is not None)
    return LevelHold(asked.level, limits, rule_of(asked.purpose), needed, max_lag_s)


def rule_of(purpose: Purpose) -> HoldRule:
    """How long a level is held for this."""
    if purpose.is_thorough:
        return THOROUGH_HOLD
    return QUICK_HOLD if purpose is Purpose.CLIMB else USUAL_HOLD
