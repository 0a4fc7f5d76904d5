"""Bringing a crowd up at live servers: accounts, OAuth client, log-ins, access. Every step is undoable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import trio

from actors.accounts import user_id
from actors.errors import SetupError
from actors.events import Emit
from actors.login.basic import BasicLogin
from actors.login.client import OAuthClient, register
from actors.login.oauth import OAuthLogin
from actors.login.plan import AuthPlan, discover
from actors.ports import Credentials, Login, Person
from actors.shelter import Shelter
from sim.clean.journal import RunJournal
from sim.config.model import AuthMode, Config
from sim.world.admission import Admission
from sim.world.auth_checks import check_mode, check_takes_passwords, login_text, needs_provisioning
from sim.world.creation import Creation
from sim.world.people import called_up, new_ones, regrouped
from sim.world.recorded import RecordedConnector
from sim.world.servers import Servers
from sim.world.tools import usable
from sim.world.turns import for_each
from sim.world.worlds import TOOLS_FIT, Crowd, WorldStep, notes_to
from workflows.base import Workflow


class Preparation:
    """The steps of a live world; what one has found out, the next ones use.

    Each raises SetupError, in one line, when the run cannot go on. Cancelled, it leaves what the ledger
    names.

    Args:
        people: by group; `later` those who come when they are called up.
        workflows: all that are known.
        shelter: creations that were sent come to their answer under it.
        client: that exists; None: one is registered.
    """

    def __init__(
        self,
        config: Config,
        servers: Servers,
        journal: RunJournal,
        people: Mapping[str, Sequence[Person]],
        workflows: Mapping[str, Workflow],
        emit: Emit,
        shelter: Shelter,
        later: Mapping[str, Sequence[Person]] | None = None,
        client: OAuthClient | None = None,
    ) -> None:
        self._config = config
        self._servers = servers
        self._journal = journal
        self.client = client
        self._groups = people
        self._later: Mapping[str, Sequence[Person]] = later or {}
        self._known = workflows
        self._emit = emit
        self._say = notes_to(emit)
        self._shelter = shelter
        self._has_logged_in = trio.Event()
        self._limit = trio.CapacityLimiter(config.users.setup_concurrency)
        self._unanswered: dict[str, float] = {}
        self._connector = RecordedConnector(servers.connector, emit, shelter, self._unanswered)
        self._admission = Admission(servers, journal, self._connector, self._limit, emit, shelter)
        self._creation: Creation | None = None
        self._has_checked = False
        self._plan: AuthPlan | None = None
        self._login: Login = BasicLogin()
        self._credentials: dict[str, Credentials] = {}
        self._workflows: Mapping[str, Workflow] = {}
        self._must_grant = False

    @property
    def people(self) -> list[Person]:
        """Everybody, whatever their group."""
        return [person for group in self._groups.values() for person in group]

    @property
    def crowd(self) -> Crowd:
        """As far as it has been brought up."""
        return Crowd(
            people=self._groups,
            credentials=self._credentials,
            connector=self._servers.connector,
            workflows=self._workflows,
            mark=self._journal.head.mark,
            login=login_text(self._plan, self._servers.why_driver, self._must_grant),
            at_once=self._config.users.setup_concurrency,
            unanswered=self._unanswered,
        )

    @property
    def steps(self) -> tuple[WorldStep, ...]:
        """All of them; some are needed only where the servers want it so."""
        servers = self._servers
        return (
            WorldStep(
                "servers answer, the account may manage users",
                lambda: f"Checking {servers.nextcloud_url} and {servers.mcp_url}",
                self._check,
            ),
            WorldStep("client registered", self._client_title, self._register, self._wants_tokens),
            WorldStep(
                "first user",
                lambda: f"{self._bringing('a first user')}, to see what the server offers",
                self._bring_first,
            ),
            WorldStep(TOOLS_FIT, lambda: "Comparing tools with workflows", self._compare),
            WorldStep(
                "users created",
                lambda: self._bringing(f"{len(self.people) - 1} more users"),
                self._create_others,
                self._has_others,
            ),
            WorldStep(
                "users log in",
                lambda: f"Logging {len(self.people) - 1} users in ({self._how()})",
                self._log_others_in,
                self._has_others,
            ),
            WorldStep(
                "users grant access",
                lambda: f"Granting the MCP server access to {len(self.people)} accounts",
                self._grant,
                lambda: self._must_grant,
            ),
            WorldStep(
                "users differ",
                lambda: "Checking that passwords are good, and tell users apart",
                self._compare_users,
                lambda: not self._wants_tokens(),
            ),
        )

    async def keep_fresh(self) -> None:
        """Keep everybody logged in, until cancelled."""
        await self._has_logged_in.wait()
        await self._login.keep_fresh()

    async def note_marks(self) -> None:
        """Before anybody writes, in accounts that stay."""
        await self._admission.note_marks(self.people)

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        """Bring so many people up in each group, in mid-run; gives those who are new.

        Raises SetupError. Cancelled, it leaves what the ledger names.
        """
        before = self._groups
        self._groups, self._later = called_up(before, self._later, wanted)
        fresh = new_ones(before, self._groups)
        made = iter(await self._identified(await self._create(fresh)))
        self._put([next(made) if person in fresh else person for person in self.people])
        came = new_ones(before, self._groups)
        await self._log_in(came)
        if self._must_grant:
            await self._admission.grant(came, self._credentials)
        await self._admission.note_marks(came)
        return {name: members[len(before[name]) :] for name, members in self._groups.items()}

    async def _check(self) -> str:
        """Creates nothing: the servers answer, the admin may, no user is in the way."""
        await self._identify()
        servers = self._servers
        if servers.accounts is not None:
            await servers.accounts.check()
            later = [person for group in self._later.values() for person in group]
            taken = await servers.accounts.existing(
                frozenset(person.uid for person in (*self.people, *later))
            )
            if taken:
                raise SetupError(
                    f"{len(taken)} of the users exist already ({min(taken)}): choose another --user-prefix, "
                    "or remove them with simulate cleanup"
                )
        plan = await discover(servers.http, servers.mcp_url, servers.nextcloud_url or None, servers.trust)
        check_mode(self._config.login.auth, plan, servers.mcp_url, accounts_stay=servers.accounts_stay)
        self._plan, self._has_checked = plan, True
        if plan is None:
            await check_takes_passwords(self._connector, servers.mcp_url)
            self._say("  no log-in: the MCP server takes passwords")
            return servers.nextcloud_url
        return f"{servers.nextcloud_url}; {plan.why}; scopes {plan.scope}"

    async def _identify(self) -> None:
        self._put(await self._identified(self.people))
        if len({person.uid for person in self.people}) < len(self.people):
            raise SetupError("two lines of the --accounts file name the same user, by different log-in names")

    async def _identified(self, people: Sequence[Person]) -> list[Person]:
        """Accounts that exist, with the user ids behind their log-in names.

        Each is asked once, with its own password: a wrong one ends the set-up here.
        """
        servers = self._servers
        if not servers.accounts_stay:
            return list(people)
        if not servers.nextcloud_url:
            self._say("  NEXTCLOUD_HOST is not set: log-in names are taken for user ids")
            return list(people)
        uids: dict[str, str] = {}

        async def identify(person: Person) -> None:
            uids[person.login] = await user_id(servers.http, person.login, person.password)

        await for_each(people, identify, self._limit)
        return [attrs.evolve(one, uid=uids[one.login], login_name=one.login) for one in people]

    def _wants_tokens(self) -> bool:
        """Assumed until it is known, as most servers do."""
        return not self._has_checked or self._plan is not None

    def _client_title(self) -> str:
        if self.client is not None:
            return f"Taking the OAuth client {self.client.client_id}, as named"
        return f"Registering an OAuth client at {self._plan.issuer if self._plan else ''}"

    async def _register(self) -> str:
        """One OAuth client for all users."""
        assert self._plan is not None
        servers, journal = self._servers, self._journal
        client, text = self.client, "as named"
        if client is None:
            mark, text, trust = journal.head.mark, "", servers.trust
            client = self.client = await register(
                servers.http, self._plan, journal, mark, self._say, trust, self._shelter
            )
        self._login = OAuthLogin(servers.http, self._plan, client, servers.driver, self._emit, self._shelter)
        return text

    async def _bring_first(self) -> str:
        """What the server offers is seen by one of the users: the admin's password is for Nextcloud alone."""
        self._put([*await self._create(self.people[:1]), *self.people[1:]])
        await self._log_in([first := self.people[0]])
        self._has_logged_in.set()
        own = self._servers.accounts_stay and self._config.login.auth is AuthMode.OAUTH
        if self._wants_tokens() and not own and await self._admission.forget_void(first, self._credentials):
            self._say(f"  the MCP server still held a void grant of a {first.uid}: it has forgotten it")
        return ""

    async def _compare(self) -> str:
        offered = await self._admission.offered(self.people[0], self._credentials)
        mcp_url = self._servers.mcp_url
        self._workflows = usable(self._config, self._known, offered, mcp_url, self._say)
        self._must_grant = needs_provisioning(self._config.login.auth, offered, mcp_url)
        return f"of {len(offered)} offered"

    def _has_others(self) -> bool:
        return len(self.people) > 1

    async def _create_others(self) -> str:
        self._put([self.people[0], *await self._create(self.people[1:])])
        return ""

    async def _log_others_in(self) -> str:
        """Also those who come on stage later."""
        await self._log_in(self.people[1:])
        return ""

    async def _grant(self) -> str:
        await self._admission.grant(self.people, self._credentials)
        return ""

    async def _compare_users(self) -> str:
        await self._admission.compare(self.people, self._credentials)
        return ""

    def _bringing(self, whom: str) -> str:
        return f"Taking {whom} from the accounts" if self._servers.accounts_stay else f"Creating {whom}"

    def _how(self) -> str:
        return "by name and password" if self._plan is None else self._servers.why_driver

    async def _create(self, people: Sequence[Person]) -> list[Person]:
        """In the place of each who was asked for, who was created."""
        accounts = self._servers.accounts
        if accounts is None:
            return list(people)
        if self._creation is None:
            self._creation = Creation(self._config, accounts, self._journal, self._shelter, self._say)
            await self._creation.learn_policy()
        return await self._creation.create_all(people, self._emit)

    async def _log_in(self, people: Sequence[Person]) -> None:
        async def log_in(person: Person) -> None:
            self._credentials[person.uid] = await self._login.log_in(person)

        await for_each(people, log_in, self._limit)

    def _put(self, people: Sequence[Person]) -> None:
        self._groups = regrouped(self._groups, people)
