"""Results of runs that nobody made: their calls are drawn, and known to the last one.

A run has 60 seconds. Seconds differ, each resembling the one before it (AR(1) on the logarithm), and so do
runs; calls are lognormal around that. Distributions go through the product's own sketches.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from random import Random
from typing import Any

import attrs

from sim.measure.bins import BIN_EDGES_S
from sim.measure.sketch import Sketch
from sim.report.build_detail import points
from sim.report.result import Result
from sim.report.result_course import RowTimes, TimelineRow, Timeseries
from sim.report.result_end import Consistency, WallClock
from sim.report.result_figures import SketchPair
from sim.runtime.clock import run_virtual
from tests.support.facts import call, recorder_of, result_of

CALM_S = 0.03
"""The middle of all calls."""


@attrs.frozen
class Made:
    """What a run is like.

    Attributes:
        spread: relative standard deviation between runs, of each metric.
        rho, wobble: how much a second resembles the one before it, and how much seconds differ.
        slower: factor on all calls; `tail` on the slowest fifth of them alone.
        busier: factor on the throughput.
        errors: share of calls that fail.
    """

    spread: float = 0.05
    rho: float = 0.6
    wobble: float = 0.1
    slower: float = 1.0
    tail: float = 1.0
    busier: float = 1.0
    errors: float = 0.01
    seconds: int = 60
    per_s: int = 20
    propagations: int = 250


USUAL = Made()


@cache
def skeleton() -> Result:
    """A whole document of a run with a single call, in which figures are then replaced."""

    async def make() -> Result:
        return result_of(recorder_of([call(0.1)]))

    return run_virtual(make, 0)


def made_run(name: str, made: Made = USUAL, **fields: Any) -> Result:
    """The run of this name: the same name, the same run."""
    return attrs.evolve(_made(name, made), **fields)


@lru_cache(maxsize=256)
def _made(name: str, made: Made) -> Result:
    random = Random(f"{name}/made")
    level = made.slower * math.exp(random.gauss(0, made.spread))
    tempo = made.busier * math.exp(random.gauss(0, made.spread))
    service, wave, rows = Sketch(), 0.0, []
    rate = min(1.0, made.errors * math.exp(random.gauss(0, 0.3))) if made.errors else 0.0
    failed = 0
    for second in range(made.seconds):
        per_s = max(1, int(made.per_s * tempo + random.random()))
        wave = made.rho * wave + random.gauss(0, made.wobble * math.sqrt(1 - made.rho**2))
        times = [one_call(random, made.tail) * level * math.exp(wave) for _ in range(per_s)]
        errors = sum(random.random() < rate for _ in times)
        failed += errors
        for seconds in times:
            service.add(seconds)
        rows.append(row_of(second, times, errors))
    seen = Sketch()
    for _ in range(made.propagations):
        seen.add(one_call(random, made.tail) * level * 3)
    return _with(service, seen, rows, failed, made, random)


def one_call(random: Random, tail: float) -> float:
    """Seconds; the slowest fifth is drawn out by `tail`."""
    z = random.gauss(0, 1)
    return CALM_S * math.exp(0.5 * z) * (tail if z > 0.8416 else 1.0)


def row_of(second: int, times: list[float], errors: int) -> TimelineRow:
    ordered = sorted(times)
    bins = [0] * (len(BIN_EDGES_S) + 1)
    for seconds in ordered:
        bins[sum(seconds >= edge for edge in BIN_EDGES_S)] += 1
    p50, p95 = ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
    return TimelineRow(
        at=float(second),
        operations=len(times),
        errors=errors,
        workflows=1,
        users=5,
        mean=sum(times) / len(times),
        max=ordered[-1],
        phase="measured",
        service=RowTimes(p50, p95, ordered[-1], ordered[-1]),
        bins=tuple(bins),
    )


def _with(
    service: Sketch, seen: Sketch, rows: list[TimelineRow], failed: int, made: Made, random: Random
) -> Result:
    model, nothing = skeleton(), points(Sketch())
    kept = attrs.evolve(
        model.sketches,
        calls=SketchPair(points(service), nothing),
        propagation={"note_share.propagation": points(seen)},
    )
    counts = attrs.evolve(
        model.calls,
        total=service.count,
        successful=service.count - failed,
        failed=failed,
        answered=service.count,
    )
    return attrs.evolve(
        model,
        clock="wall",
        exit_code=0,
        seed=random.randrange(2**32),
        run_id=f"{random.randrange(2**32):08x}",
        wall_clock=WallClock("2026-11-23T09:00:00+00:00", 0.2),
        generator=attrs.evolve(model.generator, cpu=0.2),
        summary=attrs.evolve(model.summary, duration=float(made.seconds), total_operations=service.count),
        sketches=kept,
        calls=counts,
        timeseries=Timeseries(1.0, tuple(rows)),
    )


def with_violations(result: Result, **kinds: int) -> Result:
    """The same, with violations of these kinds."""
    return attrs.evolve(result, consistency={"note_share": Consistency(kinds, 0, ())})


def named_runs(prefix: str, count: int, made: Made = USUAL, **fields: Any) -> list[tuple[str, Result]]:
    """So many of them, as a comparison takes them."""
    return [(f"{prefix}{i}.json", made_run(f"{prefix}/{i}", made, **fields)) for i in range(1, count + 1)]
