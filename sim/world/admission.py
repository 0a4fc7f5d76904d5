"""Having the MCP server act for users: access that they grant it, or passwords that it is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import trio

from actors.errors import CallError, SetupError
from actors.events import Emit, SetupStep
from actors.login.provisioning import Grants
from actors.offered_tool import OfferedTool
from actors.ports import Credentials, Person
from actors.shelter import Shelter
from sim.clean.journal import RunJournal
from sim.clean.things.app_password import APP_PASSWORD_KIND
from sim.clean.things.marked_content import MARK_KIND
from sim.clean.things.mcp_grant import GRANT_KIND
from sim.world.auth_checks import check_lets_in, check_users_differ
from sim.world.recorded import RecordedConnector
from sim.world.servers import Servers
from sim.world.turns import for_each, timed


class Admission:
    """What is done with the log-ins of everybody; each method raises SetupError.

    Args:
        limit: so many at the same time.
        shelter: the run's; what is granted comes to its answer under it.
    """

    def __init__(
        self,
        servers: Servers,
        journal: RunJournal,
        connector: RecordedConnector,
        limit: trio.CapacityLimiter,
        emit: Emit,
        shelter: Shelter,
    ) -> None:
        self._servers = servers
        self._journal = journal
        self._connector = connector
        self._limit = limit
        self._emit = emit
        self._marked: set[str] = set()
        self._grants = Grants(
            servers.http,
            servers.mcp_url,
            servers.nextcloud_url,
            connector.over(servers.quiet_connector),
            servers.driver,
            servers.trust,
            shelter,
        )

    async def note_marks(self, people: Sequence[Person]) -> None:
        """Before anybody writes: in accounts that stay is what will bear the run's mark."""
        for person in people if self._servers.accounts_stay else ():
            if person.uid not in self._marked:
                self._marked.add(person.uid)
                self._journal.created(MARK_KIND, person.uid, login=person.login)
        await self._journal.written()

    async def offered(
        self, person: Person, credentials: Mapping[str, Credentials]
    ) -> Mapping[str, OfferedTool]:
        """The tools that the MCP server offers this user."""
        try:
            async with self._connector.open_session(person, credentials[person.uid]) as session:
                return await session.list_tools()
        except CallError as error:
            raise SetupError(f"a first session of {person.uid} failed: {error}") from error

    async def forget_void(self, person: Person, credentials: Mapping[str, Credentials]) -> bool:
        """Before the server lists tools: an earlier user of that name may have granted it something."""
        try:
            return await self._grants.forget_void(person, credentials[person.uid], is_new=self._are_new)
        except CallError as error:
            raise SetupError(f"a first session of {person.uid} failed: {error}") from error

    @property
    def _are_new(self) -> bool:
        return not self._servers.accounts_stay

    async def grant(self, people: Sequence[Person], credentials: Mapping[str, Credentials]) -> None:
        """Everybody grants the MCP server access to their account."""
        stay = self._servers.accounts_stay

        async def grant(person: Person) -> None:
            note = partial(self._note_grant, person)
            act = partial(self._grants.provision, person, credentials[person.uid], note, is_new=self._are_new)
            measured = partial(timed, SetupStep.PROVISION, person.uid, act, self._emit)
            await (self._noted(person, measured) if stay else measured())

        await for_each(people, grant, self._limit)

    async def _noted(self, person: Person, act: Callable[[], Awaitable[object]]) -> None:
        """Do what gives an account that stays an app password; the ledger knows it, whatever happens."""
        lists, login = self._servers.app_passwords, person.login
        known = await lists.app_passwords(person)
        await self._journal.intend(
            APP_PASSWORD_KIND, person.uid, known=" ".join(map(str, sorted(known))), login=login
        )
        await act()
        for number in await lists.granted(person, known):
            self._journal.created(APP_PASSWORD_KIND, f"{person.uid}/{number}", login=login)
        self._journal.removed(APP_PASSWORD_KIND, person.uid)

    async def _note_grant(self, person: Person) -> None:
        stays = {"stays": "yes"} if self._servers.accounts_stay else {}
        url, login = self._servers.mcp_url, person.login
        await self._journal.intend(GRANT_KIND, person.uid, url=url, login=login, **stays)

    async def compare(self, people: Sequence[Person], credentials: Mapping[str, Credentials]) -> None:
        """Every password is good (each is shown once), and they tell users apart."""

        async def look(person: Person) -> None:
            await check_lets_in(self._connector, person, credentials[person.uid])

        if len(people) > 1:
            await self.note_marks(people[:2])
            (one, two), title = people[:2], f"simulate {self._journal.head.mark}"
            first, second = (one, credentials[one.uid]), (two, credentials[two.uid])
            await check_users_differ(self._connector, first, second, title)
        rest = people[2:] if len(people) > 1 else people
        await for_each(rest, look, self._limit)
