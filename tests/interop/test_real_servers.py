"""The real server, in its modes for many users: nothing fails, nothing is violated, nothing is left."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.interop.servers import Case, real_server
from tests.support.processes import StandinServer, Terminal, running_standin, simulate

pytestmark = pytest.mark.interop

CASES = (Case("0.68.1", "oauth"), Case("0.202.1", "login_flow"), Case("0.202.1", "multi_user_basic"))
LATEST = (Case("latest", "login_flow"), Case("latest", "multi_user_basic"))
EVERYTHING = "baseline=50,note_share=30,collaborative_edit=15,file_share=5,permission_escalation=20"
LOAD = ("--users", "6", "--login", "http", "--warmup", "0")


@attrs.frozen
class Place:
    """A real server and the stand-in that is its Nextcloud."""

    case: Case
    url: str
    standin: StandinServer

    def leftovers(self) -> dict[str, Any]:
        """What is left of ours: the server's own OAuth client is its own."""
        left = self.standin.leftovers()
        all_clients = left.pop("clients", [])
        clients = [one for one in all_clients if not one["name"].startswith("Nextcloud MCP Server")]
        return {**left, **({"clients": clients} if clients else {})}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    asked = metafunc.config.getoption("--release")
    cases = [case for case in (*CASES, *LATEST) if case.release == asked] if asked else list(CASES)
    metafunc.parametrize("place", cases, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    case: Case = request.param
    # The server shares our address, and goes on with what users granted it after they are gone: with the
    # protection, Nextcloud would lock us out for it. Release 0.68.1 follows no redirect to the metadata.
    with (
        running_standin(brute_force_s=0.0, well_known_redirect=case.release != "0.68.1") as standin,
        real_server(case, standin, tmp_path_factory.mktemp(str(case))) as url,
    ):
        standin.add_bystanders()
        yield Place(case, url, standin)


def run(place: Place, state: Path, *arguments: str) -> dict[str, Any]:
    """Run to the end, which is to be a good one; the report."""
    finished = simulate(
        ("--url", place.url, *LOAD, *arguments, "--output", "run.json"),
        place.standin.environment,
        state,
        timeout_s=300,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr
    report: dict[str, Any] = json.loads((state / "run.json").read_text())
    assert place.leftovers() == {}
    return report


def assert_flawless(report: dict[str, Any]) -> None:
    """Conflicts are part of editing together, and are counted; nothing else fails."""
    assert set(report["outcomes"]) <= {"ok", "expected/tool_error/412"}, report["outcomes"]
    assert {name: c["violations"] for name, c in report["consistency"].items() if c["violations"]} == {}
    for name, story in report["workflows"].items():
        lost_fights = sum(n for failure, n in story["failures"].items() if failure.endswith("tool_error/412"))
        assert story["failed_executions"] == lost_fights, (name, story["failures"])


def test_two_hundred_executions_of_everything_are_flawless(place: Place, tmp_path: Path) -> None:
    report = run(place, tmp_path, "--iterations", "200", "--mix", EVERYTHING)
    assert_flawless(report)
    assert sum(story["total_executions"] for story in report["workflows"].values()) == 200
    assert len(report["workflows"]) == 5
    print(f"\n{place.case}: {report['calls']['total']} calls, {report['protocols']}, {report['outcomes']}")


@pytest.mark.parametrize("client", ["sdk", "wire"])
@pytest.mark.parametrize("name", ["hand_over_chain", "fan_out", "review_cycle"])
def test_the_templates_are_flawless_with_either_client(
    place: Place, tmp_path: Path, client: str, name: str
) -> None:
    assert_flawless(run(place, tmp_path, "--iterations", "8", "--mix", f"{name}=1", "--client", client))


@pytest.mark.browser
def test_users_log_in_and_grant_access_in_a_real_browser(place: Place, tmp_path: Path) -> None:
    arguments = ("--users", "2", "--iterations", "10", "--login", "browser")
    report = run(place, tmp_path, *arguments)
    assert_flawless(report)
    if place.case.mode == "login_flow":
        assert report["setup"]["provisioning"]["count"] == 2


def test_after_ctrl_c_nothing_is_left(place: Place, tmp_path: Path) -> None:
    terminal = Terminal(("--url", place.url, *LOAD, "--duration", "60"), place.standin.environment, tmp_path)
    terminal.read_until("measured", timeout_s=90)
    terminal.watch(1.5)
    terminal.press_ctrl_c()
    assert terminal.wait() == 130, terminal.text
    assert place.leftovers() == {}


def test_after_a_kill_the_cleanup_command_leaves_nothing(place: Place, tmp_path: Path) -> None:
    terminal = Terminal(("--url", place.url, *LOAD, "--duration", "60"), place.standin.environment, tmp_path)
    terminal.read_until("measured", timeout_s=90)
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.wait()
    finished = simulate(("cleanup",), place.standin.environment, tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    left = place.leftovers()
    # A server that was killed in front of says no goodbye to logins of users who are gone.
    assert left == {}, left


def test_the_doctor_finds_everything_in_order(place: Place, tmp_path: Path) -> None:
    finished = simulate(
        ("doctor", "--url", place.url, "--login", "http"), place.standin.environment, tmp_path
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "failed" not in finished.stdout
    assert place.leftovers() == {}
