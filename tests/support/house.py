"""The house as its imports draw it: rooms, the arrows between them, and the floors they stand on.

    python -m tests.support.house > docs/architecture.svg

A room is a folder right below `sim/`, one of the two lower floors, the launchers, or a file that lies
loose in `sim/`. An arrow runs from a room to one that it imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]
STILL_ACROSS: set[tuple[str, str]] = set()
"""Arrows that are there and must not be. The list only gets shorter."""
FLOORS = ("actors", "workflows", "sim", "bin")
"""From the ground up: each may import itself and the floors before it."""


@attrs.frozen
class Module:
    """A source file: its dotted name, and the dotted names that it imports, inside functions too."""

    name: str
    path: Path
    imports: frozenset[str]

    @property
    def floor(self) -> str:
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        return room_of(self.name)


def room_of(name: str) -> str:
    """The room of a module, by its dotted name."""
    floor, _, rest = name.partition(".")
    return f"sim.{rest.partition('.')[0]}" if floor == "sim" and rest else floor


def sources(*folders: str, root: Path = ROOT) -> Iterator[Path]:
    """Python files, launchers without a suffix included."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix == ".py" or (path.parent.name == "bin" and path.is_file() and not path.suffix):
                yield path


def read_module(path: Path, root: Path = ROOT) -> Module:
    inside = path.relative_to(root).with_suffix("")
    package = inside.parts[:-1]
    parts = package if path.name == "__init__.py" else inside.parts
    return Module(".".join(parts), path, frozenset(_imported(ast.parse(path.read_bytes()), package)))


def _imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
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


def modules() -> list[Module]:
    """All of the project's source files, tests left out."""
    return [read_module(path) for path in sources(*FLOORS)]


def arrows(house: list[Module]) -> dict[str, set[str]]:
    """Room → the rooms that it imports."""
    known = {module.name for module in house}
    rooms: dict[str, set[str]] = {module.room: set() for module in house if module.name != "sim"}
    for module in house:
        for name in module.imports:
            # `from sim.measure.sketch import Sketch` names the module and something in it.
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != "sim" and room_of(target) != module.room:
                rooms.setdefault(module.room, set()).add(room_of(target))
    return rooms


def heights(rooms: Mapping[str, set[str]]) -> dict[str, int]:
    """Room → its floor: one above the highest that it imports. Raises ValueError for a circle."""
    found: dict[str, int] = {}

    def height(room: str, above: tuple[str, ...]) -> int:
        if room in above:
            raise ValueError(f"a circle of imports: {' → '.join((*above, room))}")
        if room not in found:
            found[room] = 1 + max((height(each, (*above, room)) for each in rooms[room]), default=0)
        return found[room]

    for room in rooms:
        height(room, ())
    return found


def direct(rooms: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that a longer way stands for: what one has to see to know them all."""

    def reach(room: str) -> set[str]:
        return rooms[room].union(*(reach(each) for each in rooms[room]), set())

    return {
        room: {each for each in seen if not any(each in reach(other) for other in seen - {each})}
        for room, seen in rooms.items()
    }


BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 132, 44, 22, 46, 24


def draw(house: list[Module]) -> str:
    """The house as SVG: what is imported stands below; an arrow that others imply is left out."""
    rooms = {
        room: {each for each in seen if (room, each) not in STILL_ACROSS}
        for room, seen in arrows(house).items()
    }
    floors = heights(rooms)
    rows: dict[int, list[str]] = {}
    for room in sorted(rooms):
        rows.setdefault(floors[room], []).append(room)
    widest = max(map(len, rows.values()))
    width = 2 * MARGIN + widest * BOX_W + (widest - 1) * GAP_X
    height = 2 * MARGIN + len(rows) * BOX_H + (len(rows) - 1) * GAP_Y
    at: dict[str, tuple[float, float]] = {}
    for floor, names in rows.items():
        left = (width - len(names) * BOX_W - (len(names) - 1) * GAP_X) / 2
        top = MARGIN + (len(rows) - floor) * (BOX_H + GAP_Y)
        for place, room in enumerate(names):
            at[room] = (left + place * (BOX_W + GAP_X), top)
    return "\n".join([*_head(width, height), *_lines(direct(rooms), at), *_boxes(at), "</svg>", ""])


def _head(width: float, height: float) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" font-family="system-ui, sans-serif">'
    )
    yield "<title>Rooms and imports; what is imported stands below</title>"
    yield f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>'


def _lines(rooms: Mapping[str, set[str]], at: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    for room, seen in sorted(rooms.items()):
        for each in sorted(seen):
            (x1, y1), (x2, y2) = at[room], at[each]
            start, end = (x1 + BOX_W / 2, y1 + BOX_H), (x2 + BOX_W / 2, y2)
            bend = (end[1] - start[1]) / 2
            yield (
                f'<path d="M{start[0]:g} {start[1]:g}C{start[0]:g} {start[1] + bend:g} {end[0]:g} '
                f'{end[1] - bend:g} {end[0]:g} {end[1]:g}" fill="none" stroke="#9aa4b2"/>'
            )


def _boxes(at: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    for room, (x, y) in sorted(at.items()):
        middle = x + BOX_W / 2
        yield (
            f'<rect x="{x:g}" y="{y:g}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="#f4f6f9" '
            'stroke="#4a5568"/>'
        )
        yield (
            f'<text x="{middle:g}" y="{y + 27:g}" text-anchor="middle" font-size="13" '
            f'fill="#1a202c">{escape(room)}</text>'
        )


if __name__ == "__main__":
    sys.stdout.write(draw(modules()))
