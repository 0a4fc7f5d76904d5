"""Whenever and however a run is ended, nothing of it is left, and the exit code says what happened."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.processes import BYSTANDERS, StandinServer, Terminal, running_standin, simulate

ARGUMENTS = (
    "--users",
    "4",
    "--warmup",
    "0.2",
    "--grace",
    "2",
    "--login",
    "http",
    "--seed",
    "7",
)
CLEAN_CODES = {0, 130, 143}
LONGEST_RUN_S = 5.0
STEPS = 7
"""Of a run whose users log in by OAuth, up to the opening of sessions."""


@pytest.fixture
def standin() -> Iterator[StandinServer]:
    with running_standin(tool_pause_s=0.01) as server:
        server.add_bystanders()
        yield server


def run_in_terminal(standin: StandinServer, state: Path, duration: str = "60s") -> Terminal:
    """It does not end by itself before it is struck, however slow this machine is."""
    words = ("--url", f"{standin.url}/mcp", *ARGUMENTS, "--duration", duration)
    return Terminal(words, standin.environment, state)


def assert_nothing_left(standin: StandinServer) -> None:
    assert standin.leftovers() == {}
    assert set(BYSTANDERS) <= set(standin.get("/standin/holdings")["users"])


@pytest.mark.parametrize("words", [*(f"Step {number}/{STEPS}" for number in range(1, STEPS + 1)), "Running"])
def test_one_ctrl_c_at_any_step_leaves_nothing(standin: StandinServer, tmp_path: Path, words: str) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until(words)
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    assert "Traceback" not in terminal.text
    assert_nothing_left(standin)


def test_a_second_ctrl_c_interrupts_the_work_and_still_cleans_up(
    standin: StandinServer, tmp_path: Path
) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    terminal.press_ctrl_c()
    terminal.read_until("Stopping")
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    assert "Traceback" not in terminal.text
    assert_nothing_left(standin)


def test_sigterm_is_143_and_clean(standin: StandinServer, tmp_path: Path) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    terminal.kill(signal.SIGTERM)
    assert terminal.wait() == 143, terminal.text
    assert_nothing_left(standin)


def test_after_a_kill_the_cleanup_command_finishes_the_job(standin: StandinServer, tmp_path: Path) -> None:
    terminal = run_in_terminal(standin, tmp_path)
    terminal.read_until("measured")
    terminal.kill(signal.SIGKILL)
    assert terminal.wait() == -signal.SIGKILL
    assert standin.leftovers()["users"]
    finished = simulate(("cleanup",), standin.environment, tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert_nothing_left(standin)
    assert not list(tmp_path.rglob("*.jsonl*"))


@pytest.mark.soak
@pytest.mark.parametrize("point", range(36))
def test_a_signal_at_a_random_moment_leaves_nothing(
    standin: StandinServer, tmp_path: Path, point: int
) -> None:
    random = Random(f"shutdown/{point}")
    how = ("ctrl-c", "ctrl-c", "two", "three", "term", "kill")[point % 6]
    terminal = run_in_terminal(standin, tmp_path, "3s")
    terminal.read_until("Seed")
    terminal.watch(random.uniform(0, LONGEST_RUN_S))
    send(terminal, how, random)
    code = terminal.wait()
    assert "Traceback" not in terminal.text
    if how == "kill" or code in (1, 4):
        finished = simulate(("cleanup",), standin.environment, tmp_path)
        assert finished.returncode == 0, finished.stderr
        if "never confirmed" in finished.stdout:
            # Killed between the request for an OAuth client and its answer: nobody has its token.
            pytest.skip("the client's registration was in flight; it is named, and expires by itself")
    else:
        assert code in CLEAN_CODES, terminal.text
    assert_nothing_left(standin)


def send(terminal: Terminal, how: str, random: Random) -> None:
    """Send signals; one that comes after the end is lost, as it is for a person."""
    match how:
        case "term":
            terminal.kill(signal.SIGTERM)
        case "kill":
            terminal.kill(signal.SIGKILL)
        case _:
            for _ in range({"ctrl-c": 1, "two": 2, "three": 3}[how]):
                terminal.press_ctrl_c()
                terminal.watch(random.uniform(0, 0.5))
