"""What docs/how-to.md promises: so many files, and the new thing is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT

WORKFLOW = '''"""A greeting."""

from __future__ import annotations

from workflows.base import workflow
from workflows.role import Role
from workflows.scene import Scene


@workflow(steps={"look": "nc_notes_search_notes"})
async def greeting(scene: Scene, user: Role) -> None:
    """Somebody looks around."""
    await user.does("look", query=scene.settings.mark)
'''
WORLD = '''"""A world by another name, in which time stands still between the calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.events import Emit
from sim.config.model import Config
from sim.runtime.clock import VirtualClock
from sim.runtime.stop import Stop
from sim.world.people import people_of
from sim.world.virtual.world import VirtualWorld
from sim.world.worlds import Given, WorldKind, WorldStep
from workflows.catalogue import catalogue


class Dream(VirtualWorld):
    target = "a dream"

    @property
    def steps(self) -> tuple[WorldStep, ...]:
        return (WorldStep("asleep", lambda: "Falling asleep", self._sleep), *super().steps)

    async def _sleep(self) -> str:
        return "soundly"


@asynccontextmanager
async def open_dream(config: Config, emit: Emit, stop: Stop, given: Given) -> AsyncIterator[Dream]:
    yield Dream(config, people_of(config), catalogue(config.stories.files), emit)


DREAM = WorldKind(VirtualClock(), open_dream)
'''
FORMAT = '''"""The report as one line."""

from __future__ import annotations

from sim.report.result import Result


def line_report(result: Result) -> str:
    return f"{result.calls.total} calls of {', '.join(result.workflows)}"
'''
VIRTUAL = ("--virtual", "--users", "2", "--duration", "5")
THING = '''"""Calendars that a run made."""

from __future__ import annotations

import attrs

from sim.clean.ledger_text import Entry
from sim.clean.thing import Means


@attrs.frozen
class CalendarThing:
    kind: str = "calendar"
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        means.say(f"calendar {entry.name} removed")


THING = CalendarThing()
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source."""
    for folder in ("actors", "workflows", "sim"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new, 1), "utf-8")


def python(tree: Path, *arguments: str) -> str:
    """What it prints, when all is well."""
    done = start(tree, *arguments)
    assert done.returncode in (0, 3, 6), done.stderr
    return done.stdout


def refused(tree: Path, *arguments: str) -> str:
    """Why the words are refused."""
    done = start(tree, *arguments)
    assert done.returncode == 2, done.stdout
    return done.stderr


def start(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "XDG_STATE_HOME": str(tree / "state")}
    environment["NEXTCLOUD_HOST"] = ""
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, timeout=120
    )


def test_a_workflow_takes_its_file_and_a_name(tree: Path) -> None:
    (tree / "workflows" / "greeting.py").write_text(WORKFLOW)
    catalogue = tree / "workflows" / "catalogue.py"
    replace(
        catalogue,
        "from workflows.hand_over",
        "from workflows.greeting import greeting\nfrom workflows.hand_over",
    )
    replace(catalogue, "    fan_out,\n", "    fan_out,\n    greeting,\n")
    assert "greeting" in python(tree, "-m", "sim", "workflows")
    played = python(tree, "-m", "sim", *VIRTUAL, "--mix", "greeting=1")
    assert re.search(r"greeting.*100\.0 ?%", played)


def test_a_fault_takes_its_kind_and_where_it_is_committed(tree: Path) -> None:
    faults = tree / "sim" / "standin" / "faults"
    replace(
        faults / "spec.py", '    HTTP_500 = "http_500"\n', '    FULL = "full"\n    HTTP_500 = "http_500"\n'
    )
    replace(
        faults / "spec.py",
        "    FaultKind.SUCCESS_FALSE,\n",
        "    FaultKind.SUCCESS_FALSE,\n    FaultKind.FULL,\n",
    )
    replace(
        faults / "faulty_tools.py",
        "        answer = await self._toolbox.call(uid, name, arguments)\n",
        "        if self._book.draw(FaultKind.FULL, uid, name):\n"
        '            return ToolAnswer.failure("Insufficient Storage (507)")\n'
        "        answer = await self._toolbox.call(uid, name, arguments)\n",
    )
    said = python(tree, "-m", "sim", *VIRTUAL, "--standin-fault", "full:50%")
    assert "Insufficient Storage (507)" in said


def test_a_threshold_word_takes_one_file(tree: Path) -> None:
    words = tree / "sim" / "config" / "threshold_words.py"
    replace(
        words,
        "    def conflicts(self) -> int: ...\n",
        "    def conflicts(self) -> int: ...\n    @property\n    def leftovers(self) -> int: ...\n",
    )
    replace(
        words,
        "WORDS: dict[str, Word] = {\n",
        """def leftovers(chosen: Chosen) -> Count:
    return Count(sum(story.leftovers for story in chosen.stories), total(chosen.stories))


