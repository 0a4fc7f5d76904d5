"""`python -m tests.bench.on_stage USERS`: brings so many users on stage and home again; a line of JSON."""

from __future__ import annotations

import gc
import json
import ssl
import sys
import time

import trio

from actors.login.basic import Nobody
from actors.messages import Done, Step
from actors.ports import Person
from actors.roster import open_roster
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from sim.runtime.collection import rare_collection
from sim.runtime.file_limit import raise_file_limit
from tests.bench.clients import ARGUMENTS, TOOL, stub
from tests.bench.memory_growth import resident_kib
from tests.support.tallying import Recorder

AT_ONCE = 100
"""How many sessions are being opened at any moment."""


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
    before, begun, cpu = resident_kib(), time.perf_counter(), time.process_time()
    async with open_roster(connector, recorder, seed=1) as roster:
        async with trio.open_nursery() as nursery:

            async def enter(number: int) -> None:
                async with limit:
                    user = roster.enter(Person(f"user_{number}", Secret("")), Nobody())
                    assert await user.wait_on_stage()

            for number in range(users):
                nursery.start_soon(enter, number)
        assert roster.count_on_stage == users
        told["opened_cpu_ms"] = 1000 * (time.process_time() - cpu) / users
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
    with stub() as url, rare_collection():  # as in a run
        print(json.dumps(trio.run(crowd, url, users)))


if __name__ == "__main__":
    main()
