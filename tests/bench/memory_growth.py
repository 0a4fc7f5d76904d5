"""How much the memory of a run grows with its length."""

from __future__ import annotations

import gc
import resource
import ssl
from collections.abc import Iterator
from pathlib import Path

import trio

from actors.events import Phase
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


def small_figures() -> Iterator[Figure]:
    yield steady(1_000)


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
    return f"{100 * (after / before - 1):+.2f} % ({before / 1024:.1f} to {after / 1024:.1f} MiB)"


def resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024