WORDS: dict[str, Word] = {
    "leftovers": Word("leftovers: count==0", counts=leftovers, rates=False),
""",
    )
    judged = ("--threshold", "leftovers: count==0", "--threshold", "leftovers{group:all}: rate<1%")
    said = python(tree, "-m", "sim", *VIRTUAL, *judged)
    assert "leftovers: count==0: 0" in said
    assert "leftovers{group:all}: rate<1%: 0%" in said
    misused = ("--threshold", "leftovers: rate<1/s")
    assert "leftovers: count==0" in refused(tree, "-m", "sim", "--virtual", *misused)


def test_a_format_takes_one_file_and_a_row(tree: Path) -> None:
    report = tree / "sim" / "report"
    (report / "line.py").write_text(FORMAT)
    formats = report / "formats.py"
    replace(
        formats,
        "from sim.report.markdown",
        "from sim.report.line import line_report\nfrom sim.report.markdown",
    )
    replace(
        formats,
        '        "json": Format(',
        '        "line": Format(line_report, ".line", "in a line"),\n        "json": Format(',
    )
    wanted = ("--report", "line:run.line", "-o", "run.json")
    python(tree, "-m", "sim", *VIRTUAL, "--mix", "baseline=1", *wanted)
    written = (tree / "run.line").read_text()
    assert re.fullmatch(r"\d+ calls of baseline", written)
    assert python(tree, "-m", "sim", "report", "run.json", "--format", "line").strip() == written


def test_an_option_of_the_load_takes_its_row_the_engine_and_who_heeds_it(tree: Path) -> None:
    load = tree / "sim" / "load"
    row = '    idle: int = row(_S.LOAD, types.count(0, 9), "Users who start nothing by themselves.", 0)\n'
    last = "    seed: int = 0\n"
    replace(tree / "sim" / "config" / "model.py", last, row + last)
    replace(load / "engine.py", "load.max_lag_s, arrivals)", "load.max_lag_s, arrivals, load.idle)")
    executors = load / "executors.py"
    replace(
        executors,
        "    random: Random,\n) -> Executor:",
        "    random: Random,\n    idle: int,\n) -> Executor:",
    )
    replace(
        executors,
        "Population(profile, wings, company, director)",
        "Population(profile, wings, company, director, idle)",
    )
    replace(
        executors,
        "company: Company, director: Director) ->",
        "company: Company, director: Director, idle: int) ->",
    )
    replace(
        executors,
        "        self._following = Following()\n",
        "        self._following = Following()\n        self._idle = idle\n",
    )
    replace(executors, "in self._wings.present:", "in self._wings.present[self._idle :]:")
    asked = ("--users", "3", "--duration", "5", "--mix", "baseline=1", "--idle", "1", "-o", "run.json")
    python(tree, "-m", "sim", "--virtual", *asked)
    assert len(json.loads((tree / "run.json").read_text())["users"]) == 2


def test_a_world_takes_a_package_and_a_line(tree: Path) -> None:
    world = tree / "sim" / "world"
    (world / "dream").mkdir()
    (world / "dream" / "__init__.py").write_text("")
    (world / "dream" / "dream.py").write_text(WORLD)
    replace(
        world / "opening.py",
        "    if config.target.virtual:\n",
        "    if config.load.seed == 77:\n"
        "        from sim.world.dream.dream import DREAM\n\n"
        "        return DREAM\n"
        "    if config.target.virtual:\n",
    )
    done = start(tree, "-m", "sim", *VIRTUAL, "--seed", "77")
    assert re.search(r"Target: +a dream", done.stdout)
    assert "Step 1/4: Falling asleep" in done.stderr


def test_a_kind_of_thing_takes_one_file(tree: Path) -> None:
    (tree / "sim" / "clean" / "things" / "calendar.py").write_text(THING)
    said = python(tree, "-c", "from sim.clean.things import all_things; print(*all_things())")
    assert "calendar" in said.split()


def test_the_page_names_files_that_there_are() -> None:
    page = (ROOT / "docs" / "how-to.md").read_text("utf-8")
    named = re.findall(r"`((?:sim|workflows|tests|docs)/[\w./]*)`", page)
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
