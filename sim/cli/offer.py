"""`simulate tools`: what a server offers, and which workflows use it.

A user is created to see them, and removed again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from actors.errors import CallError, SetupError
from actors.events import Event
from actors.offered_tool import OfferedTool, ToolArgument
from sim.config.model import Config
from sim.exit import ExitCode, exit_code
from sim.report.publish import complain
from sim.runtime.stop import Stop, StopSource
from sim.world.visit import visit
from sim.world.worlds import TOOLS_FIT, Crowd, World, play
from workflows.base import Workflow
from workflows.catalogue import catalogue


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
        workflows = catalogue(self._config.stories.files)
        if self._as_json:
            print(json.dumps(offer_document(offered, workflows), indent=2))
            return
        for line in offer_lines(offered, workflows):
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


def offer_lines(offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow]) -> list[str]:
    """A line for each tool: its name, what it does and needs, and the workflows that use it; at the end
    what is lacking."""
    wide = max(map(len, offered), default=0)
    effects = max((len(effect_of(tool)) for tool in offered.values()), default=0)
    lines = []
    for name, tool in sorted(offered.items()):
        needs = ", ".join(map(in_words, tool.arguments))
        users = ", ".join(users_of(name, workflows))
        parts = (name.ljust(wide), effect_of(tool).ljust(effects), f"({needs})", users)
        lines.append("  ".join(parts).rstrip())
    lines += [
        f"lacking for {name}: {', '.join(tools)}" for name, tools in lacking(offered, workflows).items()
    ]
    return lines or ["no tools at all"]


def offer_document(offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow]) -> dict[str, Any]:
    """The same for programs. A hint that the server does not give is null."""
    tools = {
        name: {
            "arguments": {
                argument.name: {"type": argument.kind, "required": argument.is_required}
                for argument in tool.arguments
            },
            "read_only": tool.is_read_only,
            "destructive": tool.is_destructive,
            "workflows": users_of(name, workflows),
        }
        for name, tool in sorted(offered.items())
    }
    return {"tools": tools, "lacking": lacking(offered, workflows)}


def in_words(argument: ToolArgument) -> str:
    """What may be left out has a question mark."""
    return f"{argument.name}{'' if argument.is_required else '?'}: {argument.kind}"


def effect_of(tool: OfferedTool) -> str:
    """What the server says of it; "" for nothing. What only reads destroys nothing (MCP, ToolAnnotations)."""
    if tool.is_read_only:
        return "read-only"
    if tool.is_destructive:
        return "destructive"
    return "writes" if tool.is_read_only is False else ""


def users_of(name: str, workflows: Mapping[str, Workflow]) -> list[str]:
    return [each for each, workflow in workflows.items() if name in workflow.tools]


def lacking(offered: Mapping[str, OfferedTool], workflows: Mapping[str, Workflow]) -> dict[str, list[str]]:
    """The tools that a workflow needs and that are not there, of each that lacks any."""
    missing = {name: sorted(workflow.tools - offered.keys()) for name, workflow in workflows.items()}
    return {name: tools for name, tools in missing.items() if tools}
