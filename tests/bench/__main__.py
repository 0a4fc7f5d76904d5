"""Benchmarks: `python -m tests.bench [--smoke]` prints one table of figures for this machine.

CPU time is that of this process (user and system), the median of several rounds. Servers run in
processes of their own and do not count.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from random import Random

import trio
from rich.console import Console
from rich.table import Table

from actors.errors import Outcome
from actors.events import Call
from actors.inbox import Inbox
from actors.messages import Done, Step
from sim.measure.sketch import Sketch
from tests.bench.clients import clients
from tests.bench.crowd import run_crowd
from tests.bench.scale import scale, steady
from tests.bench.timing import timing
from tests.support.tallying import Recorder

ROUNDS = 5

Figure = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a hundredth of the work: only that it runs")
    smoke: bool = parser.parse_args().smoke
    table = Table("figure", "value", title=f"{sys.platform}, Python {sys.version.split()[0]}")
    for name, value in small_figures() if smoke else figures():
        table.add_row(name, value)
        print(f"{name}: {value}", file=sys.stderr)
    Console(width=120).print(table)


def figures() -> Iterator[Figure]:
    yield from clients(20_000)
    yield from crowd(200, 20)
    yield from scale((100, 1_000, 10_000))
    yield steady(1_000_000)
    yield from core(100_000)
    yield from timing(10, (10_000, 100_000), users=500, minutes=60)


def small_figures() -> Iterator[Figure]:
    """The same, so small that it only shows that it runs."""
    yield from clients(400)
    yield from crowd(10, 1)
    yield from scale((20,))
    yield steady(1_000)
    yield from core(1_000)
    yield from timing(1, (100,), users=10, minutes=1)


def core(samples: int) -> Iterator[Figure]:
    yield "record, amortised over all that a call feeds", f"{1e6 * recording(samples):.2f} µs CPU a call"
    yield from sketch_errors(samples * 10)
    yield "inbox, ask and reply", f"{1e6 * asking(samples // 10):.1f} µs CPU"


def median_of(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def recording(calls: int) -> float:
    """CPU seconds a call that the recorder takes in."""

    async def run() -> float:
        recorder, random = Recorder(), Random(1)
        facts = [
            Call("story", f"step_{i % 6}", "tool", f"user_{i % 50}", i, Outcome.OK, 0.0, random.random())
            for i in range(calls)
        ]
        began = time.process_time()
        for fact in facts:
            recorder(fact)
        return (time.process_time() - began) / calls

    return median_of(lambda: trio.run(run))


def sketch_errors(count: int) -> Iterator[Figure]:
    """The sketch against exact order statistics; and what merging ten of them adds."""
    random = Random(2)
    shapes = {
        "lognormal": [random.lognormvariate(-3, 0.8) for _ in range(count)],
        "bimodal": [random.gauss(0.02, 0.002) if i % 10 else random.gauss(0.5, 0.05) for i in range(count)],
    }
    for name, samples in shapes.items():
        whole, tenths = Sketch(), [Sketch() for _ in range(10)]
        for place, sample in enumerate(samples):
            whole.add(sample)
            tenths[place % 10].add(sample)
        merged = Sketch.merged(tenths)
        samples.sort()
        exact = {q: samples[math.ceil(q * count) - 1] for q in (0.5, 0.95, 0.99, 0.999)}
        errors = ", ".join(f"p{100 * q:g} {off(whole, q, value):.3f} %" for q, value in exact.items())
        yield f"sketch error, {count} {name} samples", errors
        between = max(off(merged, q, whole.quantile(q) or 0.0) for q in exact)
        yield f"merged against unmerged, {name}", f"at most {between:.3f} %"


def off(sketch: Sketch, q: float, value: float) -> float:
    """Percent by which the quantile is off."""
    return 100 * abs((sketch.quantile(q) or 0.0) / value - 1)


def asking(asks: int) -> float:
    """CPU seconds for one step to a user and its reply back."""

    async def run() -> float:
        inbox, step = Inbox("bob", 64), Step("story", "step", "tool", {}, 1)

        async def serve() -> None:
            while (envelope := await inbox.next()) is not None:
                envelope.answer(Done(None, 0.0, 0.0))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            began = time.process_time()
            for _ in range(asks):
                await inbox.ask(step)
            spent = time.process_time() - began
            inbox.close_entry()
        return spent / asks

    return median_of(lambda: trio.run(run))


def crowd(users: int, seconds: int) -> Iterator[Figure]:
    """A whole run, from the command line, against a stand-in in another process."""
    few, many = run_crowd(2, seconds), run_crowd(users, seconds)
    yield f"operations a second, {users} users", f"{many.operations / many.measured_s:.0f}"
    yield "client CPU an operation, whole run", f"{1e6 * many.generator_cpu_s / many.operations:.0f} µs"
    memory = (many.peak_kib - few.peak_kib) / (users - 2)
    yield "memory a user on stage", f"{memory:.0f} KiB (peak {many.peak_kib / 1024:.0f} MiB)"


if __name__ == "__main__":
    main()
