"""What is read is not written over, and nothing takes the place of a ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli.main import execute
from sim.runtime.exit import ExitCode


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What was said when it was refused."""
    assert execute(argv) == ExitCode.USAGE
    return capsys.readouterr().err


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("--ledger", "--output"),
        ("--accounts", "--output"),
        ("--scenario", "--ledger"),
        ("--ca-file", "--output"),
    ],
)
def test_one_file_is_not_read_and_written_under_two_names(
    first: str, second: str, link: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    ours.write_text("")
    link(other, ours)
    host = ["--url", "http://127.0.0.1:1/mcp"] if first == "--accounts" else []
    assert "are the same file" in refused([first, str(ours), second, str(other), *host], capsys)
    assert ours.read_text() == ""


def test_results_never_take_the_place_of_a_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger"
    path.write_text(json.dumps({"run": {"mark": "sim-1"}}) + "\n")
    assert "is a ledger" in refused(["--output", str(path)], capsys)
