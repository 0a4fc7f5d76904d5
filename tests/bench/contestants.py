"""Who is compared: processes that do their rounds in turn, and wait for nothing meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import attrs

from tests.support.processes import ROOT

ROUNDS = 7
"""After one that is thrown away."""


@attrs.frozen
class Round:
    """What one round was: calls, and what they cost."""

    calls: int
    cpu_s: float
    peak_kib: float = 0.0

    @property
    def us(self) -> float:
        """CPU microseconds a call."""
        return 1e6 * self.cpu_s / self.calls


Play = Callable[[int], Round]
"""Makes about so many calls."""


@contextmanager
def process(command: Sequence[str], words: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, gone with the block. `words` follow the name of a module."""
    started = subprocess.Popen(
        [*command, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def module(name: str, python: str = sys.executable) -> list[str]:
    return [python, "-m", f"tests.bench.{name}"]


@contextmanager
def server(name: str, *words: str) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    with process(module(name), words) as started:
        assert started.stdout is not None
        yield started.stdout.readline().strip()


@contextmanager
def worker(command: Sequence[str], *words: str) -> Iterator[Callable[..., Round]]:
    """Someone who waits for lines of numbers, and plays a round for each."""
    with process(command, words) as started:
        assert started.stdin is not None and started.stdout is not None
        stdin, stdout = started.stdin, started.stdout

        def play(*numbers: int) -> Round:
            print(*numbers, file=stdin, flush=True)
            said = stdout.readline()
            if not said:
                raise RuntimeError(f"{' '.join(command)} ended with {started.wait()}")
            return Round(**json.loads(said))

        yield play


@contextmanager
def ours(users: int, named: Mapping[str, tuple[str, str]], authority: str = "") -> Iterator[dict[str, Play]]:
    """Our client, one process for all; `named` says the kind (`tests.bench.worker`) and the URL of each."""
    words = [word for kind_and_url in named.values() for word in kind_and_url]
    with worker(module("worker"), str(users), authority, *words) as play:
        yield {name: partial(play, place) for place, name in enumerate(named)}


def locust_python() -> str | None:
    """A Python that has Locust: this one, or the one that `BENCH_LOCUST` names."""
    return os.environ.get("BENCH_LOCUST") or (sys.executable if find_spec("locust") else None)


@contextmanager
def locust_posts(url: str, users: int) -> Iterator[Play]:
    python = locust_python()
    assert python is not None
    with worker(module("locust_posts", python), url, str(users)) as play:
        yield play


def real_locust(url: str, users: int) -> Play:
    """A `locust --headless` a round, with all that it does by itself, once its users are there."""
    python = locust_python()
    assert python is not None
    file = str(ROOT / "tests" / "bench" / "locust_checking.py")
    command = [python, "-m", "locust", "--headless", "-f", file, "--host", url.removesuffix("/mcp")]

    def play(calls: int) -> Round:
        said = subprocess.run(
            [*command, "-u", str(users), "-r", str(users), "-t", "5m"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "BENCH_REQUESTS": str(calls)},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        lines = [line for line in said.stdout.splitlines() if line.startswith('{"calls"')]
        return Round(**json.loads(lines[-1]))

    return play


def mcp_stress() -> str | None:
    """Where it is: on the path, or where `BENCH_MCP_STRESS` says."""
    return os.environ.get("BENCH_MCP_STRESS") or shutil.which("mcp-stress")


def flood(url: str, tool: str) -> Play:
    """mcp-stress' own flood: one tool, 20 workers of one identity, nothing compared; what starting it takes
    is left out by a flood of a few calls."""
    binary = mcp_stress()
    assert binary is not None
    command = [binary, "run", "--url", url, "-p", "tool-flood", "-c", "20", "--tool", tool, "--json"]

    def run(calls: int) -> tuple[float, int]:
        nowhere = subprocess.DEVNULL
        words = ("-n", str(calls), "-d", "600")
        started = subprocess.Popen([*command, *words], stdin=nowhere, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss

    def play(calls: int) -> Round:
        before, _ = run(100)
        spent, peak = run(100 + calls)
        return Round(calls, max(0.0, spent - before), peak)

    return play


def interleaved(plays: Mapping[str, Play], calls: int, rounds: int = ROUNDS) -> dict[str, list[Round]]:
    """So many rounds of each, in turns, so that whatever else the machine does falls on all alike."""
    played: dict[str, list[Round]] = {name: [] for name in plays}
    for number in range(rounds + 1):
        for name, play in plays.items():
            one = play(calls)
            if number:
                played[name].append(one)
    return played


def against(rounds: Sequence[Round], others: Sequence[Round]) -> str:
    """The median ratio of rounds that were played in the same turn, with the least and the greatest."""
    ratios = sorted(mine.us / theirs.us for mine, theirs in zip(rounds, others, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def cost(rounds: Sequence[Round]) -> str:
    costs = sorted(one.us for one in rounds)
    return f"{statistics.median(costs):.0f} µs ({costs[0]:.0f} to {costs[-1]:.0f})"


def certificate(folder: Path) -> tuple[str, str]:
    """Files of a server's key and certificate for localhost, and of the authority behind it."""
    import trustme

    authority = trustme.CA()
    mine, its = folder / "server.pem", folder / "authority.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(mine))
    authority.cert_pem.write_to_path(str(its))
    return str(mine), str(its)
