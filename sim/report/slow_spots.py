"""Where users waited: which step, which tool."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

import attrs

from sim.report.result import Result
from sim.report.result_figures import CallCounts


@attrs.frozen
class Spot:
    """Where users waited: a step, a tool, a region.

    Attributes:
        share: of all waiting, 0..1.
        mean, p95: seconds.
    """

    name: str
    share: float
    mean: float
    p95: float | None
    count: int


def spots(parts: Mapping[str, CallCounts]) -> list[Spot]:
    """By how much of all waiting fell to each, the most first."""
    waits = {name: _waited(calls) for name, calls in parts.items() if calls.latency.mean is not None}
    total = fsum(waits.values()) or 1.0
    found = [
        Spot(
            name,
            waited / total,
            parts[name].latency.mean or 0.0,
            parts[name].latency.p95,
            parts[name].successful,
        )
        for name, waited in waits.items()
    ]
    return sorted(found, key=lambda spot: (-spot.share, spot.name))


def step_spots(result: Result) -> list[Spot]:
    """Of steps, by `WORKFLOW.STEP`."""
    return spots(
        {
            f"{name}.{step}": calls
            for name, story in result.workflows.items()
            for step, calls in story.steps.items()
        }
    )


def _waited(calls: CallCounts) -> float:
    return (calls.latency.mean or 0.0) * calls.successful
