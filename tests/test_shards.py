"""A crowd driven by several processes: however one of them, or the whole run, ends, nothing is left of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.processes import BYSTANDERS, StandinServer, Terminal, running_standin, simulate

USERS = 6
ARGUMENTS = (
    *("--shards", "2", "--users", str(USERS), "--mix", "baseline=1", "--user-prefix", "crowd"),
    *("--duration", "3", "--warmup", "0.2", "--grace", "2", "--login", "http", "--seed", "7"),
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
    assert len(found) == 2
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
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    assert "Traceback" not in terminal.text
    assert "LOST" not in terminal.text
    assert_nothing_left(standin, tmp_path)


def test_a_shard_that_is_killed_is_named_and_its_users_are_removed(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    os.kill(shards_of(terminal)[0], signal.SIGKILL)
    assert terminal.wait() == 6, terminal.text
    assert "LOST: its process has ended" in terminal.text
    assert "Traceback" not in terminal.text
    assert f"Clean: {USERS + 1} things created, {USERS + 1} removed" in terminal.text
    assert_nothing_left(standin, tmp_path)


def test_what_a_killed_coordinator_leaves_is_removed_by_cleanup(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    terminal.kill(signal.SIGKILL)
    assert terminal.wait() == -signal.SIGKILL
    cleaned = simulate(("cleanup",), standin.environment, tmp_path)
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert_nothing_left(standin, tmp_path)
