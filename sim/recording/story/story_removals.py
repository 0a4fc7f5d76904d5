"""What was made, and the tool that removes it: by its name and by what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from sim.recording.document import Recording
from sim.recording.story.carrying import carried
from sim.recording.story.expressions import CarriedValue, Expression, MadeValue, parts_of
from sim.recording.story.leaf_values import Path, plain_of
from sim.recording.story.name_words import GENERIC, REMOVING, KeyName, ToolName, read_name, words_of
from sim.recording.story.sources import SAME, Source, Sources, agreement, is_echo
from sim.recording.story.story_model import PlannedRemoval, PlannedStep
from sim.recording.story.takes import Json, Take

ANYTHING = frozenset({"resource", "item", "object", "entry", "node"})
"""Things of which every other one is a sort."""


@attrs.frozen
class Offered:
    """A tool that removes; `needs`: the arguments without which it cannot be called."""

    name: str
    says: ToolName
    needs: tuple[str, ...]
    takes: tuple[str, ...]


def removing_tools(recording: Recording, takes: Sequence[Take]) -> list[Offered]:
    """All that were listed or called, in the order of their names."""
    found: dict[str, Offered] = {}
    for listed in recording.tools:
        for tool in listed.tools:
            if isinstance(name := tool.get("name"), str) and (says := ToolName.of(name)).removes:
                found[name] = _offered(name, says, tool.get("inputSchema"))
    for take in takes:
        if take.tool.removes and take.error is None and not take.is_resource:
            keys = tuple(map(str, take.call.arguments))
            found.setdefault(take.call.name, Offered(take.call.name, take.tool, keys, keys))
    return [found[name] for name in sorted(found)]


def _offered(name: str, says: ToolName, schema: Json) -> Offered:
    known = schema if isinstance(schema, dict) else {}
    needs = known.get("required")
    properties = known.get("properties")
    return Offered(
        name,
        says,
        tuple(key for key in needs if isinstance(key, str)) if isinstance(needs, list) else (),
        tuple(map(str, properties)) if isinstance(properties, dict) else (),
    )


def fitting(tools: Sequence[Offered], made: ToolName) -> Iterator[Offered]:
    """Those that remove what a tool of this name makes, best first."""

    def strangeness(tool: Offered) -> tuple[bool, int]:
        return tool.says.things != made.things, REMOVING.index(tool.says.verb)

    for tool in sorted(tools, key=strangeness):
        same = tool.says.things == made.things or tool.says.thing == made.thing
        if tool.says.family == made.family and (same or tool.says.thing in ANYTHING):
            yield tool


class Removals:
    """Finds for each step that makes something the one that removes it."""

    def __init__(self, tools: Sequence[Offered], sources: Sources, steps: Sequence[PlannedStep]) -> None:
        self._tools = tools
        self._sources = sources
        self._removing = [
            step
            for step in steps
            if step.take.tool.removes and step.take.error is None and step.verb == "does"
        ]

    def of(self, step: PlannedStep) -> PlannedRemoval | None:
        """None where nothing removes it."""
        if (recorded := self._recorded(step)) is not None:
            return PlannedRemoval(step.take, recorded.tool, recorded.role, recorded.arguments, step=recorded)
        for tool in fitting(self._tools, step.take.tool):
            arguments = self._arguments(tool, step)
            if arguments is not None:
                return PlannedRemoval(step.take, tool.name, step.role, arguments)
        return None

    def _recorded(self, step: PlannedStep) -> PlannedStep | None:
        """The step of the recording that removes what `step` made."""
        for other in self._removing:
            if other.take.place > step.take.place and self._is_about(other, step):
                return other
        return None

    def _is_about(self, removal: PlannedStep, step: PlannedStep) -> bool:
        """Whether the last thing that `removal` names is what `step` made, and not what that lies in."""
        named = [each for value in removal.arguments.values() for each in parts_of(value)]
        if not removal.arguments:
            return False
        key, last = list(removal.arguments.items())[-1]
        of_answer = isinstance(last, CarriedValue) and last.take is step.take
        if of_answer:
            name = read_name(key, (), removal.tool)
            return (
                name.thing in (step.take.tool.thing, step.take.tool.verb)
                or not ToolName.of(removal.tool).things
                or len(named) == 1
            )
        return isinstance(last, MadeValue) and last.made.take is step.take

    def _arguments(self, tool: Offered, step: PlannedStep) -> dict[str, Expression] | None:
        found: dict[str, Expression] = {}
        for key in tool.needs or tool.takes[:1]:
            value = self._argument(tool, key, step)
            if value is None:
                return None
            found[key] = value
        return found if self._names_it(found, step) else None

    def _names_it(self, arguments: Mapping[str, Expression], step: PlannedStep) -> bool:
        """Whether the thing itself is named, and not only what it lies in."""
        for each in (part for value in arguments.values() for part in parts_of(value)):
            if isinstance(each, CarriedValue) and each.take is step.take:
                return True
            if isinstance(each, MadeValue) and each.made.take is step.take:
                return True
        return False

    def _argument(self, tool: Offered, key: str, step: PlannedStep) -> Expression | None:
        name = read_name(key, (), tool.name)
        best = self._from_answer(name, key, step)
        if best is not None:
            return best
        if key in step.arguments:
            return step.arguments[key]
        if name.kind == "path":
            made = (value for value in step.arguments.values() if isinstance(value, MadeValue))
            return next(
                (value for value in made if value.made.take is step.take and "/" in value.made.recorded), None
            )
        return None

    def _from_answer(self, name: KeyName, key: str, step: PlannedStep) -> Expression | None:
        if name.kind not in ("id", "token"):
            return None
        best: tuple[float, Source] | None = None
        for source in self._sources.of(step.take):
            plain = plain_of(source.value)
            if plain is None or is_echo(source, plain):
                continue
            agreed = agreement(name, source.name, step.take, source.value, source) - len(source.path) / 10
            if agreed > SAME - 1 and (best is None or agreed > best[0]):
                best = agreed, source
        return carried(best[1], best[1].value) if best is not None else None


def makes_something(step: PlannedStep, sources: Sources) -> bool:
    """Whether the step leaves a thing behind that was not there: named by its answer, or by the client."""
    take = step.take
    if take.only_reads or take.error is not None or take.tool.removes:
        return False
    made = (
        each.made
        for value in step.arguments.values()
        for each in parts_of(value)
        if isinstance(each, MadeValue)
    )
    if any(each.take is take and _names(each.key) for each in made):
        return True
    return take.tool.creates and isinstance(take.value, dict) and _has_id(take, step.arguments, sources)


def _names(key: str) -> bool:
    return read_name(key, (), "").kind in ("path", "id")


def _has_id(take: Take, arguments: Mapping[str, Expression], sources: Sources) -> bool:
    """Whether the answer names a new thing. A file that was written again is none."""
    if (
        any(read_name(key, (), take.call.name).kind == "path" for key in arguments)
        and take.tool.thing != "share"
    ):
        return False
    ids = (each for each in sources.of(take) if each.name.kind in ("id", "token") and _lies_on_top(each.path))
    return any((plain := plain_of(each.value)) is not None and not is_echo(each, plain) for each in ids)


def _lies_on_top(path: Path) -> bool:
    """Whether it is of the thing itself, and not of one within; wrappings (`data`) are not counted."""
    keys = [part for part in path if isinstance(part, str) and not GENERIC.issuperset(words_of(part))]
    rows = [part for part in path if isinstance(part, int)]
    return len(keys) + len(rows) <= 2
