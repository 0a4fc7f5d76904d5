"""What is done by one process says so where several are asked for, before anything is created."""

from __future__ import annotations

import pytest

from sim.cli.main import execute
from sim.runtime.exit import ExitCode

COMMANDS = (
    ["capacity", "--virtual"],
    ["try", "docs/examples/newsroom.py", "--virtual"],
    ["--virtual", "--profile", "breakpoint:to=9/s", "--threshold", "calls: p(95)<1s abort"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_several_processes_are_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([*words, "--shards", "2", "--no-history", "--quiet"]) == ExitCode.USAGE
    said = capsys.readouterr()
    (line,) = [each for each in said.err.splitlines() if each.startswith("simulate: ")]
    assert "--shards" in line
    assert "leave it out" in line
    assert said.out == ""
