"""What all holds of a search say together: up to which level the limits hold, and from which on they do not.

A hold is short, and near its bound a limit holds or breaks by chance. But no server gets faster the more
users it has: so the figures of neighbouring levels are judged together, by that rising sequence which fits
all of them best (isotonic regression by pooling adjacent violators; Barlow et al., Statistical Inference
under Order Restrictions, 1972), each with the weight of its calls. What is no matter of chance breaks a
level for good: a count, arrivals that were not carried out, a response time that grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from sim.config.grammar.threshold import Aggregate, Comparison, Threshold, Unit
from sim.load.level_hold import HoldOutcome, LevelEnd
from sim.measure.batch_means import Estimate, Pair, added
from sim.measure.limit_ratios import is_ratio, sides


class Evidence:
    """Told of every hold that may decide.

    Attributes:
        ends: by level, what was held there.
    """

    def __init__(self, limits: Sequence[Threshold]) -> None:
        self._limits = tuple(limits)
        self.ends: dict[float, list[LevelEnd]] = {}

    def note(self, end: LevelEnd) -> None:
        """One more."""
        self.ends.setdefault(end.level, []).append(end)

    @property
    def low(self) -> float | None:
        """The highest level below which, and at which, all holds; None: there is none."""
        high = self.high
        below = [level for level in self.ends if high is None or level < high]
        return max(below, default=None)

    @property
    def high(self) -> float | None:
        """The lowest level that does not hold; None: all do."""
        levels = sorted(self.ends)
        broken = {level for level in levels if any(is_hard(end) for end in self.ends[level])}
        for place, limit in enumerate(self._limits):
            broken |= set(self._beyond(place, limit, levels))
        return min(broken, default=None)

    def _beyond(self, place: int, limit: Threshold, levels: Sequence[float]) -> Iterable[float]:
        if not is_ratio(limit):
            return ()
        pairs = [added(end.pairs[place] for end in self.ends[level] if end.pairs) for level in levels]
        fitted = rising(pairs) if rises(limit) else [x / n if n else None for x, n in pairs]
        known = ((level, value) for level, value in zip(levels, fitted, strict=True) if value is not None)
        return [level for level, value in known if not seems_to_hold(limit, value)]

    def forget_what_held_shortly(self, thoroughly: Iterable[float]) -> None:
        """Short holds are not to be trusted: only at these levels what held still does."""
        kept = set(thoroughly)
        for level in [level for level in self.ends if level not in kept]:
            if rest := [end for end in self.ends[level] if not end.is_held]:
                self.ends[level] = rest
            else:
                del self.ends[level]

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
