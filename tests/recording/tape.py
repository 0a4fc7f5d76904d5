"""Makes recordings whose truth is known: each value that flows is a token, and all else is as it is.

A token is renewed when the workflow is played (`Casting`): what was carried is renewed with it, and what was
copied from the recording, or taken for carried where it was equal by chance, is not what is then expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import attrs

from sim.recording.document import (
    Head,
    RecordedCall,
    RecordedEnd,
    RecordedPerson,
    Recording,
    ToolList,
    to_line,
)

Json = Any


@attrs.frozen(eq=False)
class Tok:
    """A value that flows. `made`: by a client, which is where a workflow may put another one."""

    name: str
    value: Json
    made: bool = False
    person: str = ""


@attrs.frozen(eq=False)
class Cat:
    """A text made of texts and tokens."""

    parts: tuple[Any, ...]


@attrs.frozen(eq=False)
class Via:
    """A text made of another value: percent-encoded, or JSON."""

    inner: Any
    render: Callable[[Json], str]


@attrs.frozen(eq=False)
class Keyed:
    """An object whose keys are tokens."""

    rows: tuple[tuple[Any, Any], ...]


def cat(*parts: Any) -> Cat:
    return Cat(parts)


def encoded(inner: Any) -> Via:
    return Via(inner, lambda value: quote(str(value), safe=""))


def in_json(inner: Any) -> Via:
    return Via(inner, json.dumps)


def filled(template: Any, value_of: Callable[[Tok], Json]) -> Json:
    """`template` as JSON, each token as `value_of` says."""
    match template:
        case Tok():
            return value_of(template)
        case Cat():
            return "".join(str(filled(part, value_of)) for part in template.parts)
        case Via():
            return template.render(filled(template.inner, value_of))
        case Keyed():
            return {str(filled(key, value_of)): filled(each, value_of) for key, each in template.rows}
        case dict():
            return {key: filled(each, value_of) for key, each in template.items()}
        case list() | tuple():
            return [filled(each, value_of) for each in template]
        case _:
            return template


def as_recorded(template: Any) -> Json:
    return filled(template, lambda token: token.value)


@attrs.frozen
class Said:
    """One call of the script."""

    who: str
    tool: str
    arguments: Any
    answer: Any
    error: str = ""
    at: float = 0.0
    took: float = 0.05
    in_text: bool = False


class Tape:
    """A session that is written down. `tools` are those that the server lists, as `f(a:int, b, c='x')`."""

    def __init__(self, *tools: str, seed: int = 17) -> None:
        self.tools = [tool_of(line) for line in tools]
        self.people: dict[str, Tok] = {}
        self.said: list[Said] = []
        self.known: dict[str, list[Tok]] = {}
        self._random = Random(seed)
        self._clock = 1.0
        self._tokens = 0

    def person(self, name: str) -> str:
        """Somebody who takes part; `uid(name)` is how others call them."""
        self.people[name] = Tok(f"uid of {name}", name, person=name)
        return name

    def uid(self, name: str) -> Tok:
        return self.people[name]

    def of_server(self, value: Json) -> Tok:
        """What the server made up."""
        self._tokens += 1
        return Tok(f"t{self._tokens}", value)

    def made(self, value: str) -> Tok:
        """What a client made up, and what is to be made up anew for each execution."""
        self._tokens += 1
        return Tok(f"t{self._tokens}", value, made=True)

    def uuid(self) -> Tok:
        return self.of_server(str(UUID(int=self._random.getrandbits(128), version=4)))

    def etag(self) -> Tok:
        return self.of_server(f"{self._random.getrandbits(128):032x}")

    def call(
        self,
        who: str,
        tool: str,
        arguments: Any,
        answer: Any,
        *,
        error: str = "",
        gap: float = 1.2,
        took: float = 0.05,
        in_text: bool = False,
    ) -> None:
        """`gap`: seconds since the answer before; negative for calls at the same time."""
        at = self._clock + gap
        self._clock = max(self._clock, at + took)
        self.said.append(Said(who, tool, arguments, answer, error, round(at, 3), took, in_text))

    def recording(self) -> Recording:
        people = tuple(
            RecordedPerson(0.1, f"p{place}", name, "inspector 1.0")
            for place, name in enumerate(self.people, 1)
        )
        who = {name: f"p{place}" for place, name in enumerate(self.people, 1)}
        lists = (ToolList(0.2, "p1", tuple(self.tools)),) if self.tools else ()
        calls = tuple(recorded(said, who[said.who], n) for n, said in enumerate(self.said, 1))
        head = Head(1, "simulate 0.1.0", "https://cloud.example/mcp", "2026-11-26T08:00:00Z")
        return Recording(head, people, lists, calls)


def write_down(recording: Recording, path: Path) -> Path:
    """As the recorder would."""
    end = RecordedEnd(recording.calls[-1].at + 1, len(recording.calls))
    lines = (recording.head, *recording.people, *recording.tools, *recording.calls, end)
    path.write_bytes(b"".join(map(to_line, lines)))
    return path


def recorded(said: Said, who: str, n: int) -> RecordedCall:
    answer = as_recorded(said.answer)
    if said.error:
        result: dict[str, Json] = {"content": [{"type": "text", "text": said.error}], "isError": True}
    elif "://" in said.tool:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        result = {"contents": [{"uri": said.tool, "text": text}]}
    elif said.in_text:
        result = {"content": [{"type": "text", "text": json.dumps(answer)}]}
    else:
        result = {"content": [], "structuredContent": answer}
    method = "resources/read" if "://" in said.tool else "tools/call"
    outcome = "tool_error" if said.error else "ok"
    return RecordedCall(
        said.at,
        said.took,
        who,
        n,
        method,
        as_recorded(said.tool),
        as_recorded(said.arguments),
        result,
        None,
        outcome,
        200,
    )


SIGNATURE = re.compile(r"([\w.\-/]+)\((.*)\)(!?)$", re.DOTALL)
TYPES = {
    "int": "integer",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
    "float": "number",
    "": "string",
}


def tool_of(line: str) -> dict[str, Json]:
    """`name(a:int, b, c?:bool)!` as `tools/list` has it; `?` may be left out, `!` only reads."""
    found = SIGNATURE.match(line)
    assert found is not None, line
    name, inside, only_reads = found.groups()
    properties, required = {}, []
    for part in filter(None, (part.strip() for part in inside.split(","))):
        key, _, kind = part.partition(":")
        properties[key.removesuffix("?")] = {"type": TYPES[kind]}
        if not key.endswith("?"):
            required.append(key)
    schema = {"type": "object", "properties": properties, "required": required}
    return {
        "name": name,
        "description": f"Does {name}.",
        "inputSchema": schema,
        "annotations": {"readOnlyHint": bool(only_reads)},
    }
