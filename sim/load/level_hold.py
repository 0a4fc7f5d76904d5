"""One level that is held: from the windows of the run to what it shows. Pure: it neither waits nor asks.

The windows after the step are left out until the figures have settled (`settled_from`); what is left is cut
into batches. A limit is decided when its whole interval lies on one side of the bound, and a level holds
when all its limits do and its response time does not grow. What is still open when the hold has
lasted as long as it may goes by the figures as they are.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from math import fsum

import attrs

from sim.config.grammar.threshold import Threshold
from sim.load.generator_limit import own_limit
from sim.load.level_figures import blamed_for, measured_of
from sim.load.level_parts import LevelPart, halved, mean_times, part_of
from sim.load.watchdog import not_carried_out
from sim.measure import curve
from sim.measure.batch_means import Pair, added, growth, ratio, settled_from, spread
from sim.measure.curve import LevelMeasured, StepPlace
from sim.measure.leaves import Leaves
from sim.measure.limit_ratios import Sides, is_ratio, quantile_within, sides
from sim.measure.snapshot import Snapshot
from sim.measure.thresholds import Verdict, judge

MAX_PARTS = 40
"""When there are so many batches, two become one."""
MIN_CALLS = 20
MIN_PARTS = 8
"""Fewer decide nothing."""
SURE = 0.998
"""That of growth: it is looked for in every hold, and there it is in few."""
LOOK_AGAIN = 1.15
"""The next look is when there is so much more to look at."""
MAX_GROWTH = 0.15
"""A level at which the mean response time grows by more than this share is not steady."""
MIN_HELD_S = 15.0
"""A level that breaks later than this collapses; earlier it has just not been reached."""
CLEAR = 0.8
"""It has held before, and not after, when that is so of this share of the batches."""
UNKNOWN = Sides(surely_holds=False, surely_broken=False, seems_to_hold=False)


class HoldOutcome(enum.Enum):
    """How it ended."""

    HELD = "held"
    BROKE = "broke"
    DRIFTED = "never steady"
    """The limits held, and the response time grew and grew."""
    OWN_LIMIT = curve.OWN_LIMIT
    """It broke, and that was not the server's doing."""


@attrs.frozen
class HoldRule:
    """How long a level is held, seconds."""

    settle_s: float = 2.0
    """Left out in any case."""
    min_s: float = 10.0
    max_s: float = 60.0
    narrow: float = 0.3
    """The p95 is known well enough when half its interval is no more than this share of it."""
    certain: float = 0.99
    """Confidence of the intervals by which a level may be decided early: there are many looks."""


USUAL_HOLD = HoldRule()
QUICK_HOLD = HoldRule(max_s=40.0, narrow=math.inf)
"""On the way up it is enough that the limits hold."""
THOROUGH_HOLD = HoldRule(min_s=60.0, max_s=150.0, narrow=0.1, certain=0.998)


@attrs.frozen
class LevelEnd:
    """How a level was held.

    Attributes:
        by: what broke, in words.
        limits: the limits that broke.
        is_sure: whether the whole interval of one of them lies beyond its bound.
        collapsed_s: so long after the level was reached the limits broke for good, after they had held; None
            where they never held, or did to the end.
        where: the step in which most of that happened; None where it has no place.
        pairs: of each limit, of what is left without the transient; see `sim.measure.limit_ratios`.
        spreads: the variance of the first of each pair.
        measured: figures of what is left without the transient; None where nothing came to an end.
    """

    level: float
    outcome: HoldOutcome
    seconds: float
    by: tuple[str, ...] = ()
    limits: tuple[Threshold, ...] = ()
    is_sure: bool = True
    collapsed_s: float | None = None
    where: StepPlace | None = None
    pairs: tuple[Pair, ...] = ()
    spreads: tuple[float, ...] = ()
    measured: LevelMeasured | None = None

    @property
    def is_held(self) -> bool:
        return self.outcome is HoldOutcome.HELD


