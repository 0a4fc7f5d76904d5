"""Ctrl-C while the screen is up: what it says then, and what is left on the glass."""

from __future__ import annotations

import re
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.glass import Glass
from tests.support.processes import StandinServer, Terminal, running_standin, simulate

COLUMNS = 80
XTERM = {"TERM": "xterm", "NO_COLOR": "", "COLUMNS": ""}
PLAYED = ("--users", "3", "--duration", "30s", "--warmup", "0.2s", "--grace", "4s", "--login", "http")
SAID = ("Ctrl-C: stop in order", "Ctrl-C: cut work off", "Ctrl-C: leave")
"""What the last line of the screen says that the next Ctrl-C does."""
HARMLESS = re.compile(r"\x1b\[[0-9;]*[mKJA]")
"""Colours, erasing, going up: nothing of which a terminal would have to be brought back."""
FRAGMENTS = ("users    ", "calls    ", "service  ", "workflow  ", "self     ", "limits   ", *SAID)
"""How lines of the screen begin."""


@pytest.fixture
def standin(presses: int) -> Iterator[StandinServer]:
    # Calls under way come to their end before the second press is done with, not before the third comes.
    with running_standin(tool_pause_s=60.0 if presses == 3 else 2.0) as server:
        yield server


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_however_often_ctrl_c_is_pressed_the_terminal_is_left_as_it_was(
    presses: int, standin: StandinServer, tmp_path: Path
) -> None:
    words = ("--url", f"{standin.url}/mcp", *PLAYED)
    terminal = Terminal(words, {**standin.environment, **XTERM}, tmp_path, size=(24, COLUMNS))
    for press in range(presses):
        terminal.read_until(SAID[press])
        terminal.press_ctrl_c()
    terminal.watch(0.5)
    assert termios.tcgetattr(terminal.screen) == terminal.attributes
    code = terminal.wait()
    assert HARMLESS.sub("", terminal.text).count("\x1b") == 0
    glass = Glass(COLUMNS)
    glass.feed(terminal.text)
    above, report, _ = glass.text.partition("NEXTCLOUD MCP SIMULATION")
    assert report
    assert not [line for line in above.splitlines() if line.startswith(FRAGMENTS)], above
    assert "Traceback" not in glass.text
    if presses < 3:
        assert code == 130, glass.text
        assert standin.leftovers() == {}
    else:
        assert "simulate cleanup" in " ".join(glass.text.split())
        assert simulate(("cleanup",), standin.environment, tmp_path).returncode == 0
        assert code == 4, glass.text
