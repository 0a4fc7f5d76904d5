"""The house has four floors, and imports run down only: bin → sim → workflows → actors."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("actors", "workflows", "sim", "bin")
"""From the ground up: each may import itself and the floors before it."""

MAY_IMPORT_STANDIN = (
    "sim.world.servers",
    "sim.world.prepare",
    "sim.config.standin_options",
    "sim.config.grammar.fault",
    "sim.cli",
    "sim.world.virtual",
)
"""All else knows the stand-in by its URL alone. The last one may end in more: sim.virtual_run."""

CLEAN_MAY_IMPORT = ("sim.clean", "sim.exit", "sim.world.http", "sim.world.people")
"""Removing is the last thing that may fail: what measures, reports and loads is no part of it."""

ONLY_IMPORTED_BY = {
    # Fed a NaN it allocates without end, so one place guards its door.
    "tdigest": {"sim.measure.sketch"},
    # The SDK's own HTTP client: only where its transport is made and wrapped. All else takes httpx.
    "httpx2": {"actors.sdk.carrier", "actors.sdk.sdk_connector"},
}
LONGEST_FILE_LINES = 300


@attrs.frozen
class Module:
    """A source file: its dotted name, and the dotted names that it imports, inside functions too."""

    name: str
    path: Path
    imports: frozenset[str]

    @property
    def floor(self) -> str:
        return self.name.partition(".")[0]


def sources(*folders: str) -> Iterator[Path]:
    """Python files, launchers without a suffix included."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" or (path.parent.name == "bin" and path.is_file() and not path.suffix):
                yield path


def read_module(path: Path, root: Path = ROOT) -> Module:
    inside = path.relative_to(root).with_suffix("")
    package = inside.parts[:-1]
    parts = package if path.name == "__init__.py" else inside.parts
    return Module(".".join(parts), path, frozenset(imported(ast.parse(path.read_bytes()), package)))


def imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Every name that is imported, `from a import b` as both `a` and `a.b`, for `b` may be a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else ()
                base = ".".join([*above, *([module] if module else [])])
                yield base
                yield from (f"{base}.{alias.name}" for alias in names)


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
    return any(is_within(name, place) for place in MAY_IMPORT_STANDIN) or name.startswith("sim.world.virtual")


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


def test_no_file_is_longer_than_a_few_screens() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in sources(*FLOORS, "tests")}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE_LINES}
    assert long == {}


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
        (into_the_standin, "sim/virtual_run.py", "from sim.standin.store import Store"),
        (into_the_standin, "sim/cli/commands.py", "from sim.standin.serve import serve"),
        (out_of_the_clean_room, "sim/clean/command.py", "from sim.exit import ExitCode"),
        (astray, "sim/stage.py", "import httpx"),
    ],
)
def test_a_permitted_import_is_let_through(rule: object, place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert not found_by(rule, [read_module(path, tmp_path)])
