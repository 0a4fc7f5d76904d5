"""Values of a plan as Python: names for what was made up and answered, literals for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, assert_never

from sim.recording.story.carrying import Carrying
from sim.recording.story.code_nodes import MAX_PLAIN_TEXT, Atom, Invocation, Node, Prefixed, flat, literal
from sim.recording.story.expressions import (
    CarriedValue,
    EncodedText,
    Expression,
    Fixed,
    JoinedText,
    JsonText,
    LeftOut,
    ListOf,
    Made,
    MadeValue,
    NotePath,
    ObjectOf,
    UidOf,
    is_fixed,
)
from sim.recording.story.leaf_values import LeafValue, Path, at_path, leaves_of, plain_of
from sim.recording.story.name_words import KINDS, words_of
from sim.recording.story.story_model import PlannedStep
from sim.recording.story.takes import Take

MAX_TEXT = 2_000
"""Characters of a text that is written out; a longer one is its beginning, repeated."""
MAX_ITEMS = 200
SECRETIVE = re.compile(r"(?i)pass|pwd|token|secret")
STATEMENT = re.compile(r"(?i)\b(?:select|insert|update|delete|with|replace|create)\b")
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
SIMPLE = re.compile(r'[\w.]+(?:\["[A-Za-z_]\w*"\])?')


class Unanswered(Exception):
    """A value is wanted before the step that answers it was made."""


class StoryValues:
    """Renders expressions. The names of answers and made-up values are given to it as they come to be.

    Attributes:
        constants: texts that stand at the top of the file, with their names.
        imports: modules that are needed.
        answers: names of the answers, by the place of the step's last call.
        texts, joined: names of contents, as they are and as they are put together.
        wanted: places of answers that somebody asked for.
        hoisted: names for values of answers that are used more than once.
        uses: how often each value of an answer was rendered.
        on_made: is told of what is made up, before its name is asked for.
        aside: gives a name to code that is too much for the inside of a text.
    """

    def __init__(self, steps: list[PlannedStep], carrying: Carrying) -> None:
        self.constants: dict[str, str] = {}
        self.imports: set[str] = set()
        self.answers: dict[int, str] = {}
        self.made: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.joined: dict[Expression, str] = {}
        self.wanted: set[int] = set()
        self.hoisted: dict[tuple[int, Path], str] = {}
        self.uses: dict[tuple[int, Path], int] = {}
        self.lost: list[str] = []
        self.on_made: Callable[[Made], None] = lambda made: None
        self.aside: Callable[[str], str] = lambda code: code
        self._steps = {take.place: step for step in steps for take in step.takes}
        self._carrying = carrying

    def node(self, value: Expression, key: str = "") -> Node:
        """`value` as code; `key`: of the argument, which tells what must not look like a secret."""
        match value:
            case Fixed(value=plain):
                return self.fixed(plain, key)
            case UidOf(role=role):
                return Atom(f"{role}.uid")
            case MadeValue(made=made):
                self.on_made(made)
                return Atom(self.made[made.recorded])
            case JoinedText() if value in self.joined:
                return Atom(self.joined[value])
            case CarriedValue():
                return self._carried(value, key)
            case NotePath(take=take):
                return Atom(f"await {self._steps[take.place].role}.path_of({self.answer(take)})")
            case JoinedText(parts=parts):
                return self._joined(parts, key)
            case EncodedText(inner=inner):
                self.imports.add("from urllib.parse import quote")
                return Invocation("quote", (self.node(inner, key), Atom('safe=""')))
            case JsonText(inner=inner):
                self.imports.add("import json")
                return Invocation("json.dumps", (self.node(inner, key),))
            case ObjectOf(items=items):
                return self._object(items, key)
            case ListOf(items=items):
                return Invocation("", tuple(self.node(each, key) for each in items[:MAX_ITEMS]), "[]")
            case LeftOut(what=what):
                return Invocation("left_out", (self.text(what),))
            case _:
                assert_never(value)

    def _object(self, items: tuple[tuple[Expression, Expression], ...], around: str) -> Node:
        rows = []
        for key, value in items[:MAX_ITEMS]:
            name = str(key.value) if isinstance(key, Fixed) else around
            rows.append(Prefixed(f"{flat(self.node(key))}: ", self.node(value, name)))
        return Invocation("", tuple(rows), "{}")

    def fixed(self, value: Any, key: str = "") -> Node:
        if isinstance(value, dict):
            rows = [
                Prefixed(f"{flat(self.fixed(str(k)))}: ", self.fixed(v, str(k))) for k, v in value.items()
            ]
            return Invocation("", tuple(rows[:MAX_ITEMS]), "{}")
        if isinstance(value, list):
            return Invocation("", tuple(self.fixed(each, key) for each in value[:MAX_ITEMS]), "[]")
        if isinstance(value, str):
            return self.text(value, key)
        if isinstance(value, float) and (value != value or abs(value) == float("inf")):
            return Atom(f'float("{value}")')
        return Atom(repr(value))

    def text(self, text: str, key: str = "") -> Node:
        """A literal, or the name of one at the top of the file."""
        if text in self.texts:
            return Atom(self.texts[text])
        is_plain = len(text) <= MAX_PLAIN_TEXT and not (SECRETIVE.search(key) and text)
        if is_plain and not is_suspicious(text) and len(literal(text)) <= MAX_PLAIN_TEXT + 10:
            return Atom(literal(text))
        return Atom(self.constant(text))

    def constant(self, text: str) -> str:
        """The name of `text` at the top of the file."""
        return self.constants.setdefault(text, f"TEXT_{len(self.constants) + 1}")

    def answer(self, take: Take) -> str:
        """The variable of its answer. Raises Unanswered."""
        step = self._steps.get(take.place)
        if step is None or step.take.place not in self.answers:
            if step is not None:
                self.wanted.add(step.take.place)
            raise Unanswered
        self.wanted.add(step.take.place)
        return self.answers[step.take.place]

    def _carried(self, value: CarriedValue, key: str) -> Node:
        recorded = at_path(value.take.value, value.path)
        try:
            code = self._reference(value, recorded)
        except Unanswered:
            self.lost.append(key)
            return self.fixed(recorded, key)
        return Atom(f"{value.convert}({code})") if value.convert else Atom(code)

    def _reference(self, value: CarriedValue, recorded: Any) -> str:
        step = self._steps.get(value.take.place)
        path: Path | None = value.path
        if (
            step is not None
            and step.take is not value.take
            and at_path(step.take.value, value.path) != recorded
        ):
            path = next((leaf.path for leaf in leaves_of(step.take.value) if leaf.value == recorded), None)
        if step is None or path is None:
            raise Unanswered
        name = self.answer(value.take)
        place = (step.take.place, path)
        self.uses[place] = self.uses.get(place, 0) + 1
        return self.hoisted.get(place) or self.access(step.take, name, path)

    def access(self, take: Take, name: str, path: Path) -> str:
        """How the value at `path` of the answer `name` is reached."""
        number = next((at for at, part in enumerate(path) if isinstance(part, int)), None)
        if number is not None and (selected := self.selector(take, path, number)) is not None:
            steps = ", ".join([*map(self._step, path[:number]), selected])
            return f"{name}.one({steps}){self._rest(path[number + 1 :])}"
        if not path:
            return f"{name}.value"
        if len(path) == 1 and isinstance(path[0], str):
            return f"{name}[{self._step(path[0])}]"
        return f"{name}.at({', '.join(map(self._step, path))})"

    def _rest(self, path: Path) -> str:
        if len(path) == 1:
            return f"[{self._step(path[0])}]"
        return f".at({', '.join(map(self._step, path))})"

    def _step(self, part: str | int) -> str:
        return str(part) if isinstance(part, int) else flat(self.text(part))

    def selector(self, take: Take, path: Path, number: int) -> str | None:
        """`id=share["id"]`: what tells the row at `path[number]` from its neighbours; None for nothing."""
        rows = at_path(take.value, path[:number])
        index = path[number]
        if not isinstance(rows, list) or not isinstance(index, int) or not isinstance(rows[index], dict):
            return None
        for key, value in sorted(rows[index].items(), key=lambda item: _worth(item[0])):
            if path[number + 1 :] == (key,) or isinstance(value, dict | list) or plain_of(value) is None:
                continue
            alike = [row for row in rows if isinstance(row, dict) and row.get(key) == value]
            known = self._carrying.expression_of(take, key, value)
            if (
                len(alike) == 1
                and not is_fixed(known)
                and isinstance(known, CarriedValue | MadeValue | UidOf)
            ):
                code = flat(self.node(known, key))
                return (
                    f"{key}={code}" if PLAIN_KEY.fullmatch(key) else f"**{{{flat(self.text(key))}: {code}}}"
                )
        return None

    def _joined(self, parts: tuple[Expression, ...], key: str) -> Node:
        pieces = [self._piece(part, key) for part in parts]
        return Atom(f'f"{"".join(pieces)}"')

    def _piece(self, part: Expression, key: str) -> str:
        if isinstance(part, Fixed):
            text = str(part.value)
            is_plain = len(text) <= 30 and not set("\"'\\{}") & {*text} and text.isprintable()
            if is_plain and not STATEMENT.search(text) and not is_suspicious(text):
                return text
            return f"{{{self.constant(text)}}}"
        code = flat(self.node(part, key))
        if not SIMPLE.fullmatch(code):
            code = self.aside(code)
        return f"{{{code}}}".replace('"', "'")


def is_suspicious(text: str) -> bool:
    """What the linter asks about: paths of temporary files, and addresses of every interface."""
    return text.startswith(("/tmp", "/var/tmp", "/dev/shm")) or text == "0.0.0.0"  # noqa: S104, S108 (looked for)


def _worth(key: str) -> tuple[int, str]:
    """Ids tell rows best, then names."""
    words = words_of(key)
    kind = KINDS.get(words[-1], "") if words else ""
    return ("id", "token", "path", "name").index(kind) if kind in ("id", "token", "path", "name") else 9, key


def name_for(leaf: LeafValue, thing: str) -> str:
    """A variable for a value: `file_target`, or `board_id` where the key says too little."""
    key = leaf.keys[-1] if leaf.keys else "value"
    words = words_of(key)
    return f"{thing}_{key}" if len(words) == 1 and words[0] in KINDS and thing else key
