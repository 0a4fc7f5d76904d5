"""What all holds of a search say together: up to which level the limits hold, and from which on they do not.

A hold is short, and near its bound a limit holds or breaks by chance. But no server gets faster the more
users it has: so the figures of neighbouring levels are judged together, by that rising sequence which fits
all of them best (isotonic regression by pooling adjacent violators; Barlow et al., Statistical Inference
under Order Restrictions, 1972), each with the weight of its calls. Between the levels that this leaves in
doubt a curve decides (`sim.measure.crossing`): what 24 users say of 22 is not lost. What is no matter of
chance breaks a level for good: a count, arrivals that were not carried out, a response time that grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

import attrs

from sim.config.grammar.threshold import Aggregate, Comparison, Threshold, Unit
from sim.load.level_hold import HoldOutcome, LevelEnd
from sim.measure.batch_means import Estimate, Pair, added
from sim.measure.crossing import Crossing, SharePoint, crossing
from sim.measure.limit_ratios import is_ratio, share_allowed, sides


class Evidence:
    """Told of every hold that may decide.

    Attributes:
        ends: by level, what was held there.
        low: the highest level below which, and at which, all holds; None: there is none.
        high: the lowest level that does not hold; None: all do.
        crossing: where the limit that sets `high` is crossed; None: no matter of chance, or not known.
    """

    def __init__(self, limits: Sequence[Threshold]) -> None:
        self._limits = tuple(limits)
        self.ends: dict[float, list[LevelEnd]] = {}
        self.low: float | None = None
        self.high: float | None = None
        self.crossing: Crossing | None = None

    def note(self, end: LevelEnd) -> None:
        """One more."""
        self.ends.setdefault(end.level, []).append(end)
        self._judge()

    def _judge(self) -> None:
        levels = sorted(self.ends)
        hard = [level for level in levels if any(is_hard(end) for end in self.ends[level])]
        self.high, self.crossing = min(hard, default=None), None
        for place, limit in enumerate(self._limits):
            high, found = self._beyond(place, limit, levels)
            if high is not None and (self.high is None or high < self.high):
                self.high, self.crossing = high, found
        self.low = max((at for at in levels if self.high is None or at < self.high), default=None)

    def _beyond(
        self, place: int, limit: Threshold, levels: Sequence[float]
    ) -> tuple[float | None, Crossing | None]:
        """The lowest level that is beyond this limit, and where that is crossed."""
        if not is_ratio(limit):
            return None, None
        pairs = [added(end.pairs[place] for end in self.ends[level] if end.pairs) for level in levels]
        fitted = rising(pairs) if rises(limit) else [x / n if n else None for x, n in pairs]
        known = [(level, value) for level, value in zip(levels, fitted, strict=True) if value is not None]
        high = min((level for level, value in known if not seems_to_hold(limit, value)), default=None)
        low = max((level for level, _ in known if high is not None and level < high), default=None)
        bound = share_allowed(limit)
        if high is None or low is None or bound is None or not rises(limit):
            return high, None
        found = crossing(list(self._points(place)), bound, low, high)
        if found is None or found.at is None:
            return high, found
        # That the highest of all is beyond, all levels say together.
        return min((at for at, _ in known if at > found.at), default=known[-1][0]), found

    def _points(self, place: int) -> Iterable[SharePoint]:
        """What each hold says of one limit."""
        for level, ends in self.ends.items():
            for end in ends:
                if end.pairs:
                    yield SharePoint(level, *end.pairs[place], end.spreads[place] if end.spreads else 0.0)

    def forget_what_held_shortly(self, thoroughly: Iterable[float]) -> None:
        """Short holds are not to be trusted: only at these levels what held still does."""
        kept = set(thoroughly)
        for level in [level for level in self.ends if level not in kept]:
            if rest := [end for end in self.ends[level] if not end.is_held]:
                self.ends[level] = rest
            else:
                del self.ends[level]
        self._judge()

    def seconds_at(self, level: float) -> float:
        """For how long it was held in all."""
        return fsum(end.seconds for end in self.ends[level])

    def best_of(self, level: float) -> LevelEnd:
        """The hold that says most about this level: one that held, and of these the longest."""
        return max(self.ends[level], key=lambda end: (end.is_held, end.seconds))

    def worst_of(self, level: float) -> LevelEnd:
        """The hold that says most about why this level does not hold."""
        return max(self.ends[level], key=lambda end: (not end.is_held, end.is_sure, end.seconds))


def is_hard(end: LevelEnd) -> bool:
    """Whether no other hold makes it good."""
    if end.outcome in (HoldOutcome.DRIFTED, HoldOutcome.OWN_LIMIT):
        return True
    return end.outcome is HoldOutcome.BROKE and not (end.limits and all(map(is_ratio, end.limits)))


def rises(limit: Threshold) -> bool:
    """Whether what it measures can only get worse with more load."""
    is_upper = limit.comparison in (Comparison.LESS, Comparison.AT_MOST)
    return is_upper and limit.unit in (Unit.SECONDS, Unit.FRACTION) and limit.aggregate is not Aggregate.COUNT


def seems_to_hold(limit: Threshold, value: float) -> bool:
    return sides(limit, Estimate(value, value, value)).seems_to_hold


@attrs.define
class _Block:
    """Neighbours that are judged as one."""

    x: float
    n: float
    size: int


def rising(pairs: Sequence[Pair]) -> list[float | None]:
    """The ratios, made to rise; None where nothing was measured."""
    blocks: list[_Block] = []
    for x, n in pairs:
        if not n:
            continue
        blocks.append(_Block(x, n, 1))
        while len(blocks) > 1 and blocks[-2].x * blocks[-1].n > blocks[-1].x * blocks[-2].n:
            last = blocks.pop()
            blocks[-1] = _Block(blocks[-1].x + last.x, blocks[-1].n + last.n, blocks[-1].size + last.size)
    fitted = iter([block.x / block.n for block in blocks for _ in range(block.size)])
    return [next(fitted) if n else None for _, n in pairs]
