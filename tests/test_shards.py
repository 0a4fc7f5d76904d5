"""A crowd driven by several processes: however one of them, or the whole run, ends, nothing is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.support.processes import BYSTANDERS, ROOT, StandinServer, Terminal, running_standin, simulate

USERS = 6
ARGUMENTS = (
    *("--shards", "2", "--users", str(USERS), "--mix", "baseline=1", "--user-prefix", "crowd"),
    *("--duration", "5", "--warmup", "0.2", "--grace", "2", "--login", "http", "--seed", "7"),
)


@pytest.fixture
def standin() -> Iterator[StandinServer]:
    with running_standin(tool_pause_s=0.01) as server:
        server.add_bystanders()
        yield server


def run_in_terminal(standin: StandinServer, state: Path, *more: str) -> Terminal:
    return Terminal(("--url", f"{standin.url}/mcp", *ARGUMENTS, *more), standin.environment, state)


def shards_of(terminal: Terminal) -> list[int]:
    """Process ids."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            command = status.with_name("cmdline").read_bytes()
            if int(lines["PPid"]) == terminal.pid and b"spawn_main" in command:
                found.append(int(status.parent.name))
    return sorted(found)


def assert_nothing_left(standin: StandinServer, state: Path) -> None:
    assert standin.leftovers() == {}
    holdings, counts = standin.get("/standin/holdings"), standin.get("/standin/counts")
    assert set(BYSTANDERS) <= set(holdings["users"])
    assert counts["users_created"] <= USERS + len(BYSTANDERS), "somebody was made twice"
    assert list(state.rglob("*.jsonl")) == []


def test_ctrl_c_reaches_all_shards_once_through_their_coordinator(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path, "--duration", "60")
    terminal.read_until("measured")
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    assert "Traceback" not in terminal.text
    assert "LOST" not in terminal.text
    assert_nothing_left(standin, tmp_path)


def test_a_shard_that_is_killed_is_named_and_its_users_are_removed(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path, "-o", "run.json")
    terminal.read_until("measured")
    one, _ = shards_of(terminal)
    os.kill(one, signal.SIGKILL)
    assert terminal.wait() == 6, terminal.text
    result = json.loads((tmp_path / "run.json").read_text())
    lost = [bool(shard["lost"]) for shard in result["shards"]]
    assert sorted(lost) == [False, True]
    # Cards are dealt: the first shard has the first user, the second the second.
    users = {f"crowd_user_{number}": lost[(number - 1) % 2] for number in range(1, USERS + 1)}
    assert {uid: bool(user["lost"]) for uid, user in result["users"].items()} == users
    assert {user["total_operations"] is None for uid, user in result["users"].items() if users[uid]} == {True}
    assert "LOST: its process has ended" in terminal.text
    assert "Traceback" not in terminal.text
    assert f"Clean: {USERS + 1} things created, {USERS + 1} removed" in terminal.text
    assert_nothing_left(standin, tmp_path)


@pytest.mark.soak
def test_the_loss_of_a_shard_ends_the_run_where_that_was_asked_for(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path, "--on-lost", "stop", "--duration", "60")
    terminal.read_until("measured")
    one, _ = shards_of(terminal)
    os.kill(one, signal.SIGKILL)
    assert terminal.wait(50) == 6, terminal.text
    assert "was lost" in terminal.text.rpartition("Exit code 6")[2]
    assert_nothing_left(standin, tmp_path)


def test_what_a_killed_coordinator_leaves_is_removed_by_cleanup(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path, "--duration", "60")
    terminal.read_until("measured")
    terminal.kill(signal.SIGKILL)
    assert terminal.wait() == -signal.SIGKILL
    cleaned = simulate(("cleanup",), standin.environment, tmp_path)
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert_nothing_left(standin, tmp_path)


def test_who_asks_for_no_shards_never_loads_what_carries_them() -> None:
    run = "['--virtual', '--users', '2', '--duration', '1', '--quiet', '--no-history']"
    script = (
        "import sys; from sim.cli.main import execute; "
        f"print(execute({run}), execute(['--help']) and 0, "
        "[name for name in ('dask', 'distributed', 'tornado') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 0 []"


def interrupt(terminal: Terminal) -> bool:
    terminal.press_ctrl_c()
    return False


def interrupt_twice(terminal: Terminal) -> bool:
    terminal.press_ctrl_c()
    terminal.watch(0.7)
    with suppress(OSError):  # It may have ended meanwhile.
        terminal.press_ctrl_c()
    return False


def kill_coordinator(terminal: Terminal) -> bool:
    terminal.kill(signal.SIGKILL)
    return False


def kill_shard(terminal: Terminal) -> bool:
    return strike_shard(terminal, signal.SIGKILL)


def stop_shard(terminal: Terminal) -> bool:
    return strike_shard(terminal, signal.SIGSTOP)


def strike_shard(terminal: Terminal, number: signal.Signals) -> bool:
    """Whether there was one whose loss is to be named."""
    shards = shards_of(terminal)
    if shards:
        os.kill(shards[0], number)
    return bool(shards) and "Step 4" in terminal.text and "Removing" not in terminal.text


STRIKES = (interrupt, interrupt_twice, kill_coordinator, kill_shard, stop_shard)


@pytest.mark.soak
@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("moment", range(10))
def test_at_any_moment_nothing_is_left_and_whoever_is_lost_is_named(
    strike: Callable[[Terminal], bool], moment: int, standin: StandinServer, tmp_path: Path
) -> None:
    random = Random(f"{moment}/{strike.__name__}")
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until(random.choice(["Step 1/", "Step 3/", "Step 4/", "Running", "measured"]))
    terminal.watch(random.uniform(0, 3))
    is_to_be_named = strike(terminal)
    code = terminal.wait(150)
    if is_to_be_named and code != 0:
        assert "LOST" in terminal.text
    if strike is kill_coordinator:
        assert simulate(("cleanup",), standin.environment, tmp_path).returncode == 0
    assert "Traceback" not in terminal.text
    assert_nothing_left(standin, tmp_path)
