"""`simulate doctor`: the set-up of a run for two users, step by step, each with what to do if it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from actors.answer import Answer
from actors.errors import CallError, SetupError
from actors.login.provisioning import LOOK, LOOK_ARGUMENTS
from actors.ports import Credentials, Person
from sim.app import Simulation
from sim.config import Config, Target
from sim.entrance import needs_provisioning
from sim.exit import ExitCode
from sim.interrupt import Interrupt
from sim.ledger import Ledger
from sim.outcome import cleanup_text
from sim.setup import Place, Setup
from sim.tools import usable
from workflows.base import Workflow

T = TypeVar("T")


class Doctor(Simulation):
    """Does what a run does before its load, with the same code, and tells how each step went.

    Whatever was created is removed again, as after a run.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._console = Console(highlight=False)
        self._failed = False

    async def _work(
        self,
        place: Place,
        setup: Setup,
        ledger: Ledger,
        workflows: dict[str, Workflow],
        interrupt: Interrupt,
        target: Target,
    ) -> None:
        people = [person for group in self._people.values() for person in group]
        auth = self._config.login.auth
        plan = await self._check("servers answer, the account may manage users", lambda: setup.check(people))
        self._note(f"{place.nextcloud_url}; {plan.why if plan else 'passwords are taken'}")
        make_login = await self._check("client registered", lambda: setup.register(plan))
        scout = people[0] if place.accounts is None else Person(target.admin, target.admin_password)
        offered = await self._check("tools listed", lambda: setup.offered_tools(make_login, scout))

        async def compare() -> dict[str, Workflow]:
            return usable(self._config, workflows, offered or frozenset(), place.mcp_url, self._note)

        if offered is None:
            self._note("the administrator may not log in there, so this shows only in a run")
        else:
            self._note(f"{len(offered)} tools")
            await self._check("tools for the workflows", compare)
        await self._check("users created", lambda: setup.create(people))
        login = make_login(self._recorder)
        logging_in = f"users log in ({place.why_driver})"
        credentials = await self._check(logging_in, lambda: setup.log_in(login, people))
        must_grant = needs_provisioning(auth, offered, place.mcp_url)
        if must_grant:
            await self._check("users grant access", lambda: setup.provision(people, credentials))
        if plan is None:
            await self._check("users differ", lambda: setup.check_differ(people, credentials))
        await self._check("a session and a call", lambda: call_once(place, people[0], credentials))
        if must_grant:
            await self._check("access taken back", lambda: setup.withdraw(people))

    async def _check(self, what: str, act: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await act()
        except SetupError as error:
            self._failed = True
            self._console.print(Text(f"failed  {what}: {error}", style="bold red"))
            raise
        self._console.print(Text(f"ok      {what}", style="green"))
        return value

    def _note(self, text: str) -> None:
        self._console.print(Text(f"        {text.strip()}", style="dim"))

    def _report(self) -> ExitCode:
        ending = self._ending
        problem = ending.problem
        if problem and not self._failed:
            self._console.print(Text(f"failed  {problem}", style="bold red"))
        is_clean = ending.cleanup is None or ending.cleanup.is_clean
        self._console.print(f"{'ok' if is_clean else 'failed':8}clean-up: {cleanup_text(ending)}")
        if not is_clean:
            return ExitCode.LEFT_BEHIND
        if ending.signal is not None:
            return ExitCode.INTERRUPTED
        return ExitCode.SETUP_FAILED if problem else ExitCode.OK


async def call_once(place: Place, person: Person, credentials: dict[str, Credentials]) -> None:
    """Search one's notes. Raises SetupError."""
    try:
        async with place.connector.open_session(person, credentials[person.uid]) as session:
            answer = Answer(await session.call_tool(LOOK, LOOK_ARGUMENTS))
            list(answer.rows("results"))
    except CallError as error:
        raise SetupError(f"{LOOK} as {person.uid}: {error}") from error
