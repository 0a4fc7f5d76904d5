"""What a call costs each client, against a server that does nothing: CPU time of the client alone."""

from __future__ import annotations

import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx
import trio

from actors.login.basic import Nobody
from actors.ports import Connector, Person
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.bench.rounds import Figure
from tests.support.processes import ROOT

USERS = 20
TOOL, ARGUMENTS = "nc_notes_get_note", {"note_id": 1}
BODY = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": TOOL, "arguments": ARGUMENTS}}
HEADERS = {"Accept": "application/json, text/event-stream"}


@contextmanager
def stub(*words: str) -> Iterator[str]:
    """The URL of a stub in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stub", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def figures() -> Iterator[Figure]:
    yield from clients(20_000)


def small_figures() -> Iterator[Figure]:
    yield from clients(400)


def clients(calls: int) -> Iterator[Figure]:
    """A line for each client: CPU a call, and calls a second."""
    with stub() as url, stub("events") as with_events:
        tls = ssl.create_default_context()
        yield "our client, bare, JSON", shown(lambda: over_sessions(WireConnector(url, 30, tls), calls))
        events = WireConnector(with_events, 30, tls)
        yield "our client, bare, events", shown(lambda: over_sessions(events, calls))
        sdk = SdkConnector(url, 30, tls)
        yield "the SDK's client, JSON", shown(lambda: over_sessions(sdk, max(100, calls // 5)))
        yield "httpx, a plain POST, a client a user", shown(lambda: plain_posts(url, max(100, calls // 3)))
        yield "Locust's FastHttpUser, a plain POST", locust(url, calls)
        yield "wrk, a plain POST", wrk(url)


def shown(run: Callable[[], Awaitable[int]]) -> str:
    """CPU and rate of `run`, which gives the number of calls, on a clock of its own."""

    async def measure() -> tuple[float, float, int]:
        cpu, begun = time.process_time(), time.perf_counter()
        done = await run()
        return time.process_time() - cpu, time.perf_counter() - begun, done

    cpu_s, wall_s, done = trio.run(measure)
    return figure(cpu_s, wall_s, done)


def figure(cpu_s: float, wall_s: float, calls: int) -> str:
    return f"{1e6 * cpu_s / calls:.0f} µs CPU a call, {calls / wall_s:.0f} calls/s"


async def over_sessions(connector: Connector, calls: int) -> int:
    """`calls` tool calls by `USERS` users, sessions and all that they cost included."""

    async def user(number: int) -> None:
        person = Person(f"user_{number}", Secret(""))
        async with connector.open_session(person, Nobody()) as session:
            for _ in range(calls // USERS):
                answer = await session.call_tool(TOOL, ARGUMENTS)
                assert answer["id"] == 1

    async with trio.open_nursery() as nursery:
        for number in range(USERS):
            nursery.start_soon(user, number)
    return calls // USERS * USERS


async def plain_posts(url: str, calls: int) -> int:
    async def user() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(calls // USERS):
                response = await client.post(url, json=BODY, headers=HEADERS)
                assert response.status_code == 200

    async with trio.open_nursery() as nursery:
        for _ in range(USERS):
            nursery.start_soon(user)
    return calls // USERS * USERS


def locust(url: str, calls: int) -> str:
    """In a process of its own: gevent changes all of Python. Its Python may be named by `BENCH_LOCUST`."""
    python = os.environ.get("BENCH_LOCUST") or (sys.executable if find_spec("locust") else None)
    if python is None:
        return "not installed (BENCH_LOCUST names a Python that has it)"
    said = subprocess.run(
        [python, "-m", "tests.bench.locust_posts", url, str(calls), str(USERS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    told = json.loads(said.stdout.strip().splitlines()[-1])
    return figure(told["cpu_s"], told["wall_s"], told["calls"])


def wrk(url: str) -> str:
    if shutil.which("wrk") is None:
        return "not installed"
    script = ROOT / "tests" / "bench" / "post.lua"
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(
        ["wrk", "-t1", f"-c{USERS}", "-d2s", "-s", str(script), url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    calls = int(said.stdout.split(" requests in ")[0].split()[-1])
    return figure(cpu_s, time.perf_counter() - begun, calls)
