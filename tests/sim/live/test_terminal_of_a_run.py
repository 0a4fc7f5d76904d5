"""A whole run in a pseudo-terminal, at several widths: what it writes, and what is left on the glass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.glass import Glass
from tests.support.processes import Terminal

PLAYED = ("--virtual", "--users", "3", "--duration", "5s", "--warmup", "1s", "--seed", "3")
LAST_LINE = "Ctrl-C: stop in order"
HARMLESS = re.compile(r"\x1b\[[0-9;]*[mKJA]")
"""Colours, erasing, going up: nothing of which a terminal would have to be brought back."""


def run(tmp_path: Path, columns: int, more: Mapping[str, str] | None = None) -> Terminal:
    around = {"TERM": "xterm", "NO_COLOR": "", "COLUMNS": "", **(more or {})}
    terminal = Terminal(PLAYED, around, tmp_path, size=(24, columns))
    assert terminal.wait() == 0, terminal.text
    return terminal


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_run_is_shown_and_leaves_the_terminal_as_it_was(columns: int, tmp_path: Path) -> None:
    text = run(tmp_path, columns).text
    assert LAST_LINE in text
    assert HARMLESS.sub("", text).count("\x1b") == 0
    glass = Glass(columns)
    glass.feed(text)
    assert LAST_LINE not in glass.text
    before, report = glass.text.split("NEXTCLOUD MCP SIMULATION")
    assert before.rstrip(" =\n").splitlines()[0].startswith("Seed 3")
    assert "Exit code 0" in report


def test_a_dumb_terminal_gets_plain_lines_without_escapes(tmp_path: Path) -> None:
    text = run(tmp_path, 80, {"TERM": "dumb"}).text
    assert LAST_LINE not in text
    assert "\x1b" not in text
    assert "measured" in text
