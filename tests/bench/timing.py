"""How punctual the generator is, how fast a crowd is sent home, and what an hour of virtual time costs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random

import trio

from actors.login.basic import Nobody
from actors.network import Network
from actors.ports import Credentials, Person, ToolSession
from actors.roster import open_roster
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from sim.config.grammar.shapes import OpenProfile, Stage
from sim.measure.sketch import Sketch
from tests.bench.delays import slow_server, tls
from tests.support.processes import ROOT, environment
from tests.support.tallying import Recorder


def timing(seconds: int, crowd: tuple[int, ...], *, users: int, minutes: int) -> Iterator[tuple[str, str]]:
    for rate in (200, 1000):
        late = trio.run(lateness, rate, seconds)
        p99, worst = (1000 * (late.quantile(q) or 0.0) for q in (0.99, 1.0))
        yield f"lateness at {rate} arrivals a second", f"p99 {p99:.2f} ms, at most {worst:.1f} ms"
    for size in crowd:
        yield f"{size} actors cancelled and joined", f"{trio.run(cancelled, size):.2f} s"
    for mix in ("mixed", "baseline"):
        spent, calls = virtual(users, minutes, mix)
        cost = f"{spent:.1f} s CPU ({1e6 * spent / calls:.0f} µs a call)"
        yield f"virtual: {users} users, {minutes} min, {mix}", cost
    yield "200 ms of service time, 60 ms away: measured - injected", trio.run(injected, seconds)


async def lateness(rate: int, seconds: int) -> Sketch:
    """How late arrivals start that are due at `rate` a second, with nothing else to do."""
    late, begun = Sketch(), trio.current_time() + 0.1
    profile = OpenProfile((Stage(0, rate), Stage(seconds, rate)))
    async with trio.open_nursery() as nursery:
        for at in profile.arrivals(Random(1)):
            await trio.sleep_until(begun + at)
            late.add(max(0.0, trio.current_time() - begun - at))
            nursery.start_soon(trio.lowlevel.checkpoint)
    return late


class Nowhere:
    """Opens sessions with nobody."""

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        await trio.lowlevel.checkpoint()
        yield Silent()


class Silent:
    protocol = "none"

    async def prepare(self) -> None:
        return None

    async def call_tool(self, name: str, arguments: object) -> object:
        return None

    async def read_resource(self, uri: str) -> object:
        return None

    async def list_tools(self) -> frozenset[str]:
        return frozenset()


async def cancelled(users: int) -> float:
    """Wall seconds from cancelling so many users who wait in their inboxes until all of them have gone."""
    begun = 0.0
    with trio.CancelScope() as scope:
        async with open_roster(Nowhere(), Recorder(), seed=1) as roster:
            for number in range(users):
                roster.enter(Person(f"user_{number}", Secret("")), Nobody())
            await roster.wait_until(lambda roster: roster.count_on_stage == users)
            begun = time.perf_counter()
            scope.cancel()
    return time.perf_counter() - begun


def virtual(users: int, minutes: int, mix: str) -> tuple[float, int]:
    """CPU seconds of a whole virtual run in which each user starts about one workflow a minute; its calls."""
    command = [sys.executable, "-c", VIRTUAL, str(users), f"{minutes}m", mix]
    said = subprocess.run(
        command, cwd=ROOT, env=environment({}, ROOT), capture_output=True, text=True, check=True
    )
    spent, calls = said.stdout.split()[-2:]
    return float(spent), int(calls)


VIRTUAL = """
import json, sys, tempfile, time
from sim.cli.main import execute
users, duration, mix = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    execute(["--virtual", "--users", users, "--duration", duration, "--think", "exp:59s", "--workload", mix,
             "--seed", "1", "--quiet", "--output", f"{folder}/run.json"])
    with open(f"{folder}/run.json") as file:
        print(time.process_time(), json.load(file)["calls"]["total"])
"""


async def injected(seconds: int) -> str:
    """What a network of 60 ms adds to a call of 200 ms, beside its 60 ms, in percent of the plain latency."""
    means = []
    async with slow_server(0.2) as url:
        for network in (Network(), Network(rtt_s=0.06)):
            connector = WireConnector(url, 30, tls(), networks={"": network})
            async with connector.open_session(Person("ann", Secret("")), Nobody()) as session:
                await session.call_tool("t", {})
                begun = trio.current_time()
                for _ in range(2 * seconds):
                    await session.call_tool("t", {})
                means.append((trio.current_time() - begun) / (2 * seconds))
    plain, far = means
    rest = far - 0.06
    return f"{1000 * rest:.1f} ms against {1000 * plain:.1f} ms ({100 * (rest / plain - 1):+.2f} %)"
