"""Batches of a level that is held: windows of equal length, and what is asked of each."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import attrs

from actors.events import Ending
from sim.config.grammar.threshold import Threshold
from sim.measure.batch_means import Pair
from sim.measure.leaves import CallSums, Leaves
from sim.measure.limit_ratios import is_ratio, pair_of
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot


@attrs.frozen
class LevelPart:
    """One batch.

    Attributes:
        leaves: what ended in it, as if all of it had begun in the measured phase.
        times: of successful calls.
        pairs: of each limit, (0, 0) where it has none.
    """

    seconds: float
    leaves: Leaves
    times: Sketch
    counts: CallSums
    succeeded: int
    pairs: tuple[Pair, ...]
    cpu_s: float = 0.0
    stalled_s: float = 0.0

    @staticmethod
    def merged(parts: Sequence[LevelPart], limits: Sequence[Threshold]) -> LevelPart:
        """One of several that follow each other."""
        if len(parts) == 1:
            return parts[0]
        merged = made_of(Leaves.merged(part.leaves for part in parts), limits)
        return attrs.evolve(
            merged,
            seconds=fsum(part.seconds for part in parts),
            cpu_s=fsum(part.cpu_s for part in parts),
            stalled_s=fsum(part.stalled_s for part in parts),
        )


def part_of(window: Snapshot, limits: Sequence[Threshold]) -> LevelPart:
    """One of a window."""
    leaves = window.leaves.all_measured()
    leaves.seconds = window.seconds
    cpu_s = window.generator.cpu_s if window.generator else 0.0
    made = made_of(leaves, limits)
    return attrs.evolve(made, cpu_s=cpu_s, stalled_s=window.stalled_s)


def made_of(leaves: Leaves, limits: Sequence[Threshold]) -> LevelPart:
    pairs = (pair_of(limit, leaves) if is_ratio(limit) else (0.0, 0.0) for limit in limits)
    stories = leaves.stories.values()
    return LevelPart(
        seconds=leaves.seconds,
        leaves=leaves,
        times=Sketch.merged(leaf.service for leaf in leaves.steps.values()),
        counts=leaves.counts_in(),
        succeeded=sum(story.endings[Ending.SUCCEEDED] for story in stories),
        pairs=tuple(pairs),
    )


def halved(parts: Sequence[LevelPart], limits: Sequence[Threshold]) -> list[LevelPart]:
    """Half as many, of two each."""
    return [LevelPart.merged(pair, limits) for pair in zip(parts[::2], parts[1::2], strict=False)]


def mean_times(parts: Sequence[LevelPart]) -> list[float]:
    """Mean service time of each; where nothing ended, that of the one before."""
    means: list[float] = []
    for part in parts:
        before = means[-1] if means else 0.0
        means.append(part.times.mean if part.times.mean is not None else before)
    return means
