"""A crowd whose connections break and whose sessions are forgotten: it goes on, and leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.processes import running_standin, simulate


def run_in_trouble(state: Path, users: int, seconds: int) -> dict[str, dict[str, int]]:
    """A run with a fifth of all answers cut and a fifth of all sessions forgotten; its counts."""
    with running_standin() as standin:
        standin.inject({"kind": "cut", "probability": 0.2}, {"kind": "forget_session", "probability": 0.2})
        length = ("--users", str(users), "--warmup", "1", "--duration", str(seconds))
        pace = ("--login", "http", "--think", "exp:500ms", "--output", "run.json")
        arguments = ("--url", f"{standin.url}/mcp", *length, *pace)
        finished = simulate(arguments, standin.environment, state, timeout_s=300)
        # Of few executions under such faults a workflow may have none that succeeded (3), or that ended (6).
        assert finished.returncode in (0, 3, 6), finished.stdout[-3000:] + finished.stderr
        assert "Traceback" not in finished.stderr
        injected = standin.get("/standin/injected")["counts"]
        left = standin.leftovers()
    assert left == {}
    report = json.loads((state / "run.json").read_text())
    counts = {kind: entry["count"] for kind, entry in report["outcomes"].items()}
    return {
        "outcomes": counts,
        "injected": injected,
        "setup": {k: v["count"] for k, v in report["setup"].items()},
    }


def assert_went_on(counts: dict[str, dict[str, int]]) -> None:
    assert counts["outcomes"]["transport_error/cut"] > 0
    assert counts["outcomes"]["transport_error/404"] > 0
    assert counts["outcomes"]["ok"] > counts["outcomes"]["transport_error/cut"]
    assert counts["setup"]["reconnect"] > 0


def test_a_few_users_go_on_through_cuts_and_forgotten_sessions(tmp_path: Path) -> None:
    assert_went_on(run_in_trouble(tmp_path, users=5, seconds=3))


@pytest.mark.soak
def test_a_hundred_users_go_on_through_cuts_and_forgotten_sessions(tmp_path: Path) -> None:
    counts = run_in_trouble(tmp_path, users=100, seconds=15)
    print(f"\n{counts}")
    assert_went_on(counts)
