"""Limits in whole runs over real sockets: their exit codes, and that a run they stop is stopped in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.runtime.exit import ExitCode
from tests.support.processes import StandinServer, running_standin, simulate

USERS = ("--users", "4", "--login", "http", "--warmup", "0", "--output", "run.json")
LONG = ("--duration", "60")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin() as server:
        yield server


def run(standin: StandinServer | None, state: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Against `standin`, or the built-in one: exit code, JSON report, terminal report."""
    url = ("--url", f"{standin.url}/mcp") if standin else ()
    environment = standin.environment if standin else {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
    finished = simulate((*url, *USERS, *arguments), environment, state)
    assert "Traceback" not in finished.stderr
    assert (state / "run.json").exists(), finished.stderr
    assert standin is None or standin.leftovers() == {}
    assert finished.stdout.rstrip().splitlines()[-1].startswith("Clean:")
    return finished.returncode, json.loads((state / "run.json").read_text()), finished.stdout


def limits(*texts: str) -> tuple[str, ...]:
    return tuple(word for text in texts for word in ("--threshold", text))


def test_limits_that_hold_leave_the_run_at_code_0(standin: StandinServer, tmp_path: Path) -> None:
    chosen = limits("note_share: p(95)<20s", "baseline: count>0", "lost_updates: count==0 abort")
    code, report, said = run(standin, tmp_path, "--duration", "2", *chosen)
    assert code == ExitCode.OK, said
    assert [verdict["passed"] for verdict in report["thresholds"]] == [True] * 3
    assert report["stopped"] == "the load profile ended"


def test_limits_that_break_are_code_99_and_those_that_hold_are_told_beside_them(
    standin: StandinServer, tmp_path: Path
) -> None:
    code, report, said = run(
        standin, tmp_path, "--duration", "2", *limits("calls: min<1us", "errors: count>=0")
    )
    assert code == report["exit_code"] == ExitCode.THRESHOLD
    broken, kept = report["thresholds"]
    assert (broken["passed"], kept["passed"]) == (False, True)
    assert broken["measured"] == report["calls"]["latency"]["min"]
    assert said.index("FAIL  calls: min<1us") < said.index("pass  errors: count>=0") < said.index("Target:")


def test_a_limit_that_aborts_ends_a_long_run_in_order(standin: StandinServer, tmp_path: Path) -> None:
    code, report, _ = run(standin, tmp_path, *LONG, *limits("executions: count<5 abort after 2s"))
    assert code == ExitCode.THRESHOLD
    assert report["stopped"].startswith("threshold broken after ")
    assert "executions: count<5 abort after 2s" in report["stopped"]
    assert 2 <= report["summary"]["duration"] < 60


def test_a_violation_is_worse_than_a_broken_limit(tmp_path: Path) -> None:
    leaking = (*LONG, "--mix", "permission_escalation=1", "--standin-fault", "permission_leak:100%")
    code, report, said = run(None, tmp_path, *leaking, *limits("permission_leaks: count==0 abort"))
    assert code == ExitCode.VIOLATIONS, said
    assert not report["thresholds"][0]["passed"]
    assert report["summary"]["duration"] < 60


def test_a_search_ends_where_the_server_is_too_slow(tmp_path: Path) -> None:
    """With 200 ms a call four users play no more than 20 workflows a second, whatever arrives."""
    code, report, said = run(
        None, tmp_path, "--mix", "baseline=1", "--standin-fault", "latency:1:200ms", "--max-lag", "20s",
        "--profile", "breakpoint:from=2/s,to=200/s,for=40s", *limits("baseline: p(90)<2s abort"),
    )  # fmt: skip
    assert code == ExitCode.THRESHOLD, said
    found = report["breakpoint"]
    assert 2 < found["held"] < found["broke"] < 200
    assert found["by"][0].startswith("baseline: p(90)<2s abort: ")
    assert report["summary"]["duration"] < 40
    assert "Breakpoint: " in said
