"""What a page that looks on costs a run: with nobody there, with some who read, with many who never do.

Whole runs from the command line against a stand-in in another process, in turns; a ratio is one of runs in
the same turn, and of those the median with the least and the greatest.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from tests.bench.rounds import Figure
from tests.support.processes import StandinServer, environment, running_standin

TURNS, SECONDS, READERS, MUTE, RATE = 2, 60, 4, 100, 10
MAX_START_S = 30.0
RECEIVED_BYTES = 2048
"""The receive buffer of whoever never reads: what it does not hold stays with the run."""
ARRIVED_S = 2.0
"""After so long who has come was sent something, or will not be."""
NO_PAGE, NOBODY, READ, MUTE_THERE = "no page", "nobody", "readers", "mute"
PAGE = "a live page"


@attrs.frozen
class Cost:
    """Of one run.

    Attributes:
        cpu: share of a core while it was measured; `cpu_s` of the whole process, from start to end.
        late_s: 99th percentile of how late workflows began.
        rss_bytes: resident memory at most, while it was played.
        served: how many of those who came were sent anything.
    """

    cpu: float
    cpu_s: float
    late_s: float
    rss_bytes: int
    served: int = 0


Played = Mapping[str, Sequence[Cost]]


def figures() -> Iterator[Figure]:
    yield from told(TURNS, SECONDS, READERS, MUTE)


def small_figures() -> Iterator[Figure]:
    yield from told(1, 2, 1, 3)


def told(turns: int, seconds: int, readers: int, mute: int) -> Iterator[Figure]:
    """So many turns of four runs each."""
    come = {NO_PAGE: None, NOBODY: Visit(0, True), READ: Visit(readers, True), MUTE_THERE: Visit(mute, False)}
    played: dict[str, list[Cost]] = {name: [] for name in come}
    with running_standin() as standin:
        for _ in range(turns):
            for name, visit in come.items():
                played[name].append(run(standin, seconds, visit))
    for name, who in (
        (NOBODY, "nobody there"),
        (READ, f"{readers} read"),
        (MUTE_THERE, f"{mute} never read"),
    ):
        yield f"{PAGE}, {who}: of a core while measured", more(played, name)
        yield f"{PAGE}, {who}: CPU of the whole run", against(played, name, lambda cost: cost.cpu_s)
        yield f"{PAGE}, {who}: resident memory", against(played, name, lambda cost: cost.rss_bytes)
    yield f"{PAGE}, {mute} never read: lateness p99", against(played, MUTE_THERE, lambda cost: cost.late_s)
    late = [1000 * cost.late_s for costs in played.values() for cost in costs]
    yield "lateness p99 of all these runs", f"{spread(late)} ms"
    served = [cost.served for cost in played[READ] + played[MUTE_THERE]]
    yield "of those who came, served", ", ".join(str(count) for count in served)


def against(played: Played, name: str, figure: Callable[[Cost], float]) -> str:
    """As a multiple of the run without a page in the same turn."""
    pairs = zip(played[name], played[NO_PAGE], strict=True)
    return f"{spread([figure(one) / figure(other) for one, other in pairs])} times that without a page"


def more(played: Played, name: str) -> str:
    """Than the run without a page in the same turn took."""
    pairs = zip(played[name], played[NO_PAGE], strict=True)
    base = statistics.median(cost.cpu for cost in played[NO_PAGE])
    return f"{spread([100 * (one.cpu - other.cpu) for one, other in pairs])} points over {100 * base:.1f} %"


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def run(standin: StandinServer, seconds: int, visit: Visit | None) -> Cost:
    """One run; None: without a page. Who visits comes as soon as its address is told."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        state = Path(folder)
        words = [
            "--url",
            f"{standin.url}/mcp",
            "--users",
            "40",
            "--arrivals",
            f"0s:{RATE}/s,{seconds}s:{RATE}/s",
        ]
        words += ["--warmup", "1", "--login", "http", "--no-history", "--output", "run.json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "sim", *words, *(["--live"] if visit else [])],
            cwd=state,
            env=environment(standin.environment, state),
            stdout=subprocess.DEVNULL,
            stderr=stack.enter_context((state / "said").open("w")),
        )
        served = stack.enter_context(visit.paid(address_in(state / "said"))) if visit else 0
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (state / "said").read_text()
        return cost_of(json.loads((state / "run.json").read_text()), usage.ru_utime + usage.ru_stime, served)


def cost_of(result: dict[str, Any], cpu_s: float, served: int) -> Cost:
    """As its document says."""
    own = result["generator"]
    memory = max(row["rss"] or 0 for row in result["timeseries"]["rows"])
    return Cost(own["cpu"], cpu_s, own["lateness"]["p99"], memory, served)


def address_in(said: Path) -> str:
    """Where the page is. Raises TimeoutError."""
    deadline = time.monotonic() + MAX_START_S
    while time.monotonic() < deadline:
        for line in said.read_text().splitlines():
            if line.startswith("Live page: "):
                return line.removeprefix("Live page: ")
        time.sleep(0.05)
    raise TimeoutError(said.read_text())


@attrs.frozen
class Visit:
    """So many connections to a page: all follow the events and read, or none reads, and every other one of
    these asks for the document.
    """

    count: int
    reads: bool

    @contextmanager
    def paid(self, address: str) -> Iterator[int]:
        """They stay while the block lasts, those who read to the end of the run. How many were served."""
        with ExitStack() as stack:
            came = [stack.enter_context(closing(self._come(address, place))) for place in range(self.count)]
            time.sleep(ARRIVED_S if came else 0)
            served = sum(map(is_served, came))
            threads = [threading.Thread(target=read_all, args=(each,)) for each in came if self.reads]
            for thread in threads:
                thread.start()
            yield served
            for thread in threads:
                thread.join()

    def _come(self, address: str, place: int) -> socket.socket:
        parts = urlsplit(address)
        visitor = socket.socket()
        if not self.reads:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
        visitor.connect((parts.hostname, parts.port))
        path = "/events" if self.reads or place % 2 == 0 else "/"
        cookie = f"simulate_{parts.port}={parts.query.removeprefix('t=')}"
        with suppress(ConnectionError):
            visitor.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n\r\n".encode()
            )
        return visitor


def is_served(visitor: socket.socket) -> bool:
    """Whether it was let in; nothing is read."""
    try:
        return visitor.recv(12, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"HTTP/1.1 200"
    except (ConnectionError, BlockingIOError):
        return False


def read_all(visitor: socket.socket) -> None:
    """To the end of what comes."""
    with suppress(ConnectionError):
        while visitor.recv(65536):
            pass