@attrs.frozen
class LimitLook:
    """One limit at one look."""

    verdict: Verdict
    sides: Sides

    @property
    def is_count(self) -> bool:
        """Whether no later window makes good what it has broken."""
        return not is_ratio(self.verdict.threshold)


class LevelHold:
    """Holds one level: `take` each window from the moment on at which the level was reached.

    Args:
        max_lag_s: what was due and dropped, or began later than this, breaks it; None: nothing is due.
        needed: so many calls must have ended before a level may be taken to hold: those of one round of all
            users, of which a slow server answers the quick ones first.
    """

    def __init__(
        self,
        level: float,
        limits: Sequence[Threshold],
        rule: HoldRule = USUAL_HOLD,
        needed: float = 0.0,
        max_lag_s: float | None = None,
    ) -> None:
        self._level = level
        self._limits = tuple(limits)
        self._rule = rule
        self._needed = max(needed, MIN_CALLS)
        self._max_lag_s = max_lag_s
        self._parts: list[LevelPart] = []
        self._size = 1
        self._pending: list[LevelPart] = []
        self._elapsed_s = 0.0
        self._look_at_s = rule.min_s

    def take(self, window: Snapshot) -> LevelEnd | None:
        """The next window; how the level ended, None while it goes on."""
        self._elapsed_s += window.seconds
        self._add(part_of(window, self._limits))
        is_last = self._elapsed_s >= self._rule.max_s - 1e-6
        if not is_last and self._elapsed_s < self._look_at_s - 1e-6:
            return None
        self._look_at_s = self._elapsed_s * LOOK_AGAIN
        return self._look(is_last=is_last)

    def _add(self, part: LevelPart) -> None:
        self._pending.append(part)
        if len(self._pending) == self._size:
            self._parts.append(LevelPart.merged(self._pending, self._limits))
            self._pending = []
        if len(self._parts) >= MAX_PARTS:
            self._parts = halved(self._parts, self._limits)
            self._size *= 2

    def _look(self, *, is_last: bool) -> LevelEnd | None:
        kept = self._settled()
        whole = Leaves.merged(part.leaves for part in kept)
        looks = [self._look_at(place, limit, whole, kept) for place, limit in enumerate(self._limits)]
        undone = () if self._max_lag_s is None else not_carried_out(whole, self._max_lag_s)
        may_decide = is_last or len(kept) >= MIN_PARTS
        broken = [look for look in looks if is_broken(look, may_decide=may_decide, is_last=is_last)]
        if broken or undone:
            return self._broken(broken, undone, whole, kept)
        if is_last:
            return self._at_last(whole, kept)
        enough = may_decide and sum(part.counts.total for part in kept) >= self._needed
        certain = enough and all(look.sides.surely_holds for look in looks)
        if certain and self._stays_steady(kept) and self._is_narrow(kept):
            return self._end(HoldOutcome.HELD, whole, kept)
        return None

    def _at_last(self, whole: Leaves, kept: Sequence[LevelPart]) -> LevelEnd | None:
        """It may be held no longer, unless it seems to drift: that is looked at twice as long."""
        if self._is_steady(kept):
            return self._end(HoldOutcome.HELD, whole, kept)
        if self._elapsed_s < 2 * self._rule.max_s - 1e-6:
            return None
        return self._end(HoldOutcome.DRIFTED, whole, kept)

    def _settled(self) -> list[LevelPart]:
        """Without the transient."""
        skipped_s, kept = 0.0, list(self._parts)
        while kept and skipped_s < self._rule.settle_s - 1e-6:
            skipped_s += kept.pop(0).seconds
        return kept[settled_from(mean_times(kept)) :]

    def _look_at(self, place: int, limit: Threshold, whole: Leaves, kept: Sequence[LevelPart]) -> LimitLook:
        verdict = judge(limit, whole)
        if not is_ratio(limit):
            # Of nothing there is nothing wrong.
            holds = verdict.held or verdict.measured is None
            return LimitLook(verdict, Sides(holds, not holds, holds))
        estimate = ratio([part.pairs[place] for part in kept], self._rule.certain)
        return LimitLook(verdict, UNKNOWN if estimate is None else sides(limit, estimate))

    def _is_steady(self, kept: Sequence[LevelPart]) -> bool:
        """Whether the response time has not grown."""
        grown = growth(mean_times(kept), SURE)
        return grown is None or grown.low <= 0 or grown.value <= MAX_GROWTH

    def _stays_steady(self, kept: Sequence[LevelPart]) -> bool:
        """The same, up to the longest time that it may be held."""
        grown, seconds = growth(mean_times(kept), SURE), sum(part.seconds for part in kept)
        return grown is None or grown.low <= 0 or grown.value * self._rule.max_s / seconds <= MAX_GROWTH

    def _is_narrow(self, kept: Sequence[LevelPart]) -> bool:
        p95 = quantile_within(0.95, [part.times for part in kept])
        return p95 is not None and p95.half_width <= self._rule.narrow * p95.value

    def _broken(
        self, broken: Sequence[LimitLook], undone: Sequence[str], whole: Leaves, kept: Sequence[LevelPart]
    ) -> LevelEnd:
        verdicts = [look.verdict for look in broken]
        own = own_limit(kept, whole, [verdict.threshold for verdict in verdicts], self._max_lag_s)
        end = self._end(HoldOutcome.OWN_LIMIT if own else HoldOutcome.BROKE, whole, kept)
        places = [self._limits.index(verdict.threshold) for verdict in verdicts]
        return attrs.evolve(
            end,
            by=(*([own] if own else []), *map(str, verdicts), *undone),
            limits=tuple(verdict.threshold for verdict in verdicts),
            is_sure=bool(undone) or any(look.sides.surely_broken for look in broken),
            collapsed_s=next(filter(None, (collapse(self._parts, self._limits, at) for at in places)), None),
            where=next(filter(None, (blamed_for(self._limits[at], whole) for at in places)), None),
        )

    def _end(self, outcome: HoldOutcome, whole: Leaves, kept: Sequence[LevelPart]) -> LevelEnd:
        by = ("the response time grew and grew",) if outcome is HoldOutcome.DRIFTED else ()
        pairs = tuple(added(part.pairs[at] for part in kept) for at in range(len(self._limits)))
        measured = measured_of(kept, whole)
        spreads = tuple(spread([part.pairs[at] for part in kept]) for at in range(len(self._limits)))
        return LevelEnd(
            self._level, outcome, self._elapsed_s, by, pairs=pairs, spreads=spreads, measured=measured
        )


def is_broken(look: LimitLook, *, may_decide: bool, is_last: bool) -> bool:
    if look.is_count:
        return look.sides.surely_broken
    if is_last:
        return not look.sides.seems_to_hold
    return may_decide and look.sides.surely_broken


def collapse(parts: Sequence[LevelPart], limits: Sequence[Threshold], place: int) -> float | None:
    """After how many seconds this limit broke for good, having held for at least `MIN_HELD_S`."""
    limit = limits[place]
    if not is_ratio(limit):
        return None
    estimates = [ratio([part.pairs[place]]) for part in parts]
    holds = [each is None or sides(limit, each).seems_to_hold for each in estimates]
    best, at = -1, 0
    for split in range(len(holds) + 1):
        right = sum(holds[:split]) + sum(not each for each in holds[split:])
        if right > best:
            best, at = right, split
    before, after = holds[:at], holds[at:]
    held_s = fsum(part.seconds for part in parts[:at])
    is_clear = sum(before) >= CLEAR * len(before) and sum(after) <= (1 - CLEAR) * len(after)
    return held_s if is_clear and after and held_s >= MIN_HELD_S else None
