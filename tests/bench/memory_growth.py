"""How much the memory of a run grows with its length."""

from __future__ import annotations

import gc
import resource
import ssl
from collections.abc import Iterator
from pathlib import Path
from random import Random

import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Call, Ending, Execution, Phase
from actors.login.basic import Nobody
from actors.messages import Step
from actors.ports import Person
from actors.roster import open_roster
from actors.secret import Secret
from actors.user import User
from actors.wire.wire_connector import WireConnector
from tests.bench.clients import ARGUMENTS, TOOL, stub
from tests.bench.rounds import Figure
from tests.support.tallying import Recorder


def figures() -> Iterator[Figure]:
    yield steady(1_000_000)
    yield recorded(1_000_000, users=50, window=5_000)
    yield recorded(1_000_000, users=1_000, window=300)


def small_figures() -> Iterator[Figure]:
    yield steady(1_000)
    yield recorded(1_000, users=10, window=100)


def recorded(calls: int, *, users: int, window: int) -> Figure:
    """The same of the recorder alone, which is told a fiftieth of failures in all the words of HTTP."""
    name = f"recorder alone, {calls} calls of {users} users, {calls // window} windows, after the first tenth"
    return name, trio.run(_recorded, calls, users, window, clock=MockClock(autojump_threshold=0))


async def _recorded(calls: int, users: int, window: int) -> str:
    recorder, random, before = Recorder(phase=Phase.MEASURED), Random(1), 0.0
    for number in range(calls):
        now, fails = trio.current_time(), random.random() < 0.02
        story, execution = f"story_{number % 8}", number // 6 + 1
        recorder.hub.emit(
            Call(
                story,
                f"step_{number % 40}",
                "tool",
                f"user_{random.randrange(users)}",
                execution,
                Outcome.TOOL_ERROR if fails else Outcome.OK,
                now,
                now + random.lognormvariate(-3, 0.7),
                status=random.randrange(400, 600) if fails else None,
            )
        )
        if number % 6 == 5:
            cast, ended = ("ann", "bob"), now + random.random()
            recorder.hub.emit(Execution(story, execution, cast, Ending.SUCCEEDED, now, ended))
        if number % window == window - 1:
            await trio.sleep(1)
            recorder.hub.close_window()
        if number == calls // 10 - 1:
            gc.collect()
            before = resident_kib()
    gc.collect()
    return grown(before, resident_kib())


def grown(before: float, after: float) -> str:
    return f"{100 * (after / before - 1):+.2f} % ({before / 1024:.1f} to {after / 1024:.1f} MiB)"


def steady(calls: int) -> Figure:
    """How much memory a run of so many calls takes after its first tenth, all that is recorded included."""
    return f"resident memory over {calls} calls, after the first tenth", trio.run(_steady, calls)


async def _steady(calls: int) -> str:
    with stub() as url:
        recorder = Recorder(phase=Phase.MEASURED)
        connector = WireConnector(url, 60, ssl.create_default_context())
        async with open_roster(connector, recorder, seed=1) as roster:
            users = [roster.enter(Person(f"user_{n}", Secret("")), Nobody()) for n in range(50)]
            for user in users:
                assert await user.wait_on_stage()

            async def work(user: User, share: int) -> None:
                for number in range(share // len(users)):
                    await user.ask(Step("bench", f"call_{number % 20}", TOOL, ARGUMENTS, number))

            async def all_work(share: int) -> float:
                async with trio.open_nursery() as nursery:
                    for user in users:
                        nursery.start_soon(work, user, share)
                gc.collect()
                return resident_kib()

            before = await all_work(calls // 10)
            after = await all_work(calls - calls // 10)
    return grown(before, after)


def resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024
