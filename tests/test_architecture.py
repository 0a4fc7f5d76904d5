"""The house: floors and rooms, and imports that run down only."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.house import (
    FLOORS,
    ROOT,
    STILL_ACROSS,
    Module,
    arrows,
    draw,
    heights,
    read_module,
    sources,
)

MAX_ROOMS, MAX_HEIGHT, MAX_ARROWS = 18, 9, 60
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_MEDIAN_LINES = 300, 40, 6
"""Of functions without their docstrings."""
LOOSE = {"__init__.py", "__main__.py", "py.typed"}
"""What may lie in `sim/` outside of its rooms."""

BASE = {"actors", "workflows"}
WORLD_UP = {"sim.measure", "sim.config", "sim.clean", "sim.runtime"}
MAY_IMPORT: dict[str, set[str]] = {
    "actors": set(),
    "workflows": {"actors"},
    "bin": set(),
    "sim.standin": set(),
    "sim.runtime": {"actors"},
    "sim.clean": {"actors", "sim.config", "sim.runtime"},
    "sim.config": {"actors", "sim.standin"},
    "sim.measure": {"actors", "sim.config"},
    "sim.live": {"actors", "sim.config", "sim.measure", "sim.runtime"},
    "sim.load": {"actors", "workflows", "sim.config", "sim.measure", "sim.runtime"},
    "sim.report": {"actors", "sim.clean", "sim.config", "sim.measure", "sim.runtime"},
    "sim.world": {*BASE, "sim.clean", "sim.config", "sim.runtime", "sim.standin"},
    "sim.app": {"actors", *WORLD_UP, "sim.fleet", "sim.world", "sim.load", "sim.live", "sim.report"},
    "sim.fleet": {"actors", "sim.clean", "sim.config", "sim.measure", "sim.runtime"},
    "sim.recording": {"actors"},
    "sim.cli": {
        *(*BASE, *WORLD_UP, "sim.app", "sim.world", "sim.live", "sim.report", "sim.standin"),
        "sim.recording",
    },
    "sim.__main__": {"sim.cli", "sim.runtime"},
}
"""Room → the rooms that it may import. One that it does not import is to leave the list."""

STILL_LONG_FILES: set[str] = set()
STILL_LONG: set[str] = set()
"""Files and functions that are too long; the same."""

MAY_IMPORT_STANDIN = (
    "sim.world.driven_target",
    "sim.config.standin_options",
    "sim.config.grammar.fault",
    "sim.cli",
    "sim.world.virtual",
)
"""All else knows the stand-in by its URL alone."""

CLEAN_MAY_IMPORT = ("sim.clean", "sim.runtime.exit", "sim.runtime.state_folder", "sim.config")
"""Removing is the last thing that may fail: what measures, reports and loads is no part of it."""

ONLY_IMPORTED_BY = {
    # Fed a NaN it allocates without end, so one place guards its door.
    "tdigest": {"sim.measure.sketch"},
    # The SDK's own HTTP client: only where its transport is made and wrapped. All else takes httpx.
    "httpx2": {"actors.sdk.carrier", "actors.sdk.sdk_connector"},
}


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def upward(module: Module) -> Iterator[str]:
    """Its imports of a higher floor."""
    above = FLOORS[FLOORS.index(module.floor) + 1 :]
    return (name for name in module.imports if name.partition(".")[0] in above)


def out_of_the_standin(module: Module) -> Iterator[str]:
    """Imports of the rest of the project, in a module of the stand-in."""
    ours = (name for name in module.imports if name.partition(".")[0] in (*FLOORS, "tests"))
    return (name for name in ours if name != "sim" and not is_within(name, "sim.standin"))


def into_the_standin(module: Module) -> Iterator[str]:
    """Imports of the stand-in, in a module that is to know it by its URL."""
    if is_within(module.name, "sim.standin") or may_import_standin(module.name):
        return iter(())
    return (name for name in module.imports if is_within(name, "sim.standin"))


def may_import_standin(name: str) -> bool:
    return any(is_within(name, place) for place in MAY_IMPORT_STANDIN)


def out_of_the_clean_room(module: Module) -> Iterator[str]:
    """Imports of other rooms of its floor, in a module that removes what runs made."""
    if not is_within(module.name, "sim.clean"):
        return iter(())
    ours = (name for name in module.imports if is_within(name, "sim") and name != "sim")
    return (name for name in ours if not any(is_within(name, place) for place in CLEAN_MAY_IMPORT))


def astray(module: Module) -> Iterator[str]:
    """Imports of packages that belong in other hands."""
    for package, places in ONLY_IMPORTED_BY.items():
        if module.name not in places:
            yield from (name for name in module.imports if is_within(name, package))


MODULES = [read_module(path) for path in sources(*FLOORS)]


def found_by(rule: object, modules: Iterable[Module]) -> dict[str, list[str]]:
    assert callable(rule)
    found = {module.name: sorted(set(rule(module))) for module in modules}
    return {name: imports for name, imports in found.items() if imports}


def test_every_floor_was_read() -> None:
    assert {module.floor for module in MODULES} == set(FLOORS)
    assert {"bin.simulate", "sim.app", "workflows.director", "actors.user"} <= {m.name for m in MODULES}


def test_imports_run_down_only() -> None:
    assert found_by(upward, MODULES) == {}


def test_the_standin_knows_nothing_of_the_rest() -> None:
    standin = [module for module in MODULES if is_within(module.name, "sim.standin")]
    assert len(standin) > 10
    assert found_by(out_of_the_standin, standin) == {}


def test_the_standin_is_known_by_its_url() -> None:
    assert found_by(into_the_standin, MODULES) == {}


def test_removing_depends_on_no_other_room() -> None:
    assert found_by(out_of_the_clean_room, MODULES) == {}
    for place in CLEAN_MAY_IMPORT:
        # A permission that nobody uses is to leave the list.
        room = [module for module in MODULES if is_within(module.name, "sim.clean")]
        assert any(is_within(name, place) for module in room for name in module.imports), place


def test_packages_that_need_care_are_imported_in_one_place() -> None:
    assert found_by(astray, MODULES) == {}
    for package, places in ONLY_IMPORTED_BY.items():
        # A place that no longer imports it is to leave the list.
        users = {m.name for m in MODULES if any(is_within(name, package) for name in m.imports)}
        assert users == places, package


def test_rooms_import_only_those_below_them() -> None:
    found = arrows(MODULES)
    assert set(found) == set(MAY_IMPORT)
    across = {(room, each) for room, seen in found.items() for each in seen - MAY_IMPORT[room]}
    assert across == STILL_ACROSS


def test_no_modules_import_each_other_in_a_ring() -> None:
    """Also within a room, and inside functions. What makes a folder a package may import its modules."""
    inside = {module.name: module.imports for module in MODULES if module.path.name != "__init__.py"}
    assert heights({name: {each for each in seen if each in inside} for name, seen in inside.items()})


def test_no_permission_is_left_that_nobody_uses() -> None:
    found = arrows(MODULES)
    assert {
        room: allowed - found[room] for room, allowed in MAY_IMPORT.items() if allowed - found[room]
    } == {}
    for place in MAY_IMPORT_STANDIN:
        assert any(
            is_within(name, "sim.standin")
            for module in MODULES
            if is_within(module.name, place)
            for name in module.imports
        ), place


def test_what_is_permitted_is_a_house_of_few_floors_and_arrows() -> None:
    assert len(MAY_IMPORT) <= MAX_ROOMS
    assert sum(map(len, MAY_IMPORT.values())) <= MAX_ARROWS
    assert max(heights(MAY_IMPORT).values()) <= MAX_HEIGHT
    rooms = ("sim.world", "sim.load", "sim.live", "sim.report")
    assert not any(other in MAY_IMPORT[room] for room in rooms for other in rooms)


def test_the_picture_of_the_house_is_current() -> None:
    """Else: python -m tests.support.house > docs/architecture.svg"""
    assert (ROOT / "docs" / "architecture.svg").read_text("utf-8") == draw(MODULES)


def test_nothing_lies_loose_beside_the_rooms() -> None:
    assert {path.name for path in (ROOT / "sim").iterdir() if path.is_file()} <= LOOSE


def test_no_file_is_longer_than_a_few_screens() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in sources(*FLOORS, "tests")}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_FILE_LINES}
    assert set(long) == STILL_LONG_FILES


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Name and lines of each function, docstring left out."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            if body:
                yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in sources(*FLOORS)
        for name, lines in function_lengths(path)
    }
    assert {name for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == STILL_LONG
    assert statistics.median(lengths.values()) <= MAX_MEDIAN_LINES


def test_a_report_needs_no_server_no_browser_and_no_load() -> None:
    """What only reads a stored result starts at once."""
    heavy = ("mcp", "trio", "playwright", "httpx", "sim.world", "sim.load")
    script = (
        "import sys, sim.cli.main, sim.report.publish, sim.report.formats, sim.report.destination; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("rule", "place", "text"),
    [
        (upward, "actors/user.py", "import workflows.director"),
        (upward, "actors/user.py", "def late():\n    from sim import app"),
        (upward, "workflows/run.py", "from sim.config.model import Config"),
        (out_of_the_standin, "sim/standin/application.py", "from actors.secret import Secret"),
        (out_of_the_standin, "sim/standin/application.py", "from .. import exit"),
        (out_of_the_standin, "sim/standin/identity/web.py", "from ...exit import ExitCode"),
        (into_the_standin, "sim/stage.py", "from sim.standin.store import Store"),
        (into_the_standin, "sim/stage.py", "from sim import standin"),
        (into_the_standin, "sim/stage.py", "from . import standin"),
        (out_of_the_clean_room, "sim/clean/things/created_user.py", "from sim.live.console import Progress"),
        (out_of_the_clean_room, "sim/clean/remover.py", "from ..load import Load"),
        (astray, "sim/stage.py", "import tdigest"),
        (astray, "actors/accounts.py", "from httpx2 import AsyncClient"),
    ],
)
def test_a_forbidden_import_is_found(rule: object, place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert found_by(rule, [read_module(path, tmp_path)])


@pytest.mark.parametrize(
    ("rule", "place", "text"),
    [
        (upward, "sim/app.py", "from workflows.catalogue import catalogue"),
        (out_of_the_standin, "sim/standin/application.py", "from sim.standin import store"),
        (out_of_the_standin, "sim/standin/identity/web.py", "from ..store import Store"),
        (into_the_standin, "sim/world/virtual/world.py", "from sim.standin.store import Store"),
        (into_the_standin, "sim/cli/standin_command.py", "from sim.standin.serve import serve"),
        (out_of_the_clean_room, "sim/clean/command.py", "from sim.runtime.exit import ExitCode"),
        (astray, "sim/stage.py", "import httpx"),
    ],
)
def test_a_permitted_import_is_let_through(rule: object, place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert not found_by(rule, [read_module(path, tmp_path)])
