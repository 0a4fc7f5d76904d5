"""`simulate tools`: what a server offers, which workflows use it, and what a mix of tools can call.

A user is created to see them, and removed again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from itertools import takewhile
from typing import Any

from actors.errors import CallError, SetupError
from actors.events import Event
from actors.offered_tool import OfferedTool, ToolArgument, reading
from sim.config.model import Config
from sim.report.publish import complain
from sim.runtime.exit import ExitCode, exit_code
from sim.runtime.stop import Stop, StopSource
from sim.world.visit import visit
from sim.world.worlds import TOOLS_FIT, Crowd, World, play
from workflows.base import Workflow
from workflows.catalogue import catalogue
from workflows.tool_mix import Known, lacking_for, why_not

NOTHING_KNOWN: Known = {}


class Offer:
    """Logs one user in as a run does, and lists the tools."""

    def __init__(self, config: Config, *, as_json: bool = False) -> None:
        self._config = config
        self._as_json = as_json

    async def main(self, source: StopSource) -> ExitCode:
        """Raises what nobody expected, once the rest has been told."""
        found = await visit(self._config, ignore, source, self._act)
        if found.problem:
            complain(found.problem)
        if not found.cleanup.is_clean:
            complain(found.cleanup.text)
        if found.bug is not None:
            raise found.bug
        return exit_code(found.trouble)

    async def _act(self, world: World, stop: Stop) -> None:
        # Whether they are what workflows need is what is to be seen here.
        await play(tuple(takewhile(lambda step: step.name != TOOLS_FIT, world.steps)), ignore)
        offered = await offered_to_first(world.crowd)
        told = self._config.stories
        workflows, known = catalogue(told.files), told.arguments.by_tool
        if self._as_json:
            print(json.dumps(offer_document(offered, workflows, known), indent=2))
            return
        for line in offer_lines(offered, workflows, known):
            print(line)


def ignore(event: Event) -> None:
    """Nobody looks on: the list is all that is asked for."""


async def offered_to_first(crowd: Crowd) -> Mapping[str, OfferedTool]:
    """What `tools/list` gives one of them. Raises SetupError."""
    person = crowd.first
    try:
        async with crowd.connector.open_session(person, crowd.credentials[person.uid]) as session:
            return await session.list_tools()
    except CallError as error:
        raise SetupError(f"a first session of {person.uid} failed: {error}") from error


def offer_lines(
    offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow], known: Known = NOTHING_KNOWN
) -> list[str]:
    """A line for each tool: its name, what it does and needs, the workflows that use it, and whether a mix
    can call it (`--tools`); at the end what is lacking."""
    reads = reading(offered.values())
    rows = [
        (
            name,
            effect_of(tool),
            f"({', '.join(map(in_words, tool.arguments))})",
            ", ".join(users_of(name, workflows)),
            f"--tools: {by_tools(tool, known, reads)}",
        )
        for name, tool in sorted(offered.items())
    ]
    # Arguments are of any length, and what stands after them is not put under each other.
    wide, effects = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    lines = [
        "  ".join(part for part in (name.ljust(wide), effect.ljust(effects), *rest) if part)
        for name, effect, *rest in rows
    ]
    lines += [
        f"lacking for {name}: {', '.join(tools)}" for name, tools in lacking(offered, workflows).items()
    ]
    return lines or ["no tools at all"]


def offer_document(
    offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow], known: Known = NOTHING_KNOWN
) -> dict[str, Any]:
    """The same for programs. A hint that the server does not give is null."""
    reads = reading(offered.values())
    tools = {
        name: {
            "arguments": {
                argument.name: {"type": argument.kind, "required": argument.is_required}
                for argument in tool.arguments
            },
            "needs": [argument.name for argument in tool.arguments if argument.is_required],
            "read_only": tool.is_read_only,
            "destructive": tool.is_destructive,
            "idempotent": tool.is_idempotent,
            "workflows": users_of(name, workflows),
            "in_tool_mix": {
                "callable": not why_not(tool, known, reads),
                "known_to_read": name in reads,
                "cannot_be_invented": lacking_for(tool, known, reads),
            },
        }
        for name, tool in sorted(offered.items())
    }
    return {"tools": tools, "lacking": lacking(offered, workflows)}


def by_tools(tool: OfferedTool, known: Known, reads: Collection[str]) -> str:
    """Whether a mix of tools can call it, in a word or two."""
    if tool.name not in reads:
        return "only with --tools-may-write" if tool.is_read_only is None else "writes"
    unknown = lacking_for(tool, known, reads)
    return f"needs {', '.join(unknown)}" if unknown else "yes"


def in_words(argument: ToolArgument) -> str:
    """What may be left out has a question mark."""
    return f"{argument.name}{'' if argument.is_required else '?'}: {argument.kind}"


def effect_of(tool: OfferedTool) -> str:
    """What the server says of it; "" for nothing. What only reads destroys nothing (MCP, ToolAnnotations)."""
    if tool.is_read_only:
        return "read-only"
    again = ", idempotent" if tool.is_idempotent else ""
    if tool.is_destructive:
        return f"destructive{again}"
    return f"writes{again}" if tool.is_read_only is False else again.removeprefix(", ")


def users_of(name: str, workflows: Mapping[str, Workflow]) -> list[str]:
    return [each for each, workflow in workflows.items() if name in workflow.tools]


def lacking(offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow]) -> dict[str, list[str]]:
    """The tools that a workflow needs and that are not there, of each that lacks any."""
    missing = {name: sorted(workflow.tools - offered.keys()) for name, workflow in workflows.items()}
    return {name: tools for name, tools in missing.items() if tools}
