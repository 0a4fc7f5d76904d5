"""The pictures of the README, made anew: virtual runs, their pages, and a browser that looks at them; and a
run in a terminal, as it stood on the glass.

python -m tests.support.screenshots [FOLDER]        (default: docs/images)
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import attrs
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from tests.support.house import ROOT
from tests.support.processes import Terminal, simulate

WIDTH = 900
RAMP = ("--virtual", "--seed", "9", "--stage", "90s:60,30s:60,15s:0", "--threshold", "errors: rate<1%")
FAULTY = ("--virtual", "--seed", "8", "--users", "12", "--duration", "90s", "--standin-fault")

PLAYED = ("--stage", "20s:30,60s:30", "--login", "http", "--seed", "7", "--warmup", "1s", "--grace", "2s")
ASKED = ("--threshold", "calls: p(95)<200ms", "--threshold", "errors: rate<1%", "--standin-fault")
COLUMNS, ROWS, WATCHED_S = 88, 24, 24.0
ERASED = "\x1b[J"
"""Comes before each picture of the screen."""
FRAME = """<style>body {{ margin: 0; background: {background}; color: {foreground} }}
pre {{ margin: 0; padding: 18px 22px; width: max-content; font: 14px/1.35 "DejaVu Sans Mono", monospace }}
{stylesheet}</style><pre>{code}</pre>"""


@attrs.frozen
class Shot:
    """A picture of one page: from the element `begin` on, so many pixels high."""

    name: str
    arguments: tuple[str, ...]
    begin: str
    height: int


SHOTS = (
    Shot("report-ramp", (*RAMP, "--threshold", "calls: p(95)<300ms"), "body", 1180),
    Shot("report-violation", (*FAULTY, "lost_update:2%"), "#cards", 620),
)


def main(folder: Path) -> None:
    """Make all of them. Raises RuntimeError where a run gave no page."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        own = Path(playwright.chromium.executable_path).exists()
        installed = None if own else shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        for shot in SHOTS:
            page = page_of(shot, Path(scratch))
            take(browser, shot, page, folder / f"{shot.name}.png")
            print(folder / f"{shot.name}.png")
        take_terminal(browser, Path(scratch), folder / "terminal.png")
        print(folder / "terminal.png")
        browser.close()


def page_of(shot: Shot, scratch: Path) -> Path:
    """The page of its run."""
    path = scratch / f"{shot.name}.html"
    played = simulate((*shot.arguments, "--quiet", "--report", f"html:{path}"), {}, scratch)
    if not path.exists():
        raise RuntimeError(played.stderr)
    return path


def take(browser: Browser, shot: Shot, page: Path, target: Path) -> None:
    """As a reader sees it who opens the file."""
    looked = browser.new_page(viewport={"width": WIDTH, "height": shot.height}, offline=True)
    looked.goto(page.as_uri())
    box = looked.locator(shot.begin).bounding_box()
    assert box is not None
    clip = {"x": 0, "y": box["y"], "width": WIDTH, "height": shot.height}
    looked.wait_for_timeout(300)
    looked.screenshot(path=target, full_page=True, clip=clip)
    looked.close()


def take_terminal(browser: Browser, scratch: Path, target: Path) -> None:
    """A run against the stand-in, a while after it began, with its colours."""
    words, around = (*PLAYED, *ASKED, "lost_update:1%"), {"TERM": "xterm", "NO_COLOR": ""}
    terminal = Terminal(words, around, scratch, size=(ROWS, COLUMNS))
    terminal.read_until("Ctrl-C: stop in order")
    terminal.watch(WATCHED_S)
    frame = terminal.text.rpartition(ERASED)[2]
    for _ in range(2):
        terminal.press_ctrl_c()
        terminal.watch(0.5)
    terminal.wait()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(frame.replace("\r", "")), no_wrap=True)
    shown = browser.new_page(offline=True)
    shown.set_content(console.export_html(theme=SVG_EXPORT_THEME, code_format=FRAME))
    shown.locator("pre").screenshot(path=target)
    shown.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
