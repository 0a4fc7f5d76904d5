"""Access that users grant the MCP server: what a run made is taken back, nothing that was there before."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from sim.clean.ledger import open_ledger
from sim.clean.ledger_text import LedgerHead
from sim.clean.things.app_password import APP_PASSWORD_KIND
from tests.support.processes import ADMIN_PASSWORD, StandinServer, Terminal, running_standin, simulate

ACCOUNTS = tuple(f"real_{n}" for n in range(3))
PASSWORD = "A-passw0rd-that-stays"
OF_SERVER = "Nextcloud MCP Server (stand-in)"


@pytest.fixture
def standin() -> Iterator[StandinServer]:
    with running_standin(login_flow=True) as server:
        for uid in ACCOUNTS:
            server.add_user(uid, f"{uid}@example.org", PASSWORD)
        yield server


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts"
    path.write_text("".join(f"{uid} {PASSWORD}\n" for uid in ACCOUNTS))
    return path


def arguments(standin: StandinServer, accounts: Path, *more: str) -> tuple[str, ...]:
    load = ("--users", "3", "--warmup", "0", "--duration", "1", "--output", "run.json")
    return ("--url", f"{standin.url}/mcp", "--accounts", str(accounts), "--login", "http", *load, *more)


def run(standin: StandinServer, state: Path, *words: str) -> str:
    """Run it to a good end; what it said."""
    finished = simulate(words, standin.environment, state)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout + finished.stderr


def app_passwords(standin: StandinServer) -> list[str]:
    """Whose they are, in order."""
    return sorted(one["uid"] for one in standin.get("/standin/holdings")["app_passwords"])


def add_app_password(standin: StandinServer, uid: str, program: str) -> int:
    """An app password as a program gets it; its number."""
    answer = httpx.get(
        f"{standin.url}/ocs/v2.php/core/getapppassword",
        auth=(uid, PASSWORD),
        headers={"User-Agent": program},
    )
    assert answer.status_code == 200, answer.text
    held: list[dict[str, Any]] = standin.get("/standin/holdings")["app_passwords"]
    return max(one["id"] for one in held if one["uid"] == uid)


def test_access_that_users_had_granted_before_outlives_the_run(
    standin: StandinServer, accounts: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.jsonl"
    run(standin, tmp_path, *arguments(standin, accounts, "--no-cleanup", "--ledger", str(kept)))
    assert app_passwords(standin) == list(ACCOUNTS)

    run(standin, tmp_path, *arguments(standin, accounts))
    assert app_passwords(standin) == list(ACCOUNTS)
    assert standin.get("/standin/counts")["login_flows"] == 3, "the server has forgotten what it had"

    said = run(standin, tmp_path, "cleanup", "--ledger", str(kept), "--accounts", str(accounts))
    assert "Clean" in said
    assert app_passwords(standin) == []


def test_the_administrator_never_logs_in_at_a_page(tmp_path: Path) -> None:
    with running_standin(login_flow=True, login_loops_for=["admin"]) as standin:
        load = ("--users", "2", "--warmup", "0", "--duration", "1", "--output", "run.json")
        run(standin, tmp_path, "--url", f"{standin.url}/mcp", "--login", "http", *load)
        # Theirs would have been refused, and counted.
        assert standin.get("/standin/counts").get("failed_logins", 0) == 0
        report = json.loads((tmp_path / "run.json").read_text())
        assert report["setup"]["provisioning"]["count"] == 2
        assert set(report["outcomes"]) <= {"ok", "expected/tool_error/412"}
        assert standin.leftovers() == {}


def test_tools_that_are_missing_are_told_by_the_first_user_who_can_look(tmp_path: Path) -> None:
    lacking = ["nc_notes_get_note"]
    with running_standin(login_loops_for=["admin"], tools_left_out=lacking) as standin:
        words = ("--url", f"{standin.url}/mcp", "--login", "http", "--users", "2")
        finished = simulate(words, standin.environment, tmp_path)
        assert finished.returncode == 3
        assert "lacks tools" in finished.stderr
        assert standin.leftovers() == {}


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["interrupted", "killed"]
)
def test_a_run_that_ends_while_access_is_granted_leaves_no_app_password(
    standin: StandinServer, accounts: Path, tmp_path: Path, end: signal.Signals, code: int
) -> None:
    standin.inject({"kind": "latency", "probability": 1, "distribution": "200ms"})
    words = arguments(standin, accounts, "--setup-concurrency", "1")
    terminal = Terminal(words, standin.environment, tmp_path)
    terminal.read_until("real_0 granted access")
    terminal.kill(end)
    assert terminal.wait() == code, terminal.text
    if end is signal.SIGKILL:
        assert app_passwords(standin) != []
        run(standin, tmp_path, "cleanup", "--accounts", str(accounts))
    assert app_passwords(standin) == []
    assert standin.leftovers()["users"] == list(ACCOUNTS)


def test_of_what_came_unseen_only_the_app_passwords_of_mcp_servers_are_taken_back(
    standin: StandinServer, accounts: Path, tmp_path: Path
) -> None:
    known = add_app_password(standin, "real_0", OF_SERVER)
    head = LedgerHead(mark="sim-0", nextcloud_url=standin.url, admin="admin", prefix="loadtest")
    path = tmp_path / "died.jsonl"
    with open_ledger(head, path) as ledger:
        ledger.intend(APP_PASSWORD_KIND, "real_0", known=str(known))
    add_app_password(standin, "real_0", "A telephone")
    add_app_password(standin, "real_0", OF_SERVER)

    run(standin, tmp_path, "cleanup", "--ledger", str(path), "--accounts", str(accounts))
    left = standin.get("/standin/holdings")["app_passwords"]
    assert [(one["id"], one["name"]) for one in left] == [(known, OF_SERVER), (known + 1, "A telephone")]
    assert not path.exists()


def replace_users(standin: StandinServer, uids: Sequence[str]) -> None:
    """Somebody removes them at Nextcloud, with all that they had; nobody tells the MCP server."""
    with httpx.Client(
        base_url=standin.url, auth=("admin", ADMIN_PASSWORD), headers={"OCS-APIRequest": "true"}
    ) as http:
        for uid in uids:
            assert http.delete(f"/ocs/v2.php/cloud/users/{uid}").status_code == 200
    assert not app_passwords(standin)


def test_what_earlier_users_of_the_same_names_granted_is_forgotten_before_it_is_shown(
    standin: StandinServer, tmp_path: Path
) -> None:
    words = ("--url", f"{standin.url}/mcp", "--login", "http", "--users", "3", "--warmup", "0")
    load = ("--duration", "1", "--output", "run.json")
    run(standin, tmp_path, *words, *load, "--no-cleanup")
    replace_users(standin, [f"loadtest_user_{n}" for n in (1, 2, 3)])

    said = run(standin, tmp_path, *words, *load)
    assert "still held a void grant of a loadtest_user_1: it has forgotten it" in said
    counts = standin.get("/standin/counts")
    assert (counts["login_flows"], counts.get("void_grants_shown", 0)) == (6, 0)


def test_a_void_grant_of_an_account_that_stays_is_shown_once(
    standin: StandinServer, accounts: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.jsonl"
    run(standin, tmp_path, *arguments(standin, accounts, "--no-cleanup", "--ledger", str(kept)))
    replace_users(standin, ACCOUNTS)
    for uid in ACCOUNTS:
        standin.add_user(uid, f"{uid}@example.org", PASSWORD)

    run(standin, tmp_path, *arguments(standin, accounts))
    counts = standin.get("/standin/counts")
    assert (counts["login_flows"], counts["void_grants_shown"]) == (6, len(ACCOUNTS))
    assert app_passwords(standin) == []


@pytest.mark.parametrize("options", [{"login_flow": True}, {"basic": True}], ids=str)
def test_doctor_knows_every_way_in_and_leaves_nothing(tmp_path: Path, options: dict[str, Any]) -> None:
    with running_standin(**options) as standin:
        words = ("doctor", "--url", f"{standin.url}/mcp", "--login", "http")
        said = run(standin, tmp_path, *words)
        assert ("ok      users grant access" in said) is ("login_flow" in options)
        assert ("ok      users differ" in said) is ("basic" in options)
        assert "clean-up: Clean" in said
        assert standin.leftovers() == {}
