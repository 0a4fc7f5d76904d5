"""What a search has found, as values for whoever tells it."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from sim.load.capacity_search import CapacityFound, Purpose
from sim.load.level_hold import HoldOutcome, LevelEnd
from sim.measure.curve import CapacityAnswer, CurvePoint


def answer_of(found: CapacityFound, unit: str, max_level: float) -> CapacityAnswer:
    """The answer so far, and the curve."""
    held, broke = found.held, found.broke
    own = broke is not None and broke.outcome is HoldOutcome.OWN_LIMIT
    at = held.level if held is not None else 0.0
    curve = tuple(point_of(ends, at) for ends in by_level(found))
    return CapacityAnswer(
        unit=unit,
        held=next((point for point in curve if held is not None and point.level == held.level), None),
        broke=next((point for point in curve if broke is not None and point.level == broke.level), None),
        is_bounded_by_server=broke is not None and not own,
        confirmation=found.confirmation.value,
        recovers=found.recovers,
        rested_at=found.rested_at,
        is_over=found.is_over,
        max_level=max_level,
        curve=curve,
        between=found.between,
    )


def by_level(found: CapacityFound) -> list[list[LevelEnd]]:
    """All holds that measured something, level by level, ascending; a rest measures nothing."""
    levels: dict[float, list[LevelEnd]] = {}
    for purpose, end in found.ends:
        if purpose is not Purpose.REST:
            levels.setdefault(end.level, []).append(end)
    return [ends for _, ends in sorted(levels.items())]


def point_of(ends: Sequence[LevelEnd], highest: float) -> CurvePoint:
    """One level, by the hold that says most about it: of those that ended as the level is, the longest."""
    holds = ends[0].level <= highest
    said = max(ends, key=lambda end: (end.is_held is holds, end.is_sure, end.seconds))
    return CurvePoint(
        level=said.level,
        held=holds,
        outcome=said.outcome.value,
        seconds=fsum(end.seconds for end in ends),
        by=said.by,
        collapsed_s=said.collapsed_s,
        where=said.where,
        measured=said.measured,
    )
