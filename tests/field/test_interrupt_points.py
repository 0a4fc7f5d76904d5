"""Wherever a run is interrupted, nothing is left that is not named, and the exit code says how it ended.

The way to the server is slow, and what was sent is done although its sender has hung up. A point is a
request: the signal comes before it is done, or after that and before its answer, or a little later.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

import attrs
import pytest

from tests.support.front import Front, Hook, Reply, Request, open_front
from tests.support.processes import BYSTANDERS, StandinServer, environment, running_standin, simulate
from tests.support.warm import WarmPopen

POINTS = 100
IN_SUITE = frozenset({37})
REQUESTS = 95
"""About as many as an undisturbed run sends."""

TINY = ("--users", "2", "--duration", "1", "--warmup", "0", "--grace", "1", "--login", "http", "--seed", "7")
LONGEST_WAY_S = 0.05
BOUND_S = 120.0


@attrs.frozen
class Way:
    """How a run is ended.

    Attributes:
        codes: exit codes that say so; 0 where the signal came when all had been done.
        signals: how many.
    """

    name: str
    number: signal.Signals
    codes: tuple[int, ...]
    signals: int = 1


WAYS = (
    Way("one", signal.SIGINT, (130, 0)),
    Way("two", signal.SIGINT, (130, 0), signals=2),
    Way("gone", signal.SIGHUP, (129, 0)),
    Way("killed", signal.SIGKILL, (-signal.SIGKILL, 0)),
)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin(registrations_per_minute=0) as server:
        server.add_bystanders()
        yield server


@attrs.define
class Interrupted:
    """One run that is interrupted at one request."""

    way: Way
    random: Random
    process: subprocess.Popen[str] | None = None

    def hook(self) -> Hook:
        at, moment = self.random.randint(1, REQUESTS), self.random.choice(("before", "done", "later"))
        after_s, between_s = self.random.uniform(0, 0.3), self.random.uniform(0, 0.6)
        delays = Random(self.random.random())

        def send() -> None:
            for turn in range(self.way.signals):
                time.sleep(turn * between_s)
                with suppress(ProcessLookupError):
                    if self.process is not None and self.process.poll() is None:
                        os.kill(self.process.pid, self.way.number)

        def hook(request: Request) -> Reply | None:
            time.sleep(delays.uniform(0, LONGEST_WAY_S))
            signals = threading.Timer(after_s if moment == "later" else 0, send)
            if request.number == at and moment != "done":
                signals.start()
            answer = request.forward()
            if request.number == at and moment == "done":
                signals.start()
                time.sleep(LONGEST_WAY_S)
            return answer

        return hook

    def run(self, front: Front, standin: StandinServer, prefix: str, state: Path) -> tuple[int, str]:
        """The exit code, and all that was said."""
        front.hook = self.hook()
        self.process = WarmPopen(
            [sys.executable, "-m", "sim", "--url", f"{front.url}/mcp", "--user-prefix", prefix, *TINY],
            cwd=state,
            env=environment(front.environment(standin), state),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said, _ = self.process.communicate(timeout=BOUND_S)
        finally:
            self.process.kill()
        return self.process.returncode, said


@pytest.mark.parametrize(
    "point",
    [pytest.param(n, marks=() if n in IN_SUITE else (pytest.mark.soak,)) for n in range(POINTS)],
)
def test_nothing_is_left_that_is_not_named(standin: StandinServer, tmp_path: Path, point: int) -> None:
    def interrupt(way: Way) -> str:
        return interrupted(standin, way, point, tmp_path / way.name)

    with ThreadPoolExecutor(len(WAYS)) as pool:
        said = "".join(pool.map(interrupt, WAYS))
    left = standin.leftovers()
    if left.pop("clients", None):
        assert "expires by itself" in said
    assert left == {}
    assert set(BYSTANDERS) <= set(standin.get("/standin/holdings")["users"])


def interrupted(standin: StandinServer, way: Way, point: int, state: Path) -> str:
    """One run and, where it was killed or names what is left, the cleanup after it; what both said."""
    state.mkdir()
    prefix = f"p{point}{way.name}"
    with open_front(standin.url) as front:
        run = Interrupted(way, Random(f"points/{point}"))  # the same point in every way
        code, said = run.run(front, standin, prefix, state)
        assert "Traceback" not in said, said
        assert code in way.codes, said
        if code == -signal.SIGKILL:
            front.hook = None
            finished = simulate(("cleanup",), front.environment(standin), state)
            said += finished.stdout + finished.stderr
            assert finished.returncode == 0, said
    left = standin.leftovers()
    assert [uid for uid in left.get("users", []) if uid.startswith(f"{prefix}_")] == [], said
    assert [uid for uid in left.get("homes", []) if uid.startswith(f"{prefix}_")] == [], said
    assert not list(state.rglob("*.jsonl*")), said
    return said
