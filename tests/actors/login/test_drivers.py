"""Both drivers, in front of the stand-in's real pages: what goes well, and what goes wrong."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from actors.errors import LoginError
from actors.events import Event
from actors.login.browser_driver import find_browser, open_browser_driver
from actors.login.client import OAuthClient, register, remove
from actors.login.driver import Driver
from actors.login.http_driver import HttpDriver
from actors.login.oauth import OAuthLogin
from actors.login.plan import AuthPlan, discover
from actors.login.trust import Trust
from actors.ports import Person
from actors.secret import Secret
from tests.support.processes import StandinServer, running_standin

PASSWORD = "The-passw0rd-of-the-user"
DRIVERS = [pytest.param("http", id="http"), pytest.param("browser", id="browser", marks=pytest.mark.browser)]


class NoJournal:
    """Forgets everything."""

    async def intend(self, kind: str, name: str, **details: str) -> None: ...
    def created(self, kind: str, name: str, **details: str) -> None: ...
    def keep_secret(self, kind: str, name: str, value: Secret) -> None: ...
    def removed(self, kind: str, name: str) -> None: ...


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin(
        deny_consent_for=["denied"], login_loops_for=["loops"], token_ttl_s=3, refresh_ttl_s=3
    ) as server:
        for uid in ("alice", "bob", "denied", "loops"):
            server.add_user(uid, f"{uid}@example.org", PASSWORD)
        yield server


@asynccontextmanager
async def open_driver(
    kind: str, standin: StandinServer, screenshots: Path | None = None
) -> AsyncIterator[Driver]:
    trust = Trust(standin.url, f"{standin.url}/mcp")
    if kind == "http":
        yield HttpDriver(ssl.create_default_context(), trust)
        return
    browser = find_browser("chromium")
    assert browser is not None
    async with open_browser_driver(
        browser, trust, headed=False, concurrency=2, screenshots=screenshots
    ) as driver:
        yield driver


@asynccontextmanager
async def open_login(
    standin: StandinServer, driver: Driver, facts: list[Event]
) -> AsyncIterator[tuple[OAuthLogin, httpx.AsyncClient, AuthPlan, OAuthClient]]:
    async with httpx.AsyncClient(base_url=standin.url) as http:
        plan = await discover(http, f"{standin.url}/mcp", standin.url)
        client = await register(http, plan, NoJournal(), "sim-test")
        try:
            yield OAuthLogin(http, plan, client, driver, facts.append), http, plan, client
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(10):
                assert client.management_uri and client.management_token
                await remove(http, client.management_uri, client.management_token)


def person(uid: str, password: str = PASSWORD) -> Person:
    return Person(uid, Secret(password))


async def log_in(standin: StandinServer, kind: str, who: Person, screenshots: Path | None = None) -> str:
    """Log in; what `who` then shows the MCP server."""
    facts: list[Event] = []
    with trio.fail_after(90):
        async with open_driver(kind, standin, screenshots) as driver:
            async with open_login(standin, driver, facts) as (login, *_):
                return await (await login.log_in(who)).authorization()


def only(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


@pytest.mark.parametrize("kind", DRIVERS)
async def test_a_user_logs_in_and_gets_a_bearer_token(standin: StandinServer, kind: str) -> None:
    assert (await log_in(standin, kind, person("alice"))).startswith("Bearer ")


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize(
    ("who", "words"),
    [
        (person("alice", "not-the-password"), "wrong password"),
        (person("denied"), "denied"),
        (person("loops"), "login page came back"),
    ],
    ids=["wrong password", "denied consent", "looping login"],
)
async def test_a_login_that_cannot_succeed_names_the_user_and_the_page_and_no_secret(
    standin: StandinServer, tmp_path: Path, kind: str, who: Person, words: str
) -> None:
    with pytest.raises((LoginError, BaseExceptionGroup)) as caught:
        await log_in(standin, kind, who, tmp_path)
    error = only(caught.value)
    assert isinstance(error, LoginError)
    assert who.uid in str(error)
    assert words in str(error)
    assert standin.url in error.page
    assert "?" not in error.page
    assert who.password.reveal() not in str(error)
    if kind == "browser" and "denied" not in words:
        assert (tmp_path / f"{who.uid}-login.png").stat().st_size > 1000


@pytest.mark.parametrize("kind", DRIVERS)
async def test_pages_that_are_built_by_javascript_alone_are_no_hindrance(kind: str) -> None:
    with running_standin(scripted_pages=True) as standin:
        standin.add_user("alice", "alice@example.org", PASSWORD)
        assert await log_in(standin, kind, person("alice"))


@pytest.mark.browser
@pytest.mark.parametrize("has_opened", [False, True], ids=["while its context opens", "later"])
async def test_a_login_that_is_cancelled_leaves_no_context_behind(
    has_opened: bool, standin: StandinServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: list[Event] = []
    token = trio.lowlevel.current_trio_token()
    with trio.fail_after(90):
        async with open_driver("browser", standin) as driver:
            async with open_login(standin, driver, facts) as (login, *_):
                browser = driver._browser  # type: ignore[attr-defined]
                opened, opens = trio.Event(), browser.new_context

                async def new_context(**options: Any) -> Any:
                    context = await opens(**options)
                    token.run_sync_soon(opened.set)
                    if not has_opened:
                        await asyncio.sleep(1.0)  # it is cancelled meanwhile
                    return context

                monkeypatch.setattr(browser, "new_context", new_context)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(login.log_in, person("alice"))
                    await opened.wait()
                    nursery.cancel_scope.cancel()
                monkeypatch.undo()
                assert browser.contexts == []
                assert await (await login.log_in(person("bob"))).authorization()


async def test_tokens_are_refreshed_before_they_expire_and_logged_in_anew_when_dead(
    standin: StandinServer,
) -> None:
    facts: list[Event] = []
    with trio.fail_after(60):
        async with open_driver("http", standin) as driver, open_login(standin, driver, facts) as (login, *_):
            tokens = await login.log_in(person("alice"))
            first = await tokens.authorization()
            assert await tokens.authorization() == first
            tokens.reject()
            second = await tokens.authorization()
            assert second != first
            # Past the life of the refresh token there is only a new login.
            await trio.sleep(3.3)
            third = await tokens.authorization()
    assert third not in (first, second)
    steps = [(fact.step.value, fact.outcome.value) for fact in facts]  # type: ignore[union-attr]
    assert steps[:2] == [("login", "ok"), ("token_refresh", "ok")]
    assert steps[-1] == ("login", "ok")


async def test_many_who_ask_at_once_share_one_refresh(standin: StandinServer) -> None:
    facts: list[Event] = []
    with trio.fail_after(60):
        async with open_driver("http", standin) as driver, open_login(standin, driver, facts) as (login, *_):
            tokens = await login.log_in(person("alice"))
            tokens.reject()
            shown: set[str] = set()

            async def ask() -> None:
                shown.add(await tokens.authorization())

            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(ask)
    assert len(shown) == 1
    assert len(facts) == 2


async def test_a_busy_registration_is_waited_out(autojump_clock: object) -> None:
    answers = [
        httpx.Response(429, headers={"Retry-After": "60"}),
        httpx.Response(201, json={"client_id": "c"}),
    ]
    transport = httpx.MockTransport(lambda request: answers.pop(0))
    plan = AuthPlan("https://as", "https://as/a", "https://as/t", "https://as/r", "openid", None, "a test")
    began = trio.current_time()
    async with httpx.AsyncClient(transport=transport) as http:
        with trio.fail_after(600):
            client = await register(http, plan, NoJournal(), "sim-test")
    assert client.client_id == "c"
    assert trio.current_time() - began == pytest.approx(60, abs=1)


async def test_no_secret_is_logged_at_any_level(
    standin: StandinServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = await log_in(standin, "http", person("alice"))
    assert PASSWORD not in caplog.text
    assert shown.removeprefix("Bearer ") not in caplog.text


async def test_tokens_do_not_show_themselves(standin: StandinServer) -> None:
    async with open_driver("http", standin) as driver, open_login(standin, driver, []) as (login, *_):
        with trio.fail_after(60):
            tokens = await login.log_in(person("alice"))
            assert (await tokens.authorization()).removeprefix("Bearer ") not in repr(tokens)
