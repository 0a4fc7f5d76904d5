"""`simulate tools`: what a server offers, and which workflows use it.

A user is created to see them, and removed again.
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.text import harmless
from sim.app import Simulation
from sim.clean.ledger import Ledger
from sim.exit import ExitCode, code_of_signal
from sim.report.publish import complain
from sim.runtime.stop import Interrupt
from sim.world.prepare import Place, Setup
from workflows.base import Workflow


class Offer(Simulation):
    """Logs one user in as a run does, and lists the tools."""

    async def _work(
        self,
        place: Place,
        setup: Setup,
        ledger: Ledger,
        workflows: dict[str, Workflow],
        interrupt: Interrupt,
    ) -> None:
        people = (await self._identified(setup))[:1]
        plan = await setup.check(people)
        login = (await setup.register(plan))(self._recorder)
        people = await setup.create(people, first=True)
        credentials = await setup.log_in(login, people, first=True)
        for line in offer_lines(await setup.tools_of(people[0], credentials), workflows):
            print(line)

    def _report(self) -> ExitCode:
        ending = self._ending
        if ending.problem:
            complain(ending.problem)
        if ending.cleanup is not None and not ending.cleanup.is_clean:
            complain(ending.clean.text)
            return ExitCode.LEFT_BEHIND
        if ending.signal is not None:
            return code_of_signal(ending.signal)
        return ExitCode.SETUP_FAILED if ending.problem else ExitCode.OK


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
