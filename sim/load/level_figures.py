"""What a level shows: its figures with intervals, and where it is slow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from math import fsum

import attrs

from sim.config.grammar.threshold import Threshold, Unit
from sim.load.level_parts import LevelPart
from sim.measure.batch_means import Estimate, ratio
from sim.measure.curve import LevelMeasured, StepPlace
from sim.measure.leaves import CallSums, Leaves, StepLeaf
from sim.measure.limit_ratios import quantile_within

MIN_CALLS = 20
"""A step with fewer calls is not named as the slowest one."""


def measured_of(parts: Sequence[LevelPart], whole: Leaves) -> LevelMeasured | None:
    """None where nothing came to an end."""
    seconds = fsum(part.seconds for part in parts)
    calls = sum(part.counts.total for part in parts)
    throughput = ratio([(part.counts.answered, part.seconds) for part in parts])
    succeeded = ratio([(part.succeeded, part.seconds) for part in parts])
    if not calls or throughput is None or succeeded is None:
        return None
    times = [part.times for part in parts]
    spent, timed = sum(each.total for each in times), sum(each.count for each in times)
    cpu_s = fsum(part.cpu_s for part in parts)
    return LevelMeasured(
        seconds=seconds,
        calls=calls,
        throughput=at_least_none(throughput),
        succeeded=at_least_none(succeeded),
        p50=quantile_within(0.5, times),
        p95=quantile_within(0.95, times),
        mean=spent / timed if timed else None,
        errors=share_of_errors(parts),
        slowest=slowest_of(whole),
        own_cpu=cpu_s / seconds if cpu_s else None,
    )


def at_least_none(estimate: Estimate) -> Estimate:
    """What cannot be negative is not."""
    return attrs.evolve(estimate, low=max(0.0, estimate.low))


def share_of_errors(parts: Sequence[LevelPart]) -> Estimate | None:
    pairs = [(part.counts.failed, part.counts.total - part.counts.interrupted) for part in parts]
    found = ratio([(float(failed), float(ended)) for failed, ended in pairs])
    return None if found is None else attrs.evolve(at_least_none(found), high=min(1.0, found.high))


def slowest_of(leaves: Leaves) -> StepPlace | None:
    """The step with the highest p95."""
    steps = by_step(leaves)
    timed = [place_of(at, leaf) for at, leaf in steps.items() if leaf.service.count >= MIN_CALLS]
    return max(timed, key=lambda place: place.p95 or 0.0, default=None)


def blamed_for(limit: Threshold, leaves: Leaves) -> StepPlace | None:
    """Where most of what breaks `limit` happens: the step with the most calls beyond its bound, or with the
    most that failed; None where there is no such step.
    """
    weigh: Callable[[StepLeaf], float]
    if limit.unit is Unit.SECONDS:
        weigh = partial(count_over, limit.bound)
    elif limit.metric.name == "errors":
        weigh = count_failed
    else:
        return None
    at, leaf = max(by_step(leaves).items(), key=lambda item: weigh(item[1]), default=(None, None))
    return place_of(at, leaf) if at is not None and leaf is not None and weigh(leaf) else None


Place = tuple[str, str, str]
"""Workflow, step and tool."""


def by_step(leaves: Leaves) -> dict[Place, StepLeaf]:
    """Whatever the group and region."""
    steps: dict[Place, StepLeaf] = {}
    for key, leaf in leaves.steps.items():
        if key.workflow:
            steps.setdefault((key.workflow, key.step, key.tool), StepLeaf()).absorb(leaf)
    return steps


def place_of(at: Place, leaf: StepLeaf) -> StepPlace:
    counts = CallSums.of(leaf.outcomes)
    ended = counts.total - counts.interrupted
    return StepPlace(*at, leaf.service.quantile(0.95), counts.failed / ended if ended else 0.0)


def count_over(bound_s: float, leaf: StepLeaf) -> float:
    return math.fsum(weight for sample, weight in leaf.service.weighted() if sample >= bound_s)


def count_failed(leaf: StepLeaf) -> float:
    return float(CallSums.of(leaf.outcomes).failed)
