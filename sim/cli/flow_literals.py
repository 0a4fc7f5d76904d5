"""Literals in a file of workflows: which values stand in it, in which step, and on which line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

import attrs

from actors.answer import Json

NOT_ARGUMENTS = frozenset(
    {"number", "expects", "absence", "tolerates", "statuses", "interval", "never", "share"}
)
"""Of the verbs that stories have: what is not handed to the tool."""


@attrs.frozen
class FlowLiteral:
    """A value that stands in the file. `key`: the argument that it is given as, or is a part of."""

    value: str | int | float
    line: int
    step: str
    key: str

    @property
    def shown(self) -> str:
        return repr(self.value)


@attrs.frozen
class FlowSource:
    """What is known of one file: `lines` has the first line of each step that it makes by name."""

    name: str
    steps: tuple[str, ...]
    literals: tuple[FlowLiteral, ...]
    lines: Mapping[str, int]

    def has_step(self, step: str) -> bool:
        """Whether it is in the table; what else is called is the verbs' own (why a share is not seen)."""
        return any(is_the_step(name, step) for name in self.steps)

    def line_of(self, step: str) -> int:
        """Where a step is made; 0 where that is not known."""
        return next((line for name, line in self.lines.items() if is_the_step(name, step)), 0)

    def in_call(self, step: str, arguments: Mapping[str, Json]) -> list[FlowLiteral]:
        """The literals of a step that were among its arguments."""
        given = set(tokens_of(arguments))
        return [
            each
            for each in self.literals
            if is_the_step(each.step, step) and (str(each.value), type(each.value)) in given
        ]


def read_source(path: Path, steps: Mapping[str, str]) -> FlowSource:
    """Of a file that was imported before: it can be read, and is Python."""
    tree = ast.parse(path.read_text("utf-8"))
    constants = dict(constants_of(tree))
    literals: list[FlowLiteral] = []
    lines: dict[str, int] = {}
    for node in ast.walk(tree):
        if (step := step_of_call(node, steps)) is None:
            continue
        assert isinstance(node, ast.Call)
        lines[step] = min(node.lineno, lines.get(step, node.lineno))
        for keyword in node.keywords:
            if keyword.arg not in NOT_ARGUMENTS:
                found = values_in(keyword.value, keyword.arg or "", constants)
                literals += [FlowLiteral(value, line, step, key) for value, line, key in found]
    return FlowSource(path.name, tuple(steps), tuple(literals), lines)


def step_of_call(node: ast.AST, steps: Mapping[str, str]) -> str | None:
    """The step that is made here: the first argument is its name."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return None
    name = node.args[0].value
    return name if isinstance(name, str) and name in steps else None


def constants_of(tree: ast.Module) -> Iterator[tuple[str, ast.Constant]]:
    """Names that are given a literal: `BOARD = 7`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def values_in(
    node: ast.expr, key: str, constants: Mapping[str, ast.Constant]
) -> Iterator[tuple[str | int | float, int, str]]:
    """The literals in an argument, with their lines and keys."""
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            known = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else key
            yield from values_in(value, known, constants)
        return
    if isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from values_in(each, key, constants)
        return
    found = constants.get(node.id) if isinstance(node, ast.Name) else node
    if isinstance(found, ast.Constant) and is_a_value(found.value):
        yield found.value, found.lineno, key


def is_a_value(value: object) -> TypeGuard[str | int | float]:
    """Something that can be the recording's: no flag, and not nothing."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def tokens_of(value: Json) -> Iterator[tuple[str, type]]:
    """Everything that stands in arguments, with its type: 7 and "7" are two."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from tokens_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from tokens_of(each)
    else:
        yield str(value), type(value)


def is_the_step(name: str, step: str) -> bool:
    """Whether `step` is the step `name` of the table, whose `{i}` stands for a number."""
    return re.fullmatch(re.escape(name).replace(re.escape("{i}"), r"\d+"), step) is not None
