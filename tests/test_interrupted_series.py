"""Ctrl-C in `simulate repeat`: the run under way ends in order, and what there is is compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.processes import Terminal, running_standin, simulate

SHORT = (
    "--users",
    "2",
    "--warmup",
    "0",
    "--think",
    "exp:10ms",
    "--grace",
    "1s",
    "--login",
    "http",
)


@pytest.mark.parametrize(("at", "whole", "duration"), [("Run 1/6", 0, "60s"), ("Run 3/6", 1, "5s")])
def test_ctrl_c_ends_the_series_and_what_was_whole_is_compared(
    at: str, whole: int, duration: str, tmp_path: Path
) -> None:
    with running_standin() as one, running_standin() as other:
        servers = ("--url", f"{one.url}/mcp", "--against", f"{other.url}/mcp", "--against-host", other.url)
        words = ("repeat", "3", *servers, *SHORT, "--duration", duration, "--write", "json:compared.json")
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        terminal = Terminal(words, {**one.environment, "TMPDIR": str(scratch)}, tmp_path)
        terminal.read_until(at)
        terminal.watch(1.5)
        terminal.press_ctrl_c()
        assert terminal.wait() == 130, terminal.text
        assert "Traceback" not in terminal.text
        assert f"Run {2 * whole + 2}/6" not in terminal.text
        assert one.leftovers() == other.leftovers() == {}
        kept = json.loads(simulate(("history", "--format", "json"), {}, tmp_path).stdout)["runs"]
        assert len([run for run in kept if run["exit_code"] != 130]) == 2 * whole
        if whole:
            told = json.loads((tmp_path / "compared.json").read_text())
            assert [len(told[side]["runs"]) for side in ("before", "after")] == [whole, whole]
        else:
            assert "nothing to compare" in terminal.text
        assert not list(scratch.glob("simulate-repeat-*"))
