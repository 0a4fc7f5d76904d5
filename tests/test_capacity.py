"""`simulate capacity`, from the command line to the report, on the virtual clock and against the stand-in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.runtime.exit import ExitCode
from tests.support.processes import Terminal, running_standin, simulate

NOTHING = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
ALONE = ("--workload", "baseline", "--think", "exp:2s", "--output", "run.json")
ONE_WORKER = ("--virtual", "--seed", "5", *ALONE)
SLOW = ("--server-model", "servers=1,service=exp:250ms")
"""Where it is the bottleneck, n users with 2 s of thinking wait for n/4 s − 2 s (Little's law)."""


def searched(folder: Path, *arguments: str, code: int = 0) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What was found, the whole result, and what was said."""
    folder.mkdir(exist_ok=True)
    finished = simulate(("capacity", *arguments), NOTHING, folder)
    assert finished.returncode == code, finished.stderr
    result = json.loads((folder / "run.json").read_text())
    return result["capacity"], result, finished.stdout + finished.stderr


def test_the_answer_is_a_number_of_users_and_what_broke_above_it(tmp_path: Path) -> None:
    # Four calls a second do not tell it sooner.
    long = ("--within", "1h")
    found, result, said = searched(tmp_path, *ONE_WORKER, *SLOW, *long, "--limit", "calls: p(95)<3s")
    # Mean times alone would carry (3 s + 2 s) / 0.25 s = 20 users.
    assert 8 <= found["held"] < found["broke"] <= 20
    assert (found["unit"], found["at_least"], found["is_over"]) == ("users", False, True)
    assert found["text"].startswith(f"Carries {found['held']:.0f} users (")
    low, high = found["between"]["low"], found["between"]["high"]
    assert low <= found["held"] < found["broke"] <= high
    assert f"It carries {low:g} and does not carry {high:g} users (95 %)" in found["text"]
    assert "in baseline." in found["text"]
    words = " ".join(said.split())
    assert found["text"] in words
    assert f"Carries: {found['held']:.0f} users. Carries" not in words
    levels = {level["level"]: level for level in found["curve"]}
    assert all(level["held"] is (level["level"] <= found["held"]) for level in found["curve"])
    best = levels[found["held"]]
    assert best["p95"]["low"] <= best["p95"]["value"] <= best["p95"]["high"]
    assert best["throughput"]["value"] == pytest.approx(4, rel=0.3)
    assert result["summary"]["total_users"] <= 2 * found["broke"]
    assert found["knee"] in levels
    first = found["first_over"]
    assert first["level"] <= found["broke"]
    assert f"First over its limit: baseline.{first['step']['step']}, tool {first['step']['tool']}" in said
    law = found["scalability"]
    assert (law["contention"] is None) == bool(law["problem"])
    assert "Universal Scalability Law" in said


def test_the_same_seed_finds_the_same_byte_by_byte(tmp_path: Path) -> None:
    short = (*ONE_WORKER, *SLOW, "--within", "60s")
    searched(tmp_path / "a", *short)
    searched(tmp_path / "b", *short)
    assert (tmp_path / "a" / "run.json").read_bytes() == (tmp_path / "b" / "run.json").read_bytes()


def test_when_the_time_is_over_the_best_answer_so_far_is_told(tmp_path: Path) -> None:
    found, _, said = searched(tmp_path, *ONE_WORKER, "--within", "45s")
    assert not found["is_over"]
    assert found["held"] >= 1
    assert "best answer so far" in said


def test_users_that_were_allowed_are_no_limit_of_the_server(tmp_path: Path) -> None:
    found, _, _ = searched(tmp_path, *ONE_WORKER, "--max-users", "3", "--within", "10m")
    assert (found["held"], found["broke"], found["at_least"]) == (3, None, True)
    assert "Carries at least 3 users" in found["text"]
    assert "--max-users" in found["text"]


def test_a_server_that_does_not_even_carry_one_user_breaks_the_run(tmp_path: Path) -> None:
    code = ExitCode.THRESHOLD
    limit = ("--limit", "calls: p(95)<1ms")
    found, _, said = searched(tmp_path, *ONE_WORKER, *SLOW, *limit, code=code)
    assert found["held"] is None
    assert "Does not even carry 1 user" in " ".join(said.split())


def test_by_arrivals_the_rate_is_of_what_succeeded_and_users_are_made_to_suffice(tmp_path: Path) -> None:
    model = ("--server-model", "servers=2,service=exp:100ms")
    found, result, _ = searched(
        tmp_path,
        "--virtual",
        "--seed",
        "5",
        "--output",
        "run.json",
        *model,
        "--by",
        "arrivals",
        "--mix",
        "note_share=1",
        "--within",
        "15m",
    )
    assert found["unit"] == "arrivals/s"
    best = next(level for level in found["curve"] if level["level"] == found["held"])
    # The rate that was due lies within what was seen: executions came and went by chance.
    assert best["succeeded"]["low"] <= found["held"] <= best["succeeded"]["high"]
    # Twenty calls a second are all that the server can do, and one execution makes four or more.
    assert best["throughput"]["value"] <= 20.5
    assert found["held"] <= 20 / 4
    assert result["summary"]["total_users"] >= 8


@pytest.mark.parametrize(("arguments", "problem"), [
    (("--limit", "calls: p(95)<fast"), "--limit"),
    (("--within", "soon"), "--within"),
    (("--max-users", "0"), "--max-users"),
    (("--by", "magic"), "--by"),
    (("--max-users", "1", "--mix", "note_share=1"), "2"),
    (("--users", "5"), "--users"),
])  # fmt: skip
def test_what_is_wrong_is_one_line_before_anything_is_created(
    arguments: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    finished = simulate(("capacity", "--virtual", *arguments), NOTHING, tmp_path)
    assert finished.returncode == ExitCode.USAGE
    assert problem in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_users_are_created_as_they_are_needed_and_removed_whatever_ends_the_search(tmp_path: Path) -> None:
    with running_standin() as standin:
        finished = simulate(
            ("capacity", "--url", f"{standin.url}/mcp", "--login", "http", "--workload", "baseline",
             "--within", "25s", "--max-users", "8", "--output", "run.json", "--think", "100ms"),
            standin.environment, tmp_path,
        )  # fmt: skip
        assert finished.returncode == ExitCode.OK, finished.stdout + finished.stderr
        result = json.loads((tmp_path / "run.json").read_text())
        assert 1 <= result["capacity"]["held"] <= 8
        assert 2 <= result["summary"]["total_users"] <= 8
        assert standin.leftovers() == {}


def test_ctrl_c_gives_the_best_answer_so_far_and_leaves_nothing(tmp_path: Path) -> None:
    with running_standin(tool_pause_s=0.05) as standin:
        terminal = Terminal(
            ("capacity", "--url", f"{standin.url}/mcp", "--login", "http", "--workload", "baseline",
             "--grace", "2s", "--max-users", "8", "--output", "run.json", "--think", "100ms", "--no-history"),
            standin.environment, tmp_path,
        )  # fmt: skip
        terminal.read_until("1 users: held after")
        terminal.press_ctrl_c()
        assert terminal.wait() == ExitCode.INTERRUPTED, terminal.text
        result = json.loads((tmp_path / "run.json").read_text())
        assert (result["exit_code"], result["capacity"]["is_over"]) == (130, False)
        assert result["capacity"]["held"] >= 1
        said = " ".join(terminal.text.split())
        assert "best answer so far" in said
        assert result["capacity"]["text"] in said
        assert "Traceback" not in said
        assert standin.leftovers() == {}
