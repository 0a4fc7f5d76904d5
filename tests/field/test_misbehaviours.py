"""Whatever servers and proxies do: what is left is named, the exit code is right, no secret travels.

Each row of the tables is a whole run through a front. What holds of every run is stated here once; what
a row expects beside that stands in the row.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest

from tests.field.end import Misbehaviour
from tests.field.misbehaviours import MISBEHAVIOURS
from tests.support.front import Front, open_front, page
from tests.support.processes import (
    ADMIN_PASSWORD,
    BYSTANDERS,
    StandinServer,
    running_standin,
    simulate,
)
from tests.support.spoiling import Site

TINY = ("--users", "2", "--duration", "1", "--warmup", "0", "--grace", "1", "--login", "http", "--seed", "7")
ACCOUNTS = {"loadtest_user_x": "Long-enough-passw0rd", "loadtest_user_7": "Long-enough-passw0rd"}


@attrs.frozen
class Street:
    """A stand-in, the front before it, and a stranger's server."""

    standin: StandinServer
    front: Front
    elsewhere: Front


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with running_standin(registrations_per_minute=0, creation_failures=0.0) as standin:
        standin.add_bystanders()
        with (
            open_front(standin.url) as front,
            open_front(standin.url, lambda request: page(200, "Log in")) as elsewhere,
        ):
            yield Street(standin, front, elsewhere)


ROWS = [
    pytest.param(row, id=row.name, marks=() if row.weighs else (pytest.mark.soak,)) for row in MISBEHAVIOURS
]


@pytest.mark.parametrize("row", ROWS)
def test_a_run_ends_as_it_should(street: Street, tmp_path: Path, row: Misbehaviour) -> None:
    before = holdings(street.standin)
    done = run(street, row, tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode in (row.codes | {6} if 3 in row.codes else row.codes), told
    assert "Traceback" not in told and "\x1b" not in told and "\u202e" not in told
    assert [word for word in row.says if word not in told] == [], told
    report = read_report(tmp_path, done)
    counted = [name for name, one in report.get("outcomes", {}).items() if one["count"]]
    assert [word for word in row.outcomes if not any(name.startswith(word) for name in counted)] == [], (
        counted
    )
    assert_no_secret_got_out(street, done, tmp_path)
    assert_named(beside(holdings(street.standin), before), done)
    assert_cleanup_removes_the_rest(street, tmp_path, before)


def run(street: Street, row: Misbehaviour, state: Path) -> subprocess.CompletedProcess[str]:
    """One whole run; the front is honest before and after."""
    # Names of its own, so that what one run left behind is not the next one's failure.
    prefix = f"loadtest{MISBEHAVIOURS.index(row)}"
    arguments = ["--url", f"{street.front.url}/mcp", *TINY, "--user-prefix", prefix, "--output", "run.json"]
    # What is looked for among what was measured needs time to come, also on a busy machine.
    arguments += ("--duration", "3") if row.outcomes else ()
    arguments += row.arguments
    more = street.front.environment(street.standin)
    if row.accounts:
        (state / "accounts").write_text("".join(f"{name} {word}\n" for name, word in ACCOUNTS.items()))
        arguments += ["--accounts", "accounts"]
        more = {"NEXTCLOUD_HOST": street.front.url}
    street.front.requests.clear()
    street.elsewhere.requests.clear()
    street.front.hook = row.rule(Site(street.front.url, street.elsewhere.url))
    try:
        return simulate(arguments, more, state)
    finally:
        street.front.hook = None


def read_report(state: Path, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON, where the load began; it says the same as the exit code."""
    path = state / "run.json"
    if not path.exists():
        assert done.returncode in (3, 4)
        return {}
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert report["exit_code"] == done.returncode
    assert bool(report["cleanup"]["left_behind"]) == (done.returncode == 4)
    return report


def assert_no_secret_got_out(street: Street, done: subprocess.CompletedProcess[str], state: Path) -> None:
    secrets = [ADMIN_PASSWORD, *ACCOUNTS.values()]
    for request in street.front.requests:
        if request.method == "POST" and "/cloud/users" in request.target:
            secrets += parse_qs(request.body.decode()).get("password", [])
    kept = [path for path in state.rglob("*") if path.is_file() and path.name != "accounts"]
    texts = [done.stdout, done.stderr, *(path.read_text(errors="replace") for path in kept)]
    assert not [secret for secret in secrets for text in texts if secret in text]
    for request in street.elsewhere.requests:
        names = {name.lower() for name in request.headers}
        assert not names & {"authorization", "cookie"}, request.target
        said = request.body.decode(errors="replace") + request.target
        assert not [word for word in ("password", "client_secret", "code=", *secrets) if word in said]


def assert_named(left: dict[str, Any], done: subprocess.CompletedProcess[str]) -> None:
    """Exit code 4 and only that says that something is left, and each thing is in the report then."""
    named = done.stdout + done.stderr
    if done.returncode != 4:
        clients = left.pop("clients", [])
        assert not clients or "may exist, and expires by itself" in named
        assert left == {}
        return
    assert left or "(possibly: " in named
    for uid in left.get("users", []):
        assert f"user {uid}" in named
    for home in left.get("homes", []):
        assert f"(home) of {home}" in named


def assert_cleanup_removes_the_rest(street: Street, state: Path, before: dict[str, Any]) -> None:
    arguments = ["cleanup"]
    if (state / "accounts").exists():
        arguments += ["--accounts", "accounts"]
    finished = simulate(arguments, street.front.environment(street.standin), state)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    left = beside(holdings(street.standin), before)
    left.pop("clients", None)
    assert left == {}
    assert set(BYSTANDERS) <= set(street.standin.get("/standin/holdings")["users"])


def holdings(standin: StandinServer) -> dict[str, Any]:
    """What is there beside bystanders and their own logins."""
    left = standin.leftovers()
    left["logins"] = [one for one in left.get("logins", []) if one["uid"] not in BYSTANDERS]
    return left


def beside(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What came since."""
    came: dict[str, Any] = {}
    for key, value in now.items():
        known = before.get(key, type(value)())
        came[key] = [one for one in value if one not in known] if isinstance(value, list) else value - known
    return {key: value for key, value in came.items() if value}
