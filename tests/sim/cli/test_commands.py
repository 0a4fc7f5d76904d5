"""The command line: fast help, and what the small commands print."""

from __future__ import annotations

import io
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sim.cli.configured import make_config, read_settings
from sim.cli.consent import ask, is_loopback
from sim.cli.main import execute
from sim.config.model import Config
from sim.config.options import OPTIONS, WORKLOADS
from sim.config.usage import UsageError
from workflows.repertoire import MIXES

ROOT = Path(__file__).parents[3]
HEAVY = ("trio", "mcp", "rich", "httpx", "playwright", "uvicorn", "tdigest", "asyncio")


@pytest.mark.parametrize("argv", [["--help"], ["--usres", "5"], ["--stage", "30:"], ["cleanup", "--help"]])
def test_help_and_usage_errors_import_nothing_heavy(argv: list[str]) -> None:
    program = (
        "import sys; from sim.cli.main import execute; execute(sys.argv[1:]); "
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *argv],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.endswith("HEAVY []\n")


def test_every_flag_stands_in_the_help_within_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--help"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    for option in OPTIONS:
        assert (f"{option.switch} " in text.replace("\n", " ")) == option.flag, option.name


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--version"]) == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out == f"simulate {project['version']}\n"


def test_the_workloads_are_those_that_the_workflows_know() -> None:
    assert set(WORKLOADS) == set(MIXES)


def test_a_profile_is_drawn_with_its_peak_arrivals_and_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        execute(["profile", "--arrivals", "0s:20/s,2m:20/s", "--users", "30", "--mix", "note_share=1"]) == 0
    )
    out = capsys.readouterr().out
    assert "30 users at hand.\nAbout 2,400 arrivals in 2m." in out
    assert "in 2,400 workflows" in out
    assert "█" * 60 in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_ramp_is_drawn_as_a_slope(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["profile", "--stage", "30s:10,30s:0"]) == 0
    rows = [line.partition("│")[2] for line in capsys.readouterr().out.splitlines() if "│" in line]
    filled = [60 - row.count(" ") for row in rows]
    assert filled == sorted(filled)
    assert 0 < filled[0] < 12
    assert filled[-1] >= 56


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_what_counts_as_this_very_host(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def strange() -> Config:
    return make_config(
        read_settings({}, {"NEXTCLOUD_HOST": "https://cloud.example.org", "NEXTCLOUD_PASSWORD": "hush"})
    )


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("", False)])
def test_a_person_is_asked_before_a_strange_host_is_loaded(answer: str, goes_on: bool) -> None:
    questions = io.StringIO()
    if goes_on:
        ask(strange(), Terminal(answer), questions)
    else:
        with pytest.raises(UsageError, match="nothing was done"):
            ask(strange(), Terminal(answer), questions)
    assert "cloud.example.org" in questions.getvalue()


def test_a_clean_up_hears_the_environment_as_a_run_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.clean import command

    told: list[command.CleanupOptions] = []

    def listen(options: command.CleanupOptions) -> int:
        told.append(options)
        return 0

    monkeypatch.setattr(command, "run", listen)
    monkeypatch.setenv("NEXTCLOUD_HOST", "http://localhost:8080")
    monkeypatch.setenv("NEXTCLOUD_PASSWORD", "hush")
    monkeypatch.setenv("SIMULATE_MAIL_DOMAIN", "there.test")
    assert execute(["cleanup", "--prefix", "them", "--insecure"]) == 0
    assert (told[0].mail_domain, told[0].prefix, told[0].insecure) == ("there.test", "them", True)
    assert (told[0].admin, told[0].admin_password.reveal(), told[0].ledger) == ("admin", "hush", None)


def test_the_stand_in_is_used_unasked() -> None:
    ask(make_config(read_settings({}, {})), io.StringIO(), io.StringIO())
