"""Shards on machines of a cluster, over TLS: whatever dies, or is cut off, nothing is left of the run."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.machines import (
    HERE,
    Cluster,
    Machine,
    can_make_machines,
    machines,
    running_cluster,
)
from tests.support.processes import StandinServer, Terminal, running_standin, simulate

pytestmark = pytest.mark.soak
USERS = 6
ARGUMENTS = (
    *("--users", str(USERS), "--mix", "baseline=1", "--user-prefix", "crowd", "--no-history"),
    *("--duration", "6", "--warmup", "0.2", "--grace", "2", "--login", "http", "--seed", "7"),
)
AHEAD = """import time
_time = time.time
time.time = lambda: _time() + 3
"""
"""The calendar of a machine that is three seconds ahead."""


@pytest.fixture
def standin() -> Iterator[StandinServer]:
    with running_standin(tool_pause_s=0.01) as server:
        yield server


def run_on(cluster: Cluster, standin: StandinServer, state: Path, *more: str) -> Terminal:
    around = {**standin.environment, **cluster.environment}
    where = ("--url", f"{standin.url}/mcp", "--cluster", cluster.address, "--yes", "--plain-http")
    state.mkdir(exist_ok=True)
    return Terminal((*where, *ARGUMENTS, *more), around, state)


def assert_nothing_left(standin: StandinServer) -> None:
    assert standin.leftovers() == {}
    assert standin.get("/standin/counts")["users_created"] <= USERS, "somebody was made twice"


def kill_shard(cluster: Cluster) -> None:
    os.kill(cluster.workers[0].children()[0], signal.SIGKILL)


def kill_nanny(cluster: Cluster) -> None:
    os.kill(cluster.workers[0].pid, signal.SIGKILL)


def kill_scheduler(cluster: Cluster) -> None:
    os.kill(cluster.scheduler.pid, signal.SIGKILL)


def stop_shard(cluster: Cluster) -> None:
    os.kill(cluster.workers[0].children()[0], signal.SIGSTOP)


@pytest.mark.parametrize("strike", [kill_shard, kill_nanny, kill_scheduler, stop_shard])
def test_whatever_dies_is_named_and_nothing_is_left(
    strike: Callable[[Cluster], None], standin: StandinServer, tmp_path: Path
) -> None:
    with running_cluster(tmp_path / "cluster") as cluster:
        terminal = run_on(cluster, standin, tmp_path / "here", "-o", "run.json")
        terminal.read_until("measured")
        strike(cluster)
        code = terminal.wait(180)
        assert "LOST" in terminal.text
        assert "Traceback" not in terminal.text
        assert code in (3, 6), terminal.text
        assert_nothing_left(standin)


@pytest.mark.parametrize("asleep_s", [10, 21])
def test_a_shard_that_was_stopped_and_wakes_makes_nothing_and_removes_nothing_anew(
    asleep_s: int, standin: StandinServer, tmp_path: Path
) -> None:
    """Within its lease it stops by itself, and its users are removed; beyond it, it does nothing more."""
    with running_cluster(tmp_path / "cluster") as cluster:
        terminal = run_on(cluster, standin, tmp_path / "here", "-o", "run.json", "--duration", "40")
        terminal.read_until("measured")
        (stopped,) = cluster.workers[0].children()
        os.kill(stopped, signal.SIGSTOP)
        terminal.watch(asleep_s)
        assert "LOST: nothing was heard of it" in terminal.text
        os.kill(stopped, signal.SIGCONT)
        assert terminal.wait(180) == 6, terminal.text
        assert "Traceback" not in terminal.text
        assert f"Clean: {USERS + 1} things created, {USERS + 1} removed" in terminal.text
        assert_nothing_left(standin)
        # Nor later: a shard that has ended leaves its process free.
        again = run_on(cluster, standin, tmp_path / "again", "--duration", "1")
        assert again.wait(180) == 0, again.text
        assert "2 shards" in again.text
        assert standin.leftovers() == {}


def test_a_cluster_goes_on_once_its_coordinator_was_killed_and_cleans_up_by_itself(
    standin: StandinServer, tmp_path: Path
) -> None:
    with running_cluster(tmp_path / "cluster") as cluster:
        terminal = run_on(cluster, standin, tmp_path / "here", "--duration", "60")
        terminal.read_until("measured")
        terminal.kill(signal.SIGKILL)
        terminal.wait()
        again = run_on(cluster, standin, tmp_path / "here")
        assert "shards: start more workers" in again.text or again.wait() == 3, again.text
        for _ in range(60):
            if set(standin.leftovers()) <= {"clients"}:
                break
            signal.sigtimedwait([], 1)
        cleaned = simulate(("cleanup",), standin.environment, tmp_path / "here")
        assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
        assert_nothing_left(standin)


@pytest.fixture
def two_machines() -> Iterator[list[Machine]]:
    if not can_make_machines():
        pytest.skip("network namespaces need root")
    with machines(2) as made:
        yield made


def test_two_machines_drive_one_run_and_one_of_them_is_cut_off(
    two_machines: list[Machine], tmp_path: Path
) -> None:
    with (
        running_standin(tool_pause_s=0.01, host=HERE) as standin,
        running_cluster(tmp_path / "cluster", two_machines, HERE) as cluster,
    ):
        terminal = run_on(cluster, standin, tmp_path / "here", "-o", "run.json", "--duration", "8")
        terminal.read_until("measured")
        two_machines[0].cut_off()
        assert terminal.wait(180) == 6, terminal.text
        assert "is not heard any more" in terminal.text
        assert "LOST: nothing was heard of it" in terminal.text
        shards = json.loads((tmp_path / "here" / "run.json").read_text())["shards"]
        assert [bool(shard["lost"]) for shard in shards] in ([True, False], [False, True])
        assert_nothing_left(standin)


def test_machines_whose_calendars_differ_begin_at_one_instant(
    two_machines: list[Machine], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(AHEAD)
    ahead = Machine(two_machines[0].name, two_machines[0].address, str(tmp_path))
    with (
        running_standin(tool_pause_s=0.01, host=HERE) as standin,
        running_cluster(tmp_path / "cluster", [ahead, two_machines[1]], HERE) as cluster,
    ):
        terminal = run_on(cluster, standin, tmp_path / "here", "-o", "run.json")
        assert terminal.wait(180) == 0, terminal.text
        shards = json.loads((tmp_path / "here" / "run.json").read_text())["shards"]
        assert len(shards) == 2
        assert all(shard["start_skew"] < 1 for shard in shards)
        assert_nothing_left(standin)
