"""`simulate record`: a run through it is as it is without it, and what it wrote is whole and harmless."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from sim.cli.main import execute
from sim.recording.document import read_recording
from tests.support.processes import ADMIN_PASSWORD, StandinServer, Terminal, running_standin, simulate

RUN = (
    "--users",
    "2",
    "--iterations",
    "4",
    "--warmup",
    "0",
    "--yes",
    "--quiet",
    "--login",
    "http",
    "--no-history",
)


def recorder(url: str, state: Path, *more: str, **environment: str) -> tuple[Terminal, str]:
    """`simulate record` in a terminal, and the address that it serves."""
    terminal = Terminal(["record", "--url", url, "-o", "r.jsonl", *more], environment, state)
    terminal.read_until("(Ctrl-C ends the recording")
    return terminal, terminal.text.partition("Point MCP clients at ")[2].split()[0]


def outcome(standin: StandinServer, url: str, state: Path, *more: str) -> dict[str, Any]:
    """What a run through this address reports, as far as chance leaves it alone."""
    before = standin.get("/standin/counts")
    words = [*RUN, "--url", url, "--seed", "1", "--output", "result.json", *more]
    done = simulate(words, standin.environment, state)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((state / "result.json").read_text())
    tools = {
        name: n - before.get(name, 0) for name, n in standin.get("/standin/counts").items() if "tool:" in name
    }
    played = {
        name: (flow["total_executions"], flow["failures"]) for name, flow in result["workflows"].items()
    }
    return {
        "workflows": played,
        "violations": {name: each["violations"] for name, each in result["consistency"].items()},
        "left": standin.leftovers(),
        "calls": sum(tools.values()),
    }


@pytest.mark.parametrize(
    "more",
    [
        ("--client", "wire", "--protocol", "2025"),
        pytest.param(("--client", "sdk", "--protocol", "2026"), marks=pytest.mark.soak),
        pytest.param(("--client", "sdk", "--protocol", "2025"), marks=pytest.mark.soak),
        pytest.param(("--client", "wire", "--protocol", "2026"), marks=pytest.mark.soak),
    ],
)
def test_a_run_through_it_reports_what_it_reports_without_it(more: tuple[str, ...], tmp_path: Path) -> None:
    with running_standin() as standin:
        terminal, url = recorder(standin.mcp_url, tmp_path, "--login-origin", standin.url)
        through = outcome(standin, url, tmp_path, *more)
        terminal.press_ctrl_c()
        assert terminal.wait() == 0
        direct = outcome(standin, standin.mcp_url, tmp_path, *more)
    calls, direct_calls = through.pop("calls"), direct.pop("calls")
    assert through == direct
    assert not through["left"]
    assert direct_calls
    path = tmp_path / "r.jsonl"
    recording = read_recording(path)
    assert recording.is_whole
    assert len([call for call in recording.calls if call.method == "tools/call"]) == calls
    assert sorted(person.name for person in recording.people) == ["loadtest_user_1", "loadtest_user_2"]
    assert (
        f"r.jsonl: {len(recording.calls)} calls of 2 people; next: simulate recording workflow"
        in terminal.text
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert not [word for word in (ADMIN_PASSWORD, "eyJ", "Bearer ", "code=") if word in text]


def test_whoever_presses_ctrl_c_again_and_again_still_gets_all_of_the_recording(tmp_path: Path) -> None:
    with running_standin() as standin:
        terminal, _ = recorder(standin.mcp_url, tmp_path)
        for _ in range(5):
            terminal.press_ctrl_c()
        assert terminal.wait() == 0
    assert "0 calls of 0 people" in terminal.text
    assert read_recording(tmp_path / "r.jsonl").is_whole


def test_a_recording_that_nobody_called_anything_in_says_so_and_is_whole(tmp_path: Path) -> None:
    with running_standin() as standin:
        terminal, url = recorder(standin.mcp_url, tmp_path)
        assert httpx.post(url, json={}).status_code == 401
        terminal.press_ctrl_c()
        assert terminal.wait() == 0
    assert "0 calls of 0 people; next: nobody called anything" in terminal.text
    assert read_recording(tmp_path / "r.jsonl").is_whole


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which MCP server? Say --url"),
        (("--url", "ftp://x"), "--url"),
        (("--url", "http://cloud.example/mcp"), "is not encrypted"),
        (("--url", "https://cloud.example/mcp", "--port", "70000"), "--port"),
        (("--url", "https://cloud.example/mcp", "-o", "there"), "is there already"),
        (("--url", "https://cloud.example/mcp", "-o", "no/folder/r"), "no such file or directory"),
        (("--url", "https://cloud.example/mcp", "--insecure", "--ca-file", "there"), "leave one out"),
        (("--url", "https://cloud.example/mcp", "--ca-file", "there"), "not a file of certificates"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_one_line(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").write_text("precious")
    code, told = execute(["record", *words]), capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert said in told.err
    assert told.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_text() == "precious"


def test_recordings_are_shown_and_made_of_other_files(tmp_path: Path) -> None:
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "add", "arguments": {"a": 2}},
    }
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "5"}]}}
    tape = {"type": "jsonrpc_request", "request": call, "response": answer, "latency_ms": 40}
    (tmp_path / "tape.json").write_text(json.dumps({"version": "1.0", "interactions": [tape]}))
    done = simulate(["recording", "from", "tape.json", "-o", "r.jsonl"], {}, tmp_path)
    assert done.stdout == "r.jsonl: 1 call of 1 person; next: simulate recording workflow r.jsonl\n", (
        done.stderr
    )
    shown = simulate(["recording", "show", "r.jsonl"], {}, tmp_path)
    assert "│ add a=2 40 ms" in shown.stdout
    for_programs = simulate(["recording", "show", "r.jsonl", "--json"], {}, tmp_path)
    assert json.loads(for_programs.stdout)["calls"][0]["name"] == "add"
    refused = simulate(["recording", "show", "tape.json"], {}, tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "simulate recording from" in refused.stderr
