"""The ways into an MCP server: tokens, tokens with a granted access, passwords; found out, or asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.processes import StandinServer, running_standin, simulate

SHORT = ("--users", "3", "--warmup", "0", "--duration", "1", "--output", "run.json")


def run(standin: StandinServer, state: Path, *arguments: str, code: int = 0) -> tuple[dict[str, Any], str]:
    finished = simulate(("--url", f"{standin.url}/mcp", *SHORT, *arguments), standin.environment, state)
    said = finished.stdout + finished.stderr
    assert finished.returncode == code, said
    path = state / "run.json"
    return (json.loads(path.read_text()) if path.exists() else {}), said


@pytest.mark.parametrize("login", ["http", pytest.param("browser", marks=pytest.mark.browser)])
def test_a_server_that_wants_access_granted_gets_it_from_every_user(tmp_path: Path, login: str) -> None:
    with running_standin(login_flow=True) as standin:
        report, _ = run(standin, tmp_path, "--login", login)
        assert report["setup"]["provisioning"]["count"] == 3
        assert report["setup"]["provisioning"]["failures"] == 0
        assert report["calls"]["successful"] > 0
        counts = standin.get("/standin/counts")
        # For each user the server's own, and one that proves to it who wants it forgotten.
        assert (counts["app_passwords"], counts["revoked_app_passwords"]) == (6, 3)
        assert standin.leftovers() == {}


def test_accounts_that_stay_get_their_app_passwords_taken_back_at_nextcloud_too(tmp_path: Path) -> None:
    with running_standin(login_flow=True) as standin:
        accounts = tmp_path / "accounts"
        accounts.write_text("".join(f"real_{n} Long-enough-passw0rd-{n}\n" for n in range(3)))
        for n in range(3):
            standin.add_user(f"real_{n}", f"real_{n}@example.org", f"Long-enough-passw0rd-{n}")
        report, said = run(standin, tmp_path, "--login", "http", "--accounts", str(accounts))
        assert report["setup"]["provisioning"]["count"] == 3
        counts = standin.get("/standin/counts")
        assert counts["revoked_app_passwords"] == counts["app_passwords"] == 6
        left = standin.leftovers()
        assert left.pop("users") == ["real_0", "real_1", "real_2"]
        assert set(left) <= {"logins"}, left
        assert "Clean" in said


def test_a_server_that_takes_passwords_is_recognised_and_needs_no_client(tmp_path: Path) -> None:
    with running_standin(basic=True) as standin:
        report, said = run(standin, tmp_path, "--login", "http")
        assert "takes passwords" in said
        steps = [
            (int(number), int(of)) for number, of in re.findall(r"^Step (\d+)/(\d+):", said, re.MULTILINE)
        ]
        assert [number for number, _ in steps] == list(range(1, len(steps) + 1))
        assert {of for _, of in steps[1:]} == {len(steps)}, "what is told beforehand is what comes"
        assert report["login"] == "name and password with every request"
        assert report["calls"]["successful"] > 0
        assert standin.get("/standin/counts").get("registrations", 0) == 0
        assert standin.leftovers() == {}


@pytest.mark.parametrize(
    ("options", "auth", "words", "created"),
    [
        ({"basic": True}, "oauth", "asks nobody for a token", 0),
        ({"basic": True}, "login-flow", "asks nobody for a token", 0),
        ({}, "basic", "wants tokens, not passwords", 0),
        # Tools are seen by one of the users.
        ({}, "login-flow", "has no tool nc_auth_provision_access", 1),
    ],
)
def test_a_way_that_the_server_does_not_know_is_refused_before_the_crowd_is_created(
    tmp_path: Path, options: dict[str, Any], auth: str, words: str, created: int
) -> None:
    with running_standin(**options) as standin:
        _, said = run(standin, tmp_path, "--login", "http", "--auth", auth, code=3)
        assert words in said
        assert standin.get("/standin/counts").get("users_created", 0) == created
        assert standin.leftovers() == {}


@pytest.mark.parametrize("client", ["wire", "sdk"])
@pytest.mark.parametrize(("protocol", "version"), [("2025", "2025-11-25"), ("2026", "2026-07-28")])
def test_both_generations_of_the_protocol_are_spoken_and_named_in_the_report(
    tmp_path: Path, client: str, protocol: str, version: str
) -> None:
    with running_standin() as standin:
        arguments = ("--login", "http", "--protocol", protocol, "--client", client)
        report, _ = run(standin, tmp_path, *arguments)
        assert report["protocols"] == {version: 3}
        assert set(report["outcomes"]) <= {"ok", "expected/tool_error/412"}
        assert standin.leftovers() == {}


def test_tokens_that_live_seven_seconds_cost_no_call(tmp_path: Path) -> None:
    with running_standin(token_ttl_s=7, refresh_ttl_s=60) as standin:
        arguments = ("--login", "http", "--duration", "12", "--think", "200ms")
        report, _ = run(standin, tmp_path, *arguments)
        assert set(report["outcomes"]) <= {"ok", "expected/tool_error/412"}
        assert report["setup"]["token_refresh"]["count"] > 3
        assert standin.leftovers() == {}


@pytest.mark.parametrize("options", [{}, {"basic": True}, {"login_flow": True}], ids=str)
def test_the_tools_of_a_server_are_listed_with_who_uses_them(options: dict[str, Any], tmp_path: Path) -> None:
    with running_standin(tools_left_out=["nc_share_update"], **options) as standin:
        arguments = ("tools", "--url", f"{standin.url}/mcp", "--login", "http")
        listed = simulate(arguments, standin.environment, tmp_path)
        assert listed.returncode == 0, listed.stderr
        lines = [line.split("  ", 1) for line in listed.stdout.splitlines()]
        tools = {line[0].strip(): line[-1] for line in lines}
        assert "note_share" in tools["nc_share_create"]
        assert "(path: string, share_with: string, " in tools["nc_share_create"]
        assert "  (note_id: integer)  " in tools["nc_notes_get_note"]
        assert tools["nc_notes_get_note"].split()[0] == "read-only"
        assert tools["nc_notes_delete_note"].split()[0] == "destructive"
        assert "nc_share_update" not in tools
        assert "lacking for permission_escalation: nc_share_update" in listed.stdout
        assert standin.leftovers() == {}


def test_doctor_tells_how_each_step_went_and_leaves_nothing(tmp_path: Path) -> None:
    with running_standin() as standin:
        finished = simulate(
            ("doctor", "--url", f"{standin.url}/mcp", "--login", "http"), standin.environment, tmp_path
        )
        assert finished.returncode == 0, finished.stderr
        lines = [line for line in finished.stdout.splitlines() if not line.startswith(" ")]
        assert all(line.startswith("ok ") for line in lines)
        assert [line.removeprefix("ok").strip().partition(":")[0] for line in lines] == [
            "servers answer, the account may manage users",
            "client registered",
            "first user",
            "tools for the workflows",
            "users created",
            "users log in",
            "a session and a call",
            "clean-up",
        ]
        assert standin.leftovers() == {}


@pytest.mark.parametrize(
    ("options", "step"),
    [
        ({"tools_left_out": ["nc_notes_get_note"]}, "tools for the workflows"),
        ({"deny_consent_for": ["loadtest_user_2"]}, "users log in"),
    ],
)
def test_doctor_names_the_step_that_fails_and_still_leaves_nothing(
    tmp_path: Path, options: dict[str, Any], step: str
) -> None:
    with running_standin(**options) as standin:
        finished = simulate(
            ("doctor", "--url", f"{standin.url}/mcp", "--login", "http"), standin.environment, tmp_path
        )
        assert finished.returncode == 3
        (failed,) = [line for line in finished.stdout.splitlines() if line.startswith("failed")]
        assert failed.startswith(f"failed  {step}")
        assert standin.leftovers() == {}


@pytest.fixture
def secure(tmp_path: Path) -> Any:
    """The options of a stand-in with a certificate of a private authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    ca_file, chain, key = (str(tmp_path / name) for name in ("ca.pem", "chain.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca_file)
    certificate.private_key_pem.write_to_path(key)
    for place, piece in enumerate(certificate.cert_chain_pems):
        piece.write_to_path(chain, append=place > 0)
    return {"ca_file": ca_file, "certificate": chain, "key": key}


@pytest.mark.parametrize("client", ["wire", "sdk"])
def test_a_private_authority_is_trusted_when_it_is_named(tmp_path: Path, secure: Any, client: str) -> None:
    with running_standin(**secure) as standin:
        arguments = ("--login", "http", "--client", client, "--ca-file", secure["ca_file"])
        report, _ = run(standin, tmp_path, *arguments)
        assert report["target"].startswith("https://")
        assert set(report["outcomes"]) <= {"ok", "expected/tool_error/412"}
        assert standin.leftovers() == {}


def test_an_unknown_authority_is_refused_and_insecure_is_warned_of(tmp_path: Path, secure: Any) -> None:
    with running_standin(**secure) as standin:
        _, said = run(standin, tmp_path, "--login", "http", code=3)
        assert "certificate" in said.lower()
        _, said = run(standin, tmp_path, "--login", "http", "--insecure")
        assert "WARNING: certificates are not checked" in said
        assert standin.leftovers() == {}
