"""A server that dies, hangs or answers errors in mid-run: the run ends with a report, and says so."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.processes import Terminal, running_standin


def test_a_server_that_dies_in_mid_run_is_reported_with_what_is_left_and_no_traceback(tmp_path: Path) -> None:
    with running_standin() as standin:
        terminal = Terminal(
            ("--url", f"{standin.url}/mcp", "--users", "4", "--duration", "6", "--warmup", "0",
             "--grace", "1", "--login", "http", "--output", "run.json"),
            standin.environment,
            tmp_path,
        )  # fmt: skip
        terminal.read_until("measured")
        terminal.watch(1.0)
        os.kill(standin.pid, signal.SIGKILL)
        assert terminal.wait(120) == 4, terminal.text
    assert "LEFT BEHIND" in terminal.text
    assert "Traceback" not in terminal.text
    outcomes = json.loads((tmp_path / "run.json").read_text())["outcomes"]
    assert outcomes["transport_error/connect"]["count"] > 0


def test_a_server_that_hangs_for_a_while_shows_as_timeouts_and_the_run_goes_on(tmp_path: Path) -> None:
    with running_standin() as standin:
        terminal = Terminal(
            ("--url", f"{standin.url}/mcp", "--users", "4", "--duration", "10", "--warmup", "0",
             "--grace", "10", "--login", "http", "--call-timeout", "1", "--mix", "baseline=1,note_share=1",
             "--output", "run.json"),
            standin.environment,
            tmp_path,
        )  # fmt: skip
        terminal.read_until("measured")
        os.kill(standin.pid, signal.SIGSTOP)
        try:
            terminal.watch(2.0)
        finally:
            os.kill(standin.pid, signal.SIGCONT)
        assert terminal.wait(60) == 0, terminal.text
        outcomes = json.loads((tmp_path / "run.json").read_text())["outcomes"]
        assert outcomes["transport_error/timeout"]["count"] > 0
        assert standin.leftovers() == {}


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_answers_errors_for_a_while_is_reported_by_status_and_the_run_goes_on(
    tmp_path: Path, status: int
) -> None:
    with running_standin() as standin:
        terminal = Terminal(
            ("--url", f"{standin.url}/mcp", "--users", "4", "--duration", "8", "--warmup", "0",
             "--login", "http", "--mix", "baseline=1,note_share=1", "--output", "run.json"),
            standin.environment,
            tmp_path,
        )  # fmt: skip
        terminal.read_until("measured")
        standin.inject({"kind": f"http_{status}", "probability": 1})
        terminal.watch(1.5)
        standin.inject()
        assert terminal.wait(60) == 0, terminal.text
        assert "Traceback" not in terminal.text
        report = json.loads((tmp_path / "run.json").read_text())
        assert report["outcomes"][f"transport_error/{status}"]["count"] > 0
        assert report["calls"]["successful"] > 0
        assert standin.leftovers() == {}
