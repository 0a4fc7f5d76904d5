"""A name means one thing in the whole tree, and is the field's word."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import ROOT, sources

FOLDERS = ("actors", "workflows", "sim")

DOUBLE_CLASSES: set[str] = set()
"""Still there twice. The list only gets shorter: one that stands once is to leave it."""
DOUBLE_MODULES: set[str] = set()
"""The same for modules."""
OLD_CONSTANTS: set[str] = set()
"""The same for constants that are to begin with MAX_, MIN_ or INITIAL_."""
PROPER = {"FIRST_TO_GO"}
"""Which one is first is what this one says: it is no bound."""

NOT_MAX_OR_MIN = re.compile(r"_?(MOST|LEAST|LONGEST|SHORTEST|FIRST)_[A-Z_]+")
OF_A_MAN = re.compile(r"\b(he|him|himself|his)\b", re.IGNORECASE)


def named_twice(names: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in names:
        places[name].append(place)
    return {name: found for name, found in places.items() if len(found) > 1}


def classes(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    for path in sources(*FOLDERS, root=root):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                yield node.name, f"{path.relative_to(root)}:{node.lineno}"


def modules(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    for path in sources(*FOLDERS, root=root):
        if path.stem not in ("__init__", "__main__"):
            yield path.stem, str(path.relative_to(root))


def constants(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    for path in sources(*FOLDERS, root=root):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, str(path.relative_to(root))


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Its comments and texts, docstrings included, by line."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], token.string


def test_no_class_bears_the_name_of_another() -> None:
    assert set(named_twice(classes())) == DOUBLE_CLASSES


def test_no_module_bears_the_name_of_another() -> None:
    assert set(named_twice(modules())) == DOUBLE_MODULES


def test_bounds_are_called_max_and_min_and_what_grows_begins_with_initial() -> None:
    found = {name for name, _ in constants() if NOT_MAX_OR_MIN.fullmatch(name)}
    assert found == OLD_CONSTANTS | PROPER


def test_a_user_is_they() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources(*FOLDERS, "bin", "tests")
        if path != Path(__file__)
        for line, text in words(path)
        if OF_A_MAN.search(text)
    ]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found += [str(page.relative_to(ROOT)) for page in pages if OF_A_MAN.search(page.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("class Load: ...", "class Load: ...", {"Load"}),
        ("class Load: ...", "def f():\n    class Load: ...", {"Load"}),
        ("class _Visit: ...", "class _Visit: ...", {"_Visit"}),
        ("class Load: ...", "class Loads: ...", set()),
    ],
)
def test_a_class_that_stands_twice_is_found(first: str, second: str, found: set[str], tmp_path: Path) -> None:
    for folder, text in (("actors", first), ("sim", second)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "errors.py").write_text(text)
        (tmp_path / folder / "__init__.py").write_text("")
    assert set(named_twice(classes(tmp_path))) == found
    assert set(named_twice(modules(tmp_path))) == {"errors"}
