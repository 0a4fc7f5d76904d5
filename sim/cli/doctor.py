"""`simulate doctor`: the set-up of a run for two users, step by step, each with what to do if it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from actors.answer import Answer
from actors.errors import CallError, SetupError
from actors.login.plan import AuthPlan
from actors.login.provisioning import LOOK, LOOK_ARGUMENTS
from actors.ports import Credentials, Person
from sim.app import Simulation
from sim.clean.ledger import Ledger
from sim.config.model import Config
from sim.exit import ExitCode, code_of_signal
from sim.live.console import printable
from sim.runtime.stop import Interrupt
from sim.world.prepare import MakeLogin, Place, Setup
from workflows.base import Workflow

T = TypeVar("T")


class Doctor(Simulation):
    """Does what a run does before its load, with the same code, and tells how each step went.

    Whatever was created is removed again, as after a run.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._console = Console(highlight=False, soft_wrap=True)
        self._failed = False

    async def _work(
        self,
        place: Place,
        setup: Setup,
        ledger: Ledger,
        workflows: dict[str, Workflow],
        interrupt: Interrupt,
    ) -> None:
        people = await self._identified(setup)
        plan = await self._check("servers answer, the account may manage users", lambda: setup.check(people))
        self._note(f"{place.nextcloud_url}; {plan.why if plan else 'passwords are taken'}")
        if plan is not None:
            self._note(f"scopes {plan.scope}")
        login = (await self._make_login(setup, plan))(self._recorder)
        people = await self._check("users created", lambda: setup.create(people))
        logging_in = "passwords at hand" if plan is None else f"users log in ({place.why_driver})"
        credentials = await self._check(logging_in, lambda: setup.log_in(login, people))
        offered = await self._check(
            "tools listed", lambda: setup.tools_of(people[0], credentials), silent=True
        )
        must_grant = await self._check_tools(place, workflows, offered)
        if must_grant:
            await self._check("users grant access", lambda: setup.provision(people, credentials))
        if plan is None:
            await self._check("users differ", lambda: setup.check_differ(people, credentials))
        await self._check("a session and a call", lambda: call_once(place, people[0], credentials))

    async def _make_login(self, setup: Setup, plan: AuthPlan | None) -> MakeLogin:
        """Where passwords are shown there is no client; where one was named, none is registered."""
        if plan is None:
            return await setup.register(plan)
        named = self._config.login.client_id
        what = "client registered" if named is None else f"client {named}, as named"
        return await self._check(what, lambda: setup.register(plan))

    async def _check_tools(
        self, place: Place, workflows: dict[str, Workflow], offered: frozenset[str]
    ) -> bool:
        """Whether users have to grant access."""

        async def compare() -> bool:
            return self._fits(workflows, place.mcp_url, self._note, offered)[1]

        return await self._check(f"tools for the workflows, of {len(offered)} offered", compare)

    async def _check(self, what: str, act: Callable[[], Awaitable[T]], *, silent: bool = False) -> T:
        """Tell how `act` went; where `silent`, only that it failed. Raises SetupError."""
        try:
            value = await act()
        except SetupError as error:
            self._failed = True
            self._say("failed", f"{what}: {error}", "bold red")
            raise
        if not silent:
            self._say("ok", what, "green")
        return value

    def _note(self, text: str) -> None:
        self._say("", text.strip(), "dim")

    def _report(self) -> ExitCode:
        ending = self._ending
        if ending.problem and not self._failed:
            self._say("failed", ending.problem, "bold red")
        is_clean = ending.cleanup is None or ending.cleanup.is_clean
        self._say(
            "ok" if is_clean else "failed",
            f"clean-up: {ending.clean.text}",
            "" if is_clean else "bold red",
        )
        if ending.bug is not None:
            return ExitCode.INTERNAL
        if not is_clean:
            return ExitCode.LEFT_BEHIND
        if ending.signal is not None:
            return code_of_signal(ending.signal)
        return ExitCode.SETUP_FAILED if ending.problem else ExitCode.OK

    def _say(self, word: str, text: str, style: str) -> None:
        """One line; what servers say in it is neither markup nor more than a line."""
        self._console.print(Text(f"{word:8}{printable(text)}", style=style))


async def call_once(place: Place, person: Person, credentials: dict[str, Credentials]) -> None:
    """Search one's notes. Raises SetupError."""
    try:
        async with place.connector.open_session(person, credentials[person.uid]) as session:
            answer = Answer(await session.call_tool(LOOK, LOOK_ARGUMENTS))
            list(answer.rows("results"))
    except CallError as error:
        raise SetupError(f"{LOOK} as {person.uid}: {error}") from error
