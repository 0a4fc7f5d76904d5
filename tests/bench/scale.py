"""Thousands of users on stage in one process: memory, and how fast they come and go."""

from __future__ import annotations

import gc
import json
import resource
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import trio

from actors.events import Phase
from actors.login.basic import Nobody
from actors.messages import Done, Step
from actors.ports import Person
from actors.roster import open_roster
from actors.secret import Secret
from actors.user import User
from actors.wire.wire_connector import WireConnector
from sim.runtime.file_limit import raise_file_limit
from tests.bench.clients import ARGUMENTS, TOOL, stub
from tests.support.processes import ROOT
from tests.support.tallying import Recorder

AT_ONCE = 100
"""How many sessions are being opened at any moment."""


def scale(sizes: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """Each size in a process of its own, so that no memory is counted twice."""
    for users in sizes:
        said = subprocess.run(
            [sys.executable, "-m", "tests.bench.scale", str(users)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        told = json.loads(said.stdout.strip().splitlines()[-1])
        times = "opened in {opened_s:.1f} s, called in {called_s:.1f} s, gone in {gone_s:.1f} s"
        yield f"{users} users on stage", f"{told['kib_a_user']:.1f} KiB a user; {times.format(**told)}"


def steady(calls: int) -> tuple[str, str]:
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


async def crowd(url: str, users: int) -> dict[str, float]:
    """Bring `users` on stage, let each make a call, and send them home."""
    told: dict[str, float] = {}
    recorder = Recorder()
    connector = WireConnector(url, 60, ssl.create_default_context())
    limit = trio.CapacityLimiter(AT_ONCE)
    step = Step("bench", "call", TOOL, ARGUMENTS, 1)
    async with open_roster(connector, recorder, seed=1) as warm:
        user = warm.enter(Person("first", Secret("")), Nobody())
        assert await user.wait_on_stage()
        await user.ask(step)
    gc.collect()
    before, begun = resident_kib(), time.perf_counter()
    async with open_roster(connector, recorder, seed=1) as roster:
        async with trio.open_nursery() as nursery:

            async def enter(number: int) -> None:
                async with limit:
                    user = roster.enter(Person(f"user_{number}", Secret("")), Nobody())
                    assert await user.wait_on_stage()

            for number in range(users):
                nursery.start_soon(enter, number)
        assert roster.count_on_stage == users
        told["opened_s"], begun = time.perf_counter() - begun, time.perf_counter()
        async with trio.open_nursery() as nursery:

            async def call(user: object) -> None:
                async with limit:
                    reply = await user.ask(step)  # type: ignore[attr-defined]
                    assert isinstance(reply, Done), reply

            for user in roster:
                nursery.start_soon(call, user)
        told["called_s"], begun = time.perf_counter() - begun, time.perf_counter()
        gc.collect()
        told["kib_a_user"] = (resident_kib() - before) / users
        begun = time.perf_counter()
    told["gone_s"] = time.perf_counter() - begun
    return told


def main() -> None:
    users = int(sys.argv[1])
    raise_file_limit(users)
    with stub() as url:
        print(json.dumps(trio.run(crowd, url, users)))


if __name__ == "__main__":
    main()
