"""What the recording proxy costs: its CPU time a call, the calls that pass, and what it adds to one."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import trio

from sim.recording.document import read_recording
from tests.bench.clients import ARGUMENTS, TOOL, stub
from tests.bench.rounds import ROUNDS, Figure
from tests.support.processes import Terminal

CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
BODY = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": TOOL, "arguments": ARGUMENTS}}
).encode()


@attrs.frozen
class Passed:
    """Calls of several connections at once, and seconds of the proxy's own CPU time for them."""

    calls: int
    wall_s: float
    cpu_s: float


def figures() -> Iterator[Figure]:
    yield from measure(300)


def small_figures() -> Iterator[Figure]:
    yield from measure(20)


def measure(calls: int) -> Iterator[Figure]:
    for kind in ((), ("events",)):
        name = f"recorded, {kind[0] if kind else 'JSON'}"
        with (
            stub(*kind) as url,
            tempfile.TemporaryDirectory() as folder,
            proxy(url, Path(folder)) as (own, pid),
        ):
            passed = [trio.run(at_once, own, pid, calls) for _ in range(ROUNDS)]
            alone = [
                (trio.run(one_by_one, url, calls), trio.run(one_by_one, own, calls)) for _ in range(ROUNDS)
            ]
            cpu_us = 1e6 * min(each.cpu_s / each.calls for each in passed)
            yield f"{name}: CPU of the proxy", f"{cpu_us:.0f} µs a call"
            rate = max(each.calls / each.wall_s for each in passed)
            yield f"{name}: calls that pass, {CONNECTIONS} connections", f"{rate:.0f} a second"
            added = [1e3 * (through - direct) for direct, through in alone]
            yield (
                f"{name}: added to a call",
                f"{min(added):.2f} ms (median of rounds {statistics.median(added):.2f})",
            )


@contextmanager
def proxy(url: str, folder: Path) -> Iterator[tuple[str, int]]:
    """`simulate record` before this server: its address, and its process. All that passed is in its file."""
    terminal = Terminal(["record", "--url", url, "-o", "r.jsonl"], {}, folder)
    terminal.read_until("(Ctrl-C ends the recording")
    yield terminal.text.partition("Point MCP clients at ")[2].split()[0], terminal.pid
    terminal.press_ctrl_c()
    assert terminal.wait() == 0, terminal.text
    assert read_recording(folder / "r.jsonl").calls


async def at_once(url: str, pid: int, calls: int) -> Passed:
    """So many calls on each of `CONNECTIONS` connections."""
    begun, before = time.perf_counter(), cpu_of(pid)
    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(ask, url, calls)
    return Passed(CONNECTIONS * calls, time.perf_counter() - begun, cpu_of(pid) - before)


async def one_by_one(url: str, calls: int) -> float:
    """Seconds that the median call takes on one connection."""
    return statistics.median(await ask(url, calls))


async def ask(url: str, calls: int) -> list[float]:
    """The same call again and again; seconds of each."""
    place = urlsplit(url)
    head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Mcp-Session-Id: stub\r\nContent-Length: {len(BODY)}\r\n\r\n"
    request, took = head.encode() + BODY, []
    async with await trio.open_tcp_stream(place.hostname or "", place.port or 80) as stream:
        for _ in range(calls):
            begun = time.perf_counter()
            await stream.send_all(request)
            got = b""
            while not is_whole(got):
                got += await stream.receive_some(65536)
            took.append(time.perf_counter() - begun)
    return took


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    if not end:
        return False
    return len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n")


def cpu_of(pid: int) -> float:
    """Seconds of CPU time, user and system, that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
