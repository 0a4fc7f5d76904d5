"""A server that plays a tape's part with renewed values, and notes what is not as the script says."""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import trio

from actors.events import Execution
from actors.offered_tool import OfferedTool
from actors.tool_results import read_tool_result
from sim.recording.document import Recording
from sim.recording.story.name_words import ToolName
from sim.recording.story.story_plan import Planner
from sim.recording.story.story_text import written
from tests.recording.tape import Cat, Json, Keyed, Said, Tape, Tok, Via, as_recorded, filled
from tests.support.in_process import Facts, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import load_file
from workflows.director import Budget, Director
from workflows.settings import Settings

SETTINGS = {"notesPath": "Notes", "fileSuffix": ".md"}


class Unbound(Exception):
    """What a client makes up is not known yet."""


@attrs.define
class Played:
    """What came of it: `problems` in words, `left` the calls of the script that nobody made."""

    text: str
    execution: Execution
    problems: list[str]
    left: list[Said]


class ScriptedCloud:
    """See `actors.ports.Connector`. `people`: by uid of the user, who of the script they play."""

    def __init__(self, tape: Tape, people: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.left = list(tape.said)
        self._people = people
        self._values: dict[str, Json] = {tape.uid(name).name: uid for uid, name in people.items()}
        self._renewed = 0

    @asynccontextmanager
    async def open_session(self, person: Any, credentials: object) -> AsyncIterator[ScriptedSession]:
        yield ScriptedSession(self, person.uid)

    def value_of(self, token: Tok) -> Json:
        if token.name not in self._values:
            if token.made:
                raise Unbound
            self._renewed += 1
            self._values[token.name] = renewed(token.value, self._renewed)
        return self._values[token.name]

    def answer(self, uid: str, tool: str, arguments: Mapping[str, Json]) -> tuple[Json, str]:
        """The answer, and the error that it is, if it is one."""
        said = self._next(uid, tool, arguments)
        if said is None:
            return self._beside(tool, arguments)
        self.left.remove(said)
        for key, template in dict(said.arguments).items():
            self._compare(f"{tool} {key}", template, arguments.get(key))
        if extra := arguments.keys() - said.arguments.keys():
            self.problems.append(f"{tool}: {extra} are not in the script")
        return filled(said.answer, self.value_of), said.error

    def _next(self, uid: str, tool: str, arguments: Mapping[str, Json]) -> Said | None:
        name = self._people[uid]
        mine = [said for said in self.left if (said.who, as_recorded(said.tool)) == (name, tool)]
        # Removals come last first, and more than the script has.
        if ToolName.of(tool).removes:
            mine = [said for said in mine if self._fits(said, arguments)]
        return next(iter(mine), None)

    def _fits(self, said: Said, arguments: Mapping[str, Json]) -> bool:
        try:
            return bool(filled(said.arguments, self.value_of) == dict(arguments))
        except Unbound:
            return False

    def _beside(self, tool: str, arguments: Mapping[str, Json]) -> tuple[Json, str]:
        """What tidies up, and asks where notes lie, is in no script."""
        if tool == "notes://settings":
            return SETTINGS, ""
        if not ToolName.of(tool).removes:
            self.problems.append(f"{tool}: not in the script")
        known = {str(value) for value in self._values.values()}
        for key, value in arguments.items():
            if not any(word in str(value) for word in known):
                self.problems.append(f"{tool} {key}: {value!r} is none of this execution's")
        return {"success": True}, ""

    def _compare(self, place: str, template: Any, value: Json) -> None:
        try:
            wanted = filled(template, self.value_of)
        except Unbound:
            self._bind(place, template, value)
            return
        is_same = wanted == value and type(wanted) is type(value)
        if not is_same and not (isinstance(template, Via) and same_json(wanted, value)):
            self.problems.append(f"{place}: wanted {wanted!r}, got {value!r}")

    def _bind(self, place: str, template: Any, value: Json) -> None:
        """Take what a client has made up from where it stands in `value`."""
        match template:
            case Tok():
                if value == template.value:
                    self.problems.append(f"{place}: {value!r} is as it was recorded")
                self._values[template.name] = value
            case Cat(parts=parts):
                self._bind_parts(place, parts, str(value))
            case dict():
                for key, inner in template.items():
                    self._compare(
                        f"{place}.{key}", inner, value.get(key) if isinstance(value, dict) else None
                    )
            case _:
                self.problems.append(f"{place}: {value!r} cannot be told apart")

    def _bind_parts(self, place: str, parts: tuple[Any, ...], text: str) -> None:
        new = [
            part for part in parts if isinstance(part, Tok) and part.name not in self._values and part.made
        ]
        pattern = "".join(
            "(.+)" if part in new else re.escape(str(filled(part, self.value_of))) for part in parts
        )
        found = re.fullmatch(pattern, text)
        if found is None:
            self.problems.append(f"{place}: {text!r} is not like {pattern}")
            return
        for token, value in zip(new, found.groups(), strict=True):
            self._compare(place, token, value)


class ScriptedSession:
    protocol = "scripted"

    def __init__(self, cloud: ScriptedCloud, uid: str) -> None:
        self._cloud = cloud
        self._uid = uid

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        """Nothing to prepare."""

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        await trio.sleep(0.01)
        value, error = self._cloud.answer(self._uid, name, arguments)
        return read_tool_result(name, value, [error], bool(error))

    async def read_resource(self, uri: str) -> Json:
        return self._cloud.answer(self._uid, uri, {})[0]

    async def list_tools(self) -> dict[str, OfferedTool]:
        return {}


def renewed(value: Json, number: int) -> Json:
    """Another value of the same shape."""
    if isinstance(value, int):
        return value + 100_003 * number
    stem, dot, end = str(value).rpartition(".")
    return f"{stem} r{number}.{end}" if dot and len(end) <= 4 else f"{value}-r{number}"


def same_json(one: Json, other: Json) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def workflow_of(recording: Recording, name: str, folder: Path) -> tuple[str, Workflow, Planner]:
    planner = Planner(recording, name)
    text = written(planner.plan(), planner.carrying, planner.recording)
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    [workflow] = load_file(path)
    return text, workflow, planner


async def replay(tape: Tape, name: str, folder: Path) -> Played:
    """Write the workflow of the tape's recording, and play it once against the script with renewed values."""
    text, workflow, planner = workflow_of(tape.recording(), name, folder)
    who = {f"p{place}": person for place, person in enumerate(tape.people, 1)}
    uids = [f"user-{place}" for place in range(1, len(planner.cast.members) + 1)]
    people = {
        uid: who.get(member.who) or next(iter(member.uids))
        for uid, member in zip(uids, planner.cast.members, strict=True)
    }
    cloud, facts = ScriptedCloud(tape, people), Facts()
    with trio.fail_after(3600):
        async with users_on_stage(cloud, facts, *uids) as (roster, users):  # type: ignore[arg-type]
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(propagation_timeout_s=2), Budget())
                execution = await director.play(workflow, tuple(users))
    return Played(text, execution, cloud.problems, cloud.left)


__all__ = ["Keyed", "Played", "quote", "replay", "workflow_of"]
