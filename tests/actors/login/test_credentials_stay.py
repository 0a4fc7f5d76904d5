"""A credential goes only where the person sent it, whatever servers and pages say: with both drivers."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest
import trio

from actors.errors import SetupError
from actors.login.browser_driver import find_browser, open_browser_driver
from actors.login.client import register
from actors.login.driver import Driver
from actors.login.http_driver import HttpDriver
from actors.login.oauth import OAuthLogin
from actors.login.plan import discover
from actors.login.trust import Trust
from actors.ports import Person
from actors.secret import Secret
from tests.support.attacks import ATTACKS, IN_A_BROWSER, Attack, login_page_that_redirects
from tests.support.false_world import (
    PASSWORD,
    SESSION,
    World,
    open_world,
)
from tests.support.over_the_wire import NoJournal
from tests.support.recording import Said, Seen, moved

DRIVERS = [pytest.param("http", id="http"), pytest.param("browser", id="browser", marks=pytest.mark.browser)]
ANN = Person("ann", Secret(PASSWORD))


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as servers:
        yield servers


@asynccontextmanager
async def open_driver(kind: str, trust: Trust) -> AsyncIterator[Driver]:
    if kind == "http":
        yield HttpDriver(ssl.create_default_context(), trust)
        return
    browser = find_browser("chromium")
    assert browser is not None
    async with open_browser_driver(browser, trust, headed=False, concurrency=1, screenshots=None) as driver:
        yield driver


async def log_in(world: World, kind: str, trust: Trust | None = None) -> str:
    """The whole way of a user into the MCP server; what they show it in the end."""
    trust = trust or world.trust
    with trio.fail_after(60):
        async with httpx.AsyncClient() as http, open_driver(kind, trust) as driver:
            plan = await discover(http, world.mcp_url, world.nextcloud.url, trust)
            assert plan is not None
            client = await register(http, plan, NoJournal(), "sim-test")
            tokens = await OAuthLogin(http, plan, client, driver, lambda fact: None).log_in(ANN)
            return await tokens.authorization()


def only(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


@pytest.mark.parametrize("kind", DRIVERS)
async def test_where_nobody_means_ill_the_login_succeeds(world: World, kind: str) -> None:
    assert await log_in(world, kind) == "Bearer an.access-token"
    assert world.leaks("ann") == []


@pytest.mark.parametrize("kind", DRIVERS)
async def test_an_mcp_server_that_is_the_authorization_server_sends_users_to_nextcloud_for_the_password(
    world: World, kind: str
) -> None:
    """As nextcloud-mcp-server does in its login-flow mode: its own client, codes and tokens."""
    world.serve(world.mcp)
    world.point_mcp_at(world.mcp.url)
    asked: list[Seen] = []

    def authorize(seen: Seen) -> Said:
        asked.append(seen)
        ours = {"redirect_uri": f"{world.mcp.url}/oauth/callback", "state": "the-servers"}
        return moved(f"{world.nextcloud.url}/authorize?{urlencode(ours)}")

    def callback(seen: Seen) -> Said:
        query = {"code": "the-servers-own", "state": asked[-1].query["state"]}
        return moved(f"{asked[-1].query['redirect_uri']}?{urlencode(query)}")

    world.mcp.on("/authorize", authorize)
    world.mcp.on("/oauth/callback", callback)
    assert (await log_in(world, kind)).startswith("Bearer ")
    assert PASSWORD.split()[0] not in world.mcp.received
    if kind == "http":
        # Not even the session's cookie, though it is the same host: another port is another origin.
        assert SESSION not in world.mcp.received


@pytest.mark.parametrize("kind", DRIVERS)
async def test_another_origin_takes_passwords_once_the_person_said_so(world: World, kind: str) -> None:
    world.nextcloud.on(
        "/authorize", lambda seen: moved(f"{world.evil.url}/authorize?{urlencode(seen.query)}")
    )
    trust = Trust(world.nextcloud.url, world.mcp_url, (world.evil.url,))
    assert await log_in(world, kind, trust) == "Bearer an.access-token"


CASES = [
    *(pytest.param("http", attack, id=f"{name}, http") for name, attack in ATTACKS.items()),
    *(
        pytest.param("browser", attack, id=f"{name}, browser", marks=pytest.mark.browser)
        for name, attack in {**ATTACKS, **IN_A_BROWSER}.items()
    ),
]


@pytest.mark.parametrize(("kind", "attack"), CASES)
async def test_no_secret_leaves_for_anywhere_that_the_person_did_not_name(
    world: World, kind: str, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.login.browser_visit.PAGE_S", 3.0)
    attack(world)
    with pytest.raises((SetupError, BaseExceptionGroup)) as failed:
        await log_in(world, kind)
    error = only(failed.value)
    assert isinstance(error, SetupError)
    assert "\n" not in str(error)
    assert PASSWORD not in str(error)
    assert world.leaks("ann") == []


@pytest.mark.parametrize("kind", DRIVERS)
async def test_whoever_is_refused_says_what_to_say_if_it_is_right(world: World, kind: str) -> None:
    login_page_that_redirects(world)
    with pytest.raises((SetupError, BaseExceptionGroup)) as failed:
        await log_in(world, kind)
    assert f"--login-origin {world.evil.url}" in str(only(failed.value))


@pytest.mark.parametrize("kind", DRIVERS)
async def test_access_is_granted_on_no_page_but_nextclouds(world: World, kind: str) -> None:
    for url in (f"{world.evil.url}/login/v2/flow/x", f"{world.mcp.url}/login/v2/flow/x"):
        with trio.fail_after(60), pytest.raises((SetupError, BaseExceptionGroup)):
            async with open_driver(kind, world.trust) as driver:
                await driver.grant(ANN, url)
    assert world.evil.seen == world.mcp.seen == []
