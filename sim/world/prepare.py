"""Bringing a crowd up: accounts, the OAuth client, logins. Every step is numbered, timed and undoable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import attrs
import httpx
import trio

from actors.accounts import user_id
from actors.errors import CallError, LoginError, Outcome, SetupError
from actors.events import Record, SetupStep, SetupTiming
from actors.login.app_passwords import Devices
from actors.login.basic import BasicLogin
from actors.login.client import OAuthClient, register
from actors.login.driver import Driver
from actors.login.oauth import OAuthLogin
from actors.login.plan import AuthPlan, discover
from actors.login.provisioning import Grants
from actors.login.trust import Trust
from actors.ports import Accounts, Connector, Credentials, Login, Person
from actors.shelter import Shelter
from sim.clean.ledger import Ledger
from sim.clean.things.app_password import APP_PASSWORD_KIND
from sim.clean.things.marked_content import MARK_KIND
from sim.clean.things.mcp_grant import GRANT_KIND
from sim.config.model import Config
from sim.live.console import Progress
from sim.world.auth_checks import check_lets_in, check_mode, check_takes_passwords, check_users_differ
from sim.world.creation import Creation
from sim.world.recorded import RecordedConnector
from sim.world.turns import for_each

STEPS = 6

T = TypeVar("T")
MakeLogin = Callable[[Record], Login]
"""Makes what logs people in, and tells it whom to report to."""


@attrs.frozen
class Place:
    """The servers of a run, and how to reach them.

    Attributes:
        accounts: None where the accounts exist already.
        http: with Nextcloud's base URL.
        driver: sits in front of the login page; `why_driver` says why this one.
        devices: the users' lists of app passwords.
        trust: where secrets may go.
    """

    mcp_url: str
    nextcloud_url: str
    accounts: Accounts | None
    http: httpx.AsyncClient
    driver: Driver
    why_driver: str
    connector: Connector
    devices: Devices
    trust: Trust


class Setup:
    """The numbered steps before the load begins. Cancelled, it leaves what the ledger names.

    Every method raises SetupError, in one line, when the run cannot go on.

    Args:
        shelter: creations that were sent come to their answer under it.
    """

    def __init__(
        self,
        config: Config,
        place: Place,
        ledger: Ledger,
        record: Record,
        progress: Progress,
        shelter: Shelter | None = None,
    ) -> None:
        self._config = config
        self._place = place
        self._ledger = ledger
        self._record = record
        self._progress = progress
        self._limit = trio.CapacityLimiter(config.users.setup_concurrency)
        self._creation_limit = trio.CapacityLimiter(config.users.creation_concurrency)
        self._shelter = shelter if shelter is not None else Shelter()
        self._connector = RecordedConnector(place.connector, record, self._shelter)
        self._marked: set[str] = set()
        self._creation: Creation | None = None

    async def identify(self, people: Sequence[Person]) -> list[Person]:
        """Before the first step: accounts that exist, with the user ids behind their log-in names.

        Each is asked once, with its own password: a wrong one ends the set-up here.
        """
        if self._place.accounts is not None:
            return list(people)
        if not self._place.nextcloud_url:
            self._progress.say("  NEXTCLOUD_HOST is not set: log-in names are taken for user ids")
            return list(people)
        uids: dict[str, str] = {}

        async def identify(person: Person) -> None:
            uids[person.login] = await user_id(self._place.http, person.login, person.password)

        await for_each(people, identify, self._limit, self._progress, "known")
        if len(set(uids.values())) < len(people):
            raise SetupError("two lines of the --accounts file name the same user, by different log-in names")
        return [attrs.evolve(one, uid=uids[one.login], login_name=one.login) for one in people]

    async def check(self, people: Sequence[Person]) -> AuthPlan | None:
        """Step 1, which creates nothing: the servers answer, the admin may, no user is in the way.

        None where users show their passwords instead of tokens.
        """
        self._progress.step(1, STEPS, f"Checking {self._place.nextcloud_url} and {self._place.mcp_url}")
        if self._place.accounts is not None:
            await self._place.accounts.check()
            taken = await self._place.accounts.existing(frozenset(person.uid for person in people))
            if taken:
                raise SetupError(
                    f"{len(taken)} of the users exist already ({min(taken)}): choose another --user-prefix, "
                    "or remove them with simulate cleanup"
                )
        place = self._place
        plan = await discover(place.http, place.mcp_url, place.nextcloud_url or None, place.trust)
        check_mode(self._config.login.auth, plan, place.mcp_url, accounts_stay=place.accounts is None)
        if plan is None:
            await check_takes_passwords(self._connector, place.mcp_url)
        return plan

    async def register(self, plan: AuthPlan | None) -> MakeLogin:
        """Step 2: one OAuth client for all users, where they log in; gives what logs them in."""
        if plan is None:
            self._progress.step(2, STEPS, "No login: the MCP server takes passwords")
            return lambda record: BasicLogin()
        self._progress.step(2, STEPS, f"Registering an OAuth client at {plan.issuer}")
        static = self._config.login
        if static.client_id is not None:
            client = OAuthClient(static.client_id, static.client_secret, is_static=True)
        else:
            mark, say = self._ledger.head.mark, self._progress.say
            trust, shelter = self._place.trust, self._shelter
            client = await register(self._place.http, plan, self._ledger, mark, say, trust, shelter)
        return lambda record: OAuthLogin(self._place.http, plan, client, self._place.driver, record)

    async def tools_of(self, person: Person, credentials: Mapping[str, Credentials]) -> frozenset[str]:
        """What `tools/list` offers one of the users."""
        try:
            return await list_tools(self._connector, person, credentials[person.uid])
        except CallError as error:
            raise SetupError(f"a first session of {person.uid} failed: {error}") from error

    async def create(self, people: Sequence[Person], *, first: bool = False) -> list[Person]:
        """Step 3: the accounts; in the place of each who was asked for, who was created.

        Args:
            first: they come before the others, to see what the server offers.
        """
        accounts = self._place.accounts
        if accounts is None:
            self._progress.step(3, STEPS, f"Using {len(people)} accounts that exist")
            return list(people)
        what = "a first user, to see what the server offers" if first else f"{len(people)} users"
        self._progress.step(3, STEPS, f"Creating {what}")
        creation = await self._creating(accounts)
        made: dict[str, Person] = {}

        async def create(person: Person) -> None:
            made[person.uid] = await self._timed(
                SetupStep.CREATE_USER, person.uid, lambda: creation.create(person)
            )

        await for_each(people, create, self._creation_limit, self._progress, "created", cuts=False)
        return [made[person.uid] for person in people]

    async def _creating(self, accounts: Accounts) -> Creation:
        if self._creation is None:
            numbers, say = self._config.users.count, self._progress.say
            self._creation = Creation(self._config, accounts, self._ledger, self._shelter, numbers, say)
            await self._creation.learn_policy()
        return self._creation

    def note_marks(self, people: Sequence[Person]) -> None:
        """Before anybody writes: in accounts that stay is what will bear the run's mark."""
        for person in people if self._place.accounts is None else ():
            if person.uid not in self._marked:
                self._marked.add(person.uid)
                self._ledger.created(MARK_KIND, person.uid, login=person.login)

    async def log_in(
        self, login: Login, people: Sequence[Person], *, first: bool = False
    ) -> dict[str, Credentials]:
        """Step 4: everybody's first login, also of those who come on stage later."""
        how = "by name and password" if isinstance(login, BasicLogin) else self._place.why_driver
        whom = "the first user" if first else f"{len(people)} users"
        self._progress.step(4, STEPS, f"Logging {whom} in ({how})")
        credentials: dict[str, Credentials] = {}

        async def log_in(person: Person) -> None:
            credentials[person.uid] = await login.log_in(person)

        await for_each(people, log_in, self._limit, self._progress, "logged in")
        return credentials

    async def provision(self, people: Sequence[Person], credentials: Mapping[str, Credentials]) -> None:
        """Still step 4: everybody grants the MCP server access to their account."""
        self._progress.say(f"  granting the MCP server access to {len(people)} accounts")
        grants, stays = self._grants(), self._place.accounts is None

        async def grant(person: Person) -> None:
            act = partial(grants.provision, person, credentials[person.uid], lambda: self._note_grant(person))
            if stays:
                await self._noted(person, lambda: self._timed(SetupStep.PROVISION, person.uid, act))
            else:
                await self._timed(SetupStep.PROVISION, person.uid, act)

        await for_each(people, grant, self._limit, self._progress, "granted access")

    async def _noted(self, person: Person, act: Callable[[], Awaitable[object]]) -> None:
        """Do what gives an account that stays an app password; the ledger knows it, whatever happens."""
        devices = self._place.devices
        known = await devices.app_passwords(person)
        login = person.login
        self._ledger.intend(
            APP_PASSWORD_KIND, person.uid, known=" ".join(map(str, sorted(known))), login=login
        )
        await act()
        for number in await devices.granted(person, known):
            self._ledger.created(APP_PASSWORD_KIND, f"{person.uid}/{number}", login=login)
        self._ledger.removed(APP_PASSWORD_KIND, person.uid)

    def _note_grant(self, person: Person) -> None:
        stays = {"stays": "yes"} if self._place.accounts is None else {}
        self._ledger.intend(GRANT_KIND, person.uid, url=self._place.mcp_url, login=person.login, **stays)

    def _grants(self) -> Grants:
        place = self._place
        return Grants(
            place.http,
            place.mcp_url,
            place.nextcloud_url,
            self._connector,
            place.driver,
            place.trust,
            self._shelter,
        )

    async def check_differ(self, people: Sequence[Person], credentials: Mapping[str, Credentials]) -> None:
        """Still step 4: every password is good (each is shown once), and they tell users apart."""

        async def look(person: Person) -> None:
            await check_lets_in(self._connector, person, credentials[person.uid])

        if len(people) > 1:
            self.note_marks(people[:2])
            (one, two), title = people[:2], f"simulate {self._ledger.head.mark}"
            first, second = (one, credentials[one.uid]), (two, credentials[two.uid])
            await check_users_differ(self._connector, first, second, title)
        rest = people[2:] if len(people) > 1 else people
        await for_each(rest, look, self._limit, self._progress, "let in")

    async def open_sessions(self, at_first: int, fill: Callable[..., Awaitable[None]]) -> None:
        """Step 5: MCP sessions of those who are on stage from the beginning."""
        self._progress.step(5, STEPS, f"Opening {at_first} MCP sessions")
        opened = 0

        def count() -> None:
            nonlocal opened
            opened += 1
            self._progress.count("sessions open", opened, at_first)

        await fill(self._limit, count)

    def announce_load(self) -> None:
        """Step 6 begins."""
        self._progress.step(STEPS, STEPS, "Running")

    async def _timed(self, step: SetupStep, uid: str, act: Callable[[], Awaitable[T]]) -> T:
        started, outcome, text = trio.current_time(), Outcome.INTERRUPTED, ""
        try:
            value = await act()
            outcome = Outcome.OK
            return value
        except LoginError as error:
            outcome, text = Outcome.AUTHORIZATION, str(error)
            raise
        except SetupError as error:
            outcome, text = Outcome.TRANSPORT_ERROR, str(error)
            raise
        finally:
            self._record(SetupTiming(step, uid, outcome, started, trio.current_time(), text))


async def list_tools(connector: Connector, person: Person, credentials: Credentials) -> frozenset[str]:
    """The tools that `person` is offered. Raises CallError."""
    async with connector.open_session(person, credentials) as session:
        return await session.list_tools()


@asynccontextmanager
async def in_background(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`act` runs while the block lasts, and is cancelled at its end."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(act)
        yield
        nursery.cancel_scope.cancel()
