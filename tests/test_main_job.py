"""The main job as a person has it: the command, a stand-in, real sockets, a real browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ADMIN_PASSWORD, StandinServer, Terminal, running_standin, simulate

SHORT = ("--duration", "2", "--warmup", "0.5")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin() as server:
        server.add_bystanders()
        yield server


def run(standin: StandinServer, state: Path, *arguments: str, timeout_s: float = 120) -> tuple[int, str, str]:
    finished = simulate(
        ("--url", f"{standin.url}/mcp", *arguments), standin.environment, state, timeout_s=timeout_s
    )
    return finished.returncode, finished.stdout, finished.stderr


def tool_calls(counts: dict[str, int]) -> int:
    return sum(count for name, count in counts.items() if name.startswith(("tool:", "resource:")))


def assert_consistent(report: dict[str, Any]) -> None:
    for name, workflow in report["workflows"].items():
        assert workflow["failed_executions"] == 0, (name, workflow["failures"])
    users = report["users"].values()
    assert sum(user["total_operations"] for user in users) == report["calls"]["total"]
    assert sum(user["successful_operations"] for user in users) == report["calls"]["successful"]
    # Not each story comes up within two seconds; what was done was done in the steps of some.
    steps = [step for story in report["workflows"].values() for step in story["steps"].values()]
    assert sum(step["total"] for step in steps) == report["calls"]["total"] > 0


def test_without_a_url_it_runs_against_the_built_in_stand_in_and_says_so(tmp_path: Path) -> None:
    nothing = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
    finished = simulate(
        ("--users", "5", "--login", "http", *SHORT, "--output", "run.json"), nothing, tmp_path
    )
    assert finished.returncode == 0, finished.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    assert "stand-in" in report["target"]
    assert "stand-in" in finished.stdout
    assert finished.stdout.rstrip().splitlines()[-1].startswith("Clean:")
    assert_consistent(report)


def test_every_call_that_the_server_saw_is_in_some_phase_of_the_report(
    standin: StandinServer, tmp_path: Path
) -> None:
    before = tool_calls(standin.get("/standin/counts"))
    code, _, said = run(standin, tmp_path, "--users", "5", "--login", "http", *SHORT, "-o", "run.json")
    assert code == 0, said
    report = json.loads((tmp_path / "run.json").read_text())
    seen = tool_calls(standin.get("/standin/counts")) - before
    assert seen == sum(report["phases"].values())
    assert_consistent(report)
    assert standin.leftovers() == {}


@pytest.mark.browser
def test_users_log_in_through_a_real_browser(standin: StandinServer, tmp_path: Path) -> None:
    code, out, said = run(
        standin, tmp_path, "--users", "3", "--login", "browser", *SHORT, "-o", "run.json", timeout_s=180
    )
    assert code == 0, said
    assert "in a browser" in out
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["setup"]["login"]["count"] == 3
    assert_consistent(report)
    assert standin.leftovers() == {}


def test_users_come_and_go_as_the_stages_say(standin: StandinServer, tmp_path: Path) -> None:
    code, _, said = run(
        standin, tmp_path, "--login", "http", "--warmup", "0", "--stage", "1s:6,1s:6,1s:0", "-o", "run.json"
    )
    assert code == 0, said
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["summary"]["total_users"] == 6
    assert report["setup"]["session"]["count"] == 6
    assert_consistent(report)
    assert standin.leftovers() == {}


def test_a_run_may_last_longer_than_its_tokens(tmp_path: Path) -> None:
    with running_standin(token_ttl_s=6, refresh_ttl_s=6) as standin:
        code, _, said = run(
            standin,
            tmp_path,
            "--users",
            "4",
            "--login",
            "http",
            "--duration",
            "9",
            "--warmup",
            "0",
            "-o",
            "run.json",
        )
        assert code == 0, said
        report = json.loads((tmp_path / "run.json").read_text())
        assert report["setup"]["token_refresh"]["count"] >= 4
        kinds = {kind.partition("/")[0] for kind in report["outcomes"]}
        assert "authorization" not in kinds
        assert_consistent(report)
        assert standin.leftovers() == {}


def test_accounts_that_exist_are_used_and_kept_and_left_without_a_trace(tmp_path: Path) -> None:
    people = {"anna": "Passw0rd-of-the-first", "ben": "Passw0rd-of-the-second"}
    (tmp_path / "people.txt").write_text("".join(f"{uid} {password}\n" for uid, password in people.items()))
    with running_standin() as standin:
        for uid, password in people.items():
            standin.add_user(uid, f"{uid}@example.org", password)
        arguments = ("--accounts", "people.txt", "--url", f"{standin.url}/mcp", "--login", "http", *SHORT)
        finished = simulate(arguments, {"NEXTCLOUD_HOST": standin.url}, tmp_path)
        assert finished.returncode == 0, finished.stderr
        holdings = standin.get("/standin/holdings")
    assert holdings["users"] == sorted(people)
    assert (holdings["files"], holdings["shares"], holdings["clients"]) == ([], 0, [])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--users", "-3"), 2, "--users"),
        (("--stage", "30:"), 2, "no number of users"),
        (("--workload", "nonsense"), 2, "workload"),
        (("--users", "1"), 2, "needs 2 users"),
        (("--output", "/nonexistent/run.json"), 2, "/nonexistent"),
        (("--users", "8"), 3, "exist already"),
    ],
)
def test_bad_input_is_one_clear_line_before_anything_is_created(
    standin: StandinServer, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = standin.get("/standin/counts")
    ended, _, said = run(standin, tmp_path, *arguments, "--login", "http")
    assert ended == code, said
    complaint = [line for line in said.splitlines() if line.startswith("simulate: ")]
    assert len(complaint) == 1
    assert words in complaint[0]
    assert "Traceback" not in said
    after = standin.get("/standin/counts")
    assert after.get("registrations") == before.get("registrations")
    assert standin.leftovers() == {}


def test_a_wrong_admin_password_creates_nothing(standin: StandinServer, tmp_path: Path) -> None:
    finished = simulate(
        ("--url", f"{standin.url}/mcp", "--login", "http"),
        {**standin.environment, "NEXTCLOUD_PASSWORD": "wrong"},
        tmp_path,
    )
    assert finished.returncode == 3
    assert "refuses the admin account" in finished.stderr
    assert "wrong" not in finished.stderr
    assert standin.leftovers() == {}


def test_an_unreachable_server_is_one_line(tmp_path: Path) -> None:
    nowhere = {"NEXTCLOUD_HOST": "http://127.0.0.1:9", "NEXTCLOUD_PASSWORD": "some-password"}
    finished = simulate(("--url", "http://127.0.0.1:9/mcp", "--login", "http"), nowhere, tmp_path)
    assert finished.returncode == 3
    assert "cannot reach" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_server_without_the_needed_tools_is_refused_with_one_user_who_saw_them(tmp_path: Path) -> None:
    with running_standin(tools_left_out=["nc_share_create"]) as standin:
        code, _, said = run(standin, tmp_path, "--login", "http", *SHORT)
        assert code == 3
        assert "nc_share_create" in said
        assert standin.get("/standin/counts")["users_created"] == 1
        assert standin.leftovers() == {}
        code, _, said = run(standin, tmp_path, "--login", "http", "--skip-unsupported", *SHORT)
        assert code == 0, said
        assert "left out" in said


def test_a_denied_consent_is_told_within_seconds_with_the_user_and_the_page(tmp_path: Path) -> None:
    with running_standin(deny_consent_for=["loadtest_user_2"]) as standin:
        code, _, said = run(standin, tmp_path, "--login", "http", *SHORT)
        assert code == 3
        assert "loadtest_user_2" in said
        assert "consent was denied" in said
        assert standin.leftovers() == {}


def test_a_login_page_that_loops_is_told_within_seconds(tmp_path: Path) -> None:
    with running_standin(login_loops_for=["loadtest_user_1"]) as standin:
        code, _, said = run(standin, tmp_path, "--login", "http", *SHORT)
        assert code == 3
        assert "loadtest_user_1" in said
        assert "/login" in said
        assert standin.leftovers() == {}


@pytest.mark.soak
def test_two_hundred_users_on_stage_run_to_the_end(tmp_path: Path) -> None:
    with running_standin() as standin:
        code, _, said = run(
            standin, tmp_path, "--users", "200", "--login", "http", "--setup-concurrency", "8",
            "--think", "1s", "--duration", "15", "-o", "run.json", timeout_s=300,
        )  # fmt: skip
        assert code == 0, said
        report = json.loads((tmp_path / "run.json").read_text())
        assert len(report["users"]) == 200
        assert_consistent(report)
        assert standin.leftovers() == {}


def test_no_secret_stands_in_any_output_file_or_argument_list(standin: StandinServer, tmp_path: Path) -> None:
    terminal = Terminal(
        ("--url", f"{standin.url}/mcp", "--users", "3", "--duration", "60", "--warmup", "0.5",
         "--login", "http", "-v", "-o", "run.json"),
        standin.environment,
        tmp_path,
        popen=subprocess.Popen,  # its argument list is looked at
    )  # fmt: skip
    terminal.read_until("measured")
    files = {path: path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()}
    listed = Path(f"/proc/{terminal.pid}/cmdline").read_text()
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    secret_files = [path for path in files if path.name.endswith(".secret")]
    assert len(secret_files) == 1
    token = files[secret_files[0]]
    said = [terminal.text, listed, (tmp_path / "run.json").read_text()]
    said += [text for path, text in files.items() if path not in secret_files]
    for text in said:
        assert ADMIN_PASSWORD not in text
        assert token not in text
        assert "Bearer ey" not in text
        assert "code=" not in text
    assert not list(tmp_path.rglob("*.secret"))
