"""`simulate tools`: what a server offers, and which workflows use it.

A user is created to see them, and removed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from actors.errors import CallError, SetupError
from actors.events import Event
from actors.text import harmless
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

    def __init__(self, config: Config) -> None:
        self._config = config

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
        for line in offer_lines(await offered_to_first(world.crowd), catalogue(self._config.stories.files)):
            print(line)


def ignore(event: Event) -> None:
    """Nobody looks on: the list is all that is asked for."""


async def offered_to_first(crowd: Crowd) -> frozenset[str]:
    """What `tools/list` gives one of them. Raises SetupError."""
    person = crowd.first
    try:
        async with crowd.connector.open_session(person, crowd.credentials[person.uid]) as session:
            return await session.list_tools()
    except CallError as error:
        raise SetupError(f"a first session of {person.uid} failed: {error}") from error


def offer_lines(offered: frozenset[str], workflows: Mapping[str, Workflow]) -> list[str]:
    """A line for each tool: its name, and the workflows that use it; at the end what is lacking."""
    wide = max(map(len, offered), default=0)
    lines = []
    for tool in sorted(offered):
        users = ", ".join(name for name, workflow in workflows.items() if tool in workflow.tools)
        lines.append(f"{harmless(tool).ljust(wide)}  {users}".rstrip())
    lacking = {name: workflow.tools - offered for name, workflow in workflows.items()}
    lines += [f"lacking for {name}: {', '.join(sorted(tools))}" for name, tools in lacking.items() if tools]
    return lines or ["no tools at all"]
