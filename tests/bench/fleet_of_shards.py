"""A crowd from several processes: two beside one, what a call costs, and what coordinating does."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import trio

from sim.fleet.dask_cluster import LocalProcesses
from sim.fleet.dask_engine import open_dask_engine
from sim.fleet.fleet import Fleet
from sim.fleet.fleet_tally import FleetTally
from sim.fleet.on_our_clock import window_of
from sim.fleet.shard_messages import Begin, Figures, Happened
from sim.fleet.shard_state import ShardState
from sim.measure.hub import Hub
from tests.bench.rounds import Figure
from tests.support.processes import environment, running_standin


def figures() -> Iterator[Figure]:
    yield from beside_each_other(40, 6, 3)
    yield a_crowd(20_000, 20)
    yield coordinating(8, 15.0)


def small_figures() -> Iterator[Figure]:
    yield coordinating(1, 1.0)


def beside_each_other(users: int, seconds: int, rounds: int) -> Iterator[Figure]:
    """In turns, against one null server, which needs a core of its own; else look at what a call costs."""
    with running_standin(null_mcp=True, people=users, json_response=True) as server:
        load = ("--think", "0ms", "--warmup", "1s", "--duration", f"{seconds}s", "--mix", "baseline=1")
        turns = [
            (one(server.mcp_url, users, 1, *load), one(server.mcp_url, users, 2, *load))
            for _ in range(rounds)
        ]
    yield "calls a second, two shards : one", f"{median(two[0] / alone[0] for alone, two in turns):.2f}"
    for name, place in (("one process", 0), ("two shards", 1)):
        rates, costs = zip(*(turn[place] for turn in turns), strict=True)
        yield (
            f"{name}",
            f"{median(rates):,.0f} calls/s, {1e6 * median(costs):.0f} µs CPU a call, set-up included",
        )


def a_crowd(users: int, seconds: int) -> Figure:
    """On stage in two shards, up a ramp, there, and down."""
    with running_standin(null_mcp=True, people=users, json_response=True) as server:
        stage = ("--stage", f"{seconds}s:{users},{seconds}s:{users},{seconds}s:0", "--think", "exp:20s")
        rate, cost = one(server.mcp_url, users, 2, *stage, "--warmup", "0", "--setup-concurrency", "50")
    return f"{users} users in two shards, null server", f"{rate:,.0f} calls/s, {1e6 * cost:.0f} µs CPU a call"


def one(url: str, users: int, shards: int, *load: str) -> tuple[float, float]:
    """Calls a second, and CPU seconds that one cost, of a whole run with its set-up."""
    with TemporaryDirectory() as folder:
        state = Path(folder)
        (state / "people").write_text("".join(f"user_{n} user_{n}\n" for n in range(1, users + 1)))
        said = ["--url", url, "--accounts", "people", "--auth", "basic", "--no-cleanup", "--no-history"]
        words = [*said, "--quiet", "--output", "run.json", "--shards", str(shards), *load]
        crowd = () if "--stage" in load else ("--users", str(users))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "sim", *words, *crowd],
            cwd=state,
            env=environment({"NEXTCLOUD_HOST": ""}, state),
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = json.loads((state / "run.json").read_text())
    calls = result["calls"]["total"]
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return calls / result["summary"]["duration"], spent_s / calls


def coordinating(shards: int, seconds: float) -> Figure:
    """The coordinator's share of a core: the engine, usual windows, and adding them up each second."""
    share = trio.run(partial(coordinate, shards, seconds))
    return f"coordinator, of {shards} shards that tell usual windows", f"{share:.1%} of a core"


async def coordinate(shards: int, seconds: float) -> float:
    tally = FleetTally()
    hub = Hub(tally)

    def take(_: object, shard: ShardState, message: Figures | Happened) -> None:
        if isinstance(message, Figures):
            tally.put_window(shard.number, window_of(message, shard.started_at))

    program = "tests.support.fleet_programs:figuring"
    async with open_dask_engine(LocalProcesses(shards), program) as engine, trio.open_nursery() as nursery:
        fleet = Fleet(engine, hub.emit, lambda shard, lines: None, take, lambda shard: None)
        for act in (fleet.listen, fleet.beat, fleet.watch, hub.tick):
            nursery.start_soon(act)
        fleet.start(Begin("bench", number, shards, {}) for number in range(1, shards + 1))
        await fleet.until(lambda: all(shard.is_ready for shard in fleet.there))
        await trio.sleep(min(3.0, seconds))
        cpu, begun = sum(os.times()[:2]), time.monotonic()
        await trio.sleep(seconds)
        share = (sum(os.times()[:2]) - cpu) / (time.monotonic() - begun)
        fleet.stop(1)
        await fleet.until(lambda: not fleet.there)
        nursery.cancel_scope.cancel()
    return share
