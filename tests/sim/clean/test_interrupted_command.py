"""Ctrl-C ends `simulate cleanup` in one line, wherever it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from sim.clean.ledger import open_ledger
from sim.runtime.exit import ExitCode
from tests.sim.clean.support import head
from tests.support.warm import WarmPopen

ROOT = Path(__file__).parents[3]


def test_an_interrupted_cleanup_says_so_in_one_line_and_leaves_its_ledgers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        path = tmp_path / "dead.jsonl"
        with open_ledger(head(nextcloud_url=url), path) as ledger:
            ledger.created("mark", "ann")
        accounts = tmp_path / "accounts"
        accounts.write_text("ann pw\n")
        command = [sys.executable, "-m", "sim", "cleanup", "--ledger", str(path), "--accounts", str(accounts)]
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("NEXTCLOUD_", "SIMULATE_"))},
            "NEXTCLOUD_HOST": url,
            "PYTHONPATH": str(ROOT),
        }
        process = WarmPopen(command, env=environment, stderr=subprocess.PIPE, text=True)
        deaf.settimeout(30)
        connection, _ = deaf.accept()
        with connection:
            connection.recv(10)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert said.splitlines() == ["simulate cleanup: interrupted; start it again to go on"]
    assert path.exists()
