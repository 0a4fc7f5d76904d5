"""What the place where a run is started does to it: a full disk, a terminal that goes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import StandinServer, environment, running_standin, simulate

TINY = ("--users", "3", "--duration", "2", "--warmup", "0", "--grace", "1", "--login", "http")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin(registrations_per_minute=0) as server:
        yield server


def test_a_ledger_that_finds_no_room_stops_no_removal(standin: StandinServer, tmp_path: Path) -> None:
    """A kilobyte holds the ledger's head and the first of its entries."""
    command = 'trap "" XFSZ; ulimit -f 1; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-B", "-m", "sim", "--url", f"{standin.url}/mcp",
         *TINY, "--users", "14"],
        cwd=tmp_path, env=environment(standin.environment, tmp_path), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode in (3, 4), told
    assert "Traceback" not in told and "File too large" in told
    if done.returncode == 3:
        assert standin.leftovers() == {}
    finished = simulate(("cleanup",), standin.environment, tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert standin.leftovers() == {}


@pytest.mark.parametrize("launcher", [(), ("nohup",)], ids=["as it is", "nohup"])
def test_a_terminal_that_goes_ends_a_run_in_order_but_not_under_nohup(
    standin: StandinServer, tmp_path: Path, launcher: tuple[str, ...]
) -> None:
    arguments = ["--url", f"{standin.url}/mcp", *TINY, "--output", "run.json"]
    with subprocess.Popen(
        [*launcher, sys.executable, "-m", "sim", *arguments],
        cwd=tmp_path, env=environment(standin.environment, tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        while "Step 7/7" not in (line := process.stderr.readline()):
            assert line, "it ended before"
        process.send_signal(signal.SIGHUP)
        rest = process.stderr.read()
        assert process.wait(60) == (0 if launcher else 129), rest
    assert "Traceback" not in rest
    assert json.loads((tmp_path / "run.json").read_text())["cleanup"]["left_behind"] == []
    assert standin.leftovers() == {}
