"""What a coordinator spends a second on the windows of many shards: read, checked, and added up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import msgspec
import trio

from actors.errors import Outcome
from actors.events import Call, Phase, PhaseBegan
from sim.fleet.fleet_tally import FleetTally
from sim.fleet.on_our_clock import window_of
from sim.fleet.shard_messages import Figures, from_shard
from sim.measure.snapshot import Snapshot
from sim.runtime.clock import run_virtual
from tests.bench.rounds import Figure
from tests.support.tallying import Recorder

STEPS = 40
TICKS = 20


def figures() -> Iterator[Figure]:
    for shards, calls in ((8, 200), (32, 20), (32, 200), (32, 1000)):
        yield from ticks(shards, calls, TICKS)


def small_figures() -> Iterator[Figure]:
    yield from ticks(4, 20, 2)


def ticks(shards: int, calls: int, count: int) -> Iterator[Figure]:
    texts = [run_virtual(lambda: told(number, calls, count), number) for number in range(1, shards + 1)]  # noqa: B023
    spent = sorted(run_virtual(lambda: merged(texts, count), 1))
    size = len(texts[0][0])
    name = f"{shards} shards' windows of {calls} calls ({size:,} bytes each) in one second's tick"
    yield name, f"{1e3 * spent[len(spent) // 2]:.1f} ms CPU (most {1e3 * spent[-1]:.1f})"


async def told(shard: int, calls: int, count: int) -> list[bytes]:
    """The windows of one shard, as it sends them."""
    recorder, random = Recorder(phase=Phase.MEASURED), Random(shard)
    texts = []
    for _ in range(count):
        now = trio.current_time()
        for number in range(calls):
            place = number % STEPS
            took_s = random.lognormvariate(-3, 0.8)
            recorder(
                Call(
                    f"story_{place % 8}",
                    f"step_{place}",
                    f"tool_{place % 12}",
                    f"user_{shard}_{number}",
                    number,
                    Outcome.OK,
                    now,
                    now + took_s,
                )
            )
        await trio.sleep(1)
        window = recorder.close_window(trio.current_time())
        texts.append(msgspec.json.encode(Figures(shard, window.to_json())))
    return texts


async def merged(texts: list[list[bytes]], count: int) -> list[float]:
    """CPU seconds of each tick."""
    tally = FleetTally()
    tally.take(PhaseBegan(Phase.MEASURED, trio.current_time()))
    spent = []
    for tick in range(count):
        await trio.sleep(1)
        began = time.process_time()
        for each in texts:
            message = from_shard(msgspec.json.decode(each[tick]))
            assert isinstance(message, Figures)
            tally.put_window(message.shard, window_of(message, 0.0))
        tally.close_window(trio.current_time())
        spent.append(time.process_time() - began)
    # The last ones are merged by the end: until then they are on their way.
    tally.is_over = True
    tally.close_window(trio.current_time())
    assert tally.whole.ended_calls == len(texts) * sum(len(each) > 0 for each in texts[0]) * calls_of(texts)
    return spent


def calls_of(texts: list[list[bytes]]) -> int:
    """In one window of one shard."""
    message = from_shard(msgspec.json.decode(texts[0][0]))
    assert isinstance(message, Figures)
    return Snapshot.from_json(message.snapshot).leaves.ended_calls
