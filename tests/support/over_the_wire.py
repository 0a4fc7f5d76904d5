"""Users with real sessions on a stand-in that runs by itself: logged in over HTTP, real sockets."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from actors.cloud_client import http_client
from actors.login.client import register
from actors.login.http_driver import HttpDriver
from actors.login.oauth import OAuthLogin
from actors.login.plan import discover
from actors.login.trust import Trust
from actors.ports import Connector, Credentials, Person
from actors.roster import open_roster
from actors.secret import Secret
from actors.user import User
from actors.wire.wire_connector import WireConnector
from tests.support.in_process import Facts
from tests.support.processes import StandinServer
from workflows.director import Budget, Director
from workflows.settings import Settings

PASSWORD = "A-long-enough-passw0rd"
Connecting = Callable[[str, float, ssl.SSLContext], Connector]
"""How sessions are opened: URL, call time-out in seconds, TLS context."""


class NoJournal:
    """A ledger that keeps nothing."""

    async def intend(self, kind: str, name: str, **details: str) -> None: ...

    def created(self, kind: str, name: str, **details: str) -> None: ...

    def keep_secret(self, kind: str, name: str, value: Secret) -> None: ...

    def removed(self, kind: str, name: str) -> None: ...


@attrs.frozen
class Stage:
    """Users on stage and the director that asks them.

    Attributes:
        facts: all that was measured since they came.
    """

    users: list[User]
    director: Director
    facts: Facts


@asynccontextmanager
async def logged_in(
    standin: StandinServer, *uids: str, facts: Facts
) -> AsyncIterator[tuple[dict[str, Credentials], OAuthLogin]]:
    """Accounts for `uids`, made where they are missing, each logged in."""
    tls = ssl.create_default_context()
    for uid in uids:
        standin.add_user(uid, f"{uid}@example.org", PASSWORD)
    async with http_client(standin.url, tls, 8) as http:
        plan = await discover(http, standin.mcp_url, standin.url)
        client = await register(http, plan, NoJournal(), "test")
        driver = HttpDriver(tls, Trust(standin.url, f"{standin.url}/mcp"))
        login = OAuthLogin(http, plan, client, driver, facts)
        yield {uid: await login.log_in(Person(uid, Secret(PASSWORD))) for uid in uids}, login


@asynccontextmanager
async def users_over_the_wire(
    standin: StandinServer,
    *uids: str,
    call_timeout_s: float = 10,
    connecting: Connecting = WireConnector,
    settings: Settings | None = None,
) -> AsyncIterator[Stage]:
    """Users on stage, with a session each; they leave it with the block."""
    facts = Facts()
    connector = connecting(standin.mcp_url, call_timeout_s, ssl.create_default_context())
    async with (
        logged_in(standin, *uids, facts=facts) as (credentials, _),
        open_roster(connector, facts, seed=1) as roster,
    ):
        users = [roster.enter(Person(uid, Secret(PASSWORD)), credentials[uid]) for uid in uids]
        for user in users:
            with trio.fail_after(60):
                assert await user.wait_on_stage()
        async with trio.open_nursery() as nursery:
            yield Stage(users, Director(nursery, roster, facts, settings or Settings(), Budget()), facts)
            nursery.cancel_scope.cancel()
