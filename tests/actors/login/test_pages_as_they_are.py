# ruff: noqa: E501 (pages as they come)
# flake8: noqa: E501
"""Pages of the shapes that Nextcloud and its OIDC app have, in another language: with both drivers."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
import trio

from actors.errors import LoginError
from actors.login.driver import LoginRefused
from tests.actors.login.test_credentials_stay import ANN, DRIVERS, log_in, only, open_driver
from tests.support.false_world import CODE, PASSWORD, SESSION, World, login_form, open_world, page
from tests.support.recording import Said, Seen, moved

# As Nextcloud: scripts run where the page names their nonce, and `eval` never.
POLICY = ("Content-Security-Policy", "default-src 'self'; script-src 'nonce-n'; style-src 'unsafe-inline'")
HIDDEN = "<style>.hidden { display: none !important }</style>"


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as servers:
        yield servers


def guarded(content: str) -> Said:
    said = page(content, HIDDEN)
    return Said(said.status, said.body, (POLICY,))


def picker(base: str) -> str:
    """`core/templates/loginflowv2/authpicker.php` and its script."""
    return f"""<div class="picker-window"><p id="redirect-link">
    <form id="login-form" action="{base}/index.php/login/v2/grant?stateToken=the-state&amp;user=&amp;direct=0" method="get">
    <input type="submit" class="login primary icon-confirm-white" value="Anmelden" disabled></form></p>
    <form action="{base}/index.php/login/v2/apptoken" method="post" id="app-token-login-field" class="hidden">
    <input type="text" name="user"><input type="password" name="password">
    <input type="hidden" name="stateToken" value="the-state"><input type="hidden" name="requesttoken" value="token">
    <input id="submit-app-token-login" type="submit" class="login primary" value="Zugriff gewähren"></form>
    <a id="app-token-login" class="apptoken-link" href="#">Alternative Anmeldung</a></div>
    <script nonce="n">setTimeout(() => {{
        document.getElementById('login-form').addEventListener('submit', (e) => {{
            e.preventDefault(); document.location.href = e.target.attributes.action.value }});
        document.querySelector('#login-form input').removeAttribute('disabled') }}, 300)</script>"""


def grant(base: str) -> str:
    """`core/templates/loginflowv2/grant.php` and its script."""
    return f"""<div class="picker-window small"><p id="redirect-link">
    <form method="POST" action="{base}/index.php/login/v2/grant">
    <input type="hidden" name="requesttoken" value="token"><input type="hidden" name="stateToken" value="the-state">
    <div id="submit-wrapper"><input type="submit" class="login primary" title="" value="Zugriff gewähren"></div>
    </form></p></div>
    <script nonce="n">document.querySelector('form').addEventListener('submit', () => {{
        document.querySelector('#submit-wrapper input').disabled = true }})</script>"""


def drawn(label: str, go: str) -> str:
    """Newer releases: nothing but a script, and the state it reads."""
    state = base64.b64encode(json.dumps("the-state").encode()).decode()
    return f"""<input type="hidden" id="initial-state-core-loginFlowStateToken" value="{state}">
    <div id="content"></div><script nonce="n">setTimeout(() => {{
        document.getElementById('content').innerHTML = `
            <button type="button" class="button-vue button-vue--vue-secondary">Abbrechen</button>
            <button type="button" class="button-vue button-vue--vue-primary">{label}</button>`;
        document.querySelectorAll('button')[1].addEventListener('click', () => {{ {go} }}) }}, 300)</script>"""


def post_grant(base: str) -> str:
    return (
        "const f = document.createElement('form'); f.method = 'post'; "
        f"f.action = '{base}/index.php/login/v2/grant'; "
        "for (const [n, v] of [['stateToken', 'the-state'], ['requesttoken', 'token']]) { "
        "const i = document.createElement('input'); i.name = n; i.value = v; f.append(i) } "
        "document.body.append(f); f.submit()"
    )


Shape = Callable[[str], tuple[str, str]]
SHAPES: dict[str, Shape] = {
    "29": lambda base: (picker(base), grant(base)),
    "drawn by script": lambda base: (
        drawn("Anmelden", f"location.href = '{base}/index.php/login/v2/grant?stateToken=the-state'"),
        drawn("Zugriff gewähren", post_grant(base)),
    ),
}


def serve_flow(world: World, shape: Shape) -> list[Seen]:
    """Nextcloud's login flow (v2); what was granted."""
    base, granted = world.nextcloud.url, []
    first, second = shape(base)

    def show(seen: Seen) -> Said:
        if SESSION not in seen.headers.get("cookie", ""):
            return moved("/login")
        if seen.method == "POST":
            granted.append(seen)
            return page("<p>Gerät verbunden</p>")
        return guarded(second) if seen.query.get("stateToken") == "the-state" else Said(403)

    def login(seen: Seen) -> Said:
        if seen.method == "GET":
            return guarded(login_form())
        assert (seen.form["user"], seen.form["password"]) == ("ann", PASSWORD)
        cookie = f"session={SESSION}; Path=/"
        return moved("/index.php/login/v2/grant?stateToken=the-state", 303, cookie)

    world.nextcloud.on("/index.php/login/v2/flow/token", moved("/index.php/login/v2/flow"))
    world.nextcloud.on("/index.php/login/v2/flow", lambda seen: guarded(first))
    world.nextcloud.on("/index.php/login/v2/grant", show)
    world.nextcloud.on("/login", login)
    return granted


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_access_is_granted_whatever_the_buttons_are_called_and_wherever_they_stand(
    world: World, kind: str, shape: Shape
) -> None:
    granted = serve_flow(world, shape)
    with trio.fail_after(60):
        async with open_driver(kind, world.trust) as driver:
            await driver.grant(ANN, f"{world.nextcloud.url}/index.php/login/v2/flow/token")
    (one,) = granted
    assert (one.form["stateToken"], one.form["requesttoken"]) == ("the-state", "token")


def consent(classes: tuple[str, str], element: str = "button") -> str:
    """`src/Consent.vue` of the OIDC app: *Deny* first, *Allow* second, drawn by a script."""
    deny, allow = classes
    return f"""<div id="oidc-consent" data-client-name="x" data-scopes="openid notes" data-client-id="c-1"></div>
    <script nonce="n">setTimeout(() => {{
        document.getElementById('oidc-consent').innerHTML = `<div id="oidc-consent-container">
            <input type="checkbox" checked><div class="consent-actions">
            <{element} class="{deny}">Ablehnen</{element}><{element} class="{allow}">Erlauben</{element}></div></div>`;
        const go = async (what) => {{
            const answer = await fetch('/index.php/apps/oidc/consent/' + what, {{ method: 'POST',
                headers: {{ 'Content-Type': 'application/x-www-form-urlencoded', requesttoken: 'token' }},
                body: 'scopes=' + encodeURIComponent('openid notes'), redirect: 'manual' }});
            location.href = '/authorize?again=' + what }};
        const [deny, allow] = document.querySelectorAll('.consent-actions > *');
        deny.addEventListener('click', () => go('deny'));
        allow.addEventListener('click', () => go('grant')) }}, 300)</script>"""


CONSENTS = {
    "OIDC 1.14 to 2.0": consent(("button secondary", "button primary")),
    "Nextcloud's own buttons": consent(
        ("button-vue button-vue--vue-secondary", "button-vue button-vue--vue-primary")
    ),
}


def serve_consent(world: World, html: str, *, is_asked: bool = True) -> list[str]:
    """An authorization endpoint that asks for consent; what was answered."""
    answers: list[str] = []
    first: list[Seen] = []

    def authorize(seen: Seen) -> Said:
        if "state" in seen.query:
            first[:] = [seen]
        if SESSION not in seen.headers.get("cookie", ""):
            return moved("/login")
        if is_asked and not answers:
            return moved("/index.php/apps/oidc/consent")
        said = {"error": "access_denied"} if "deny" in answers else {"code": CODE}
        said["state"] = first[0].query["state"]
        return moved(f"{first[0].query['redirect_uri']}?{urlencode(said)}")

    def login(seen: Seen) -> Said:
        if seen.method == "GET":
            return page(login_form())
        return moved("/authorize", 303, f"session={SESSION}; Path=/")

    def answer(what: str) -> Callable[[Seen], Said]:
        def answered(seen: Seen) -> Said:
            answers.append(what)
            return moved("/authorize")

        return answered

    world.nextcloud.on("/authorize", authorize)
    world.nextcloud.on("/login", login)
    world.nextcloud.on("/index.php/apps/oidc/consent", lambda seen: guarded(html))
    for what in ("grant", "deny"):
        world.nextcloud.on(f"/index.php/apps/oidc/consent/{what}", answer(what))
    return answers


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("html", CONSENTS.values(), ids=CONSENTS)
async def test_consent_is_given_though_deny_stands_first_and_labels_are_translated(
    world: World, kind: str, html: str
) -> None:
    answers = serve_consent(world, html)
    assert (await log_in(world, kind)).startswith("Bearer ")
    assert answers == ["grant"]


@pytest.mark.parametrize("kind", DRIVERS)
async def test_a_server_that_does_not_ask_for_consent_again_is_no_hindrance(world: World, kind: str) -> None:
    answers = serve_consent(world, "", is_asked=False)
    assert (await log_in(world, kind)).startswith("Bearer ")
    assert answers == []


def state(**values: object) -> str:
    return "".join(
        f'<input type="hidden" id="initial-state-core-{name}" '
        f'value="{base64.b64encode(json.dumps(value).encode()).decode()}">'
        for name, value in values.items()
    )


def back_with(**values: object) -> Callable[[Seen], Said]:
    def login(seen: Seen) -> Said:
        return (
            moved("/login?user=ann&direct=1")
            if seen.method == "POST"
            else page(state(**values) + login_form())
        )

    return login


def after_login(where: str) -> Callable[[Seen], Said]:
    return lambda seen: moved(where) if seen.method == "POST" else page(login_form())


REFUSALS: dict[str, tuple[Callable[[Seen], Said], str]] = {
    "wrong password": (back_with(loginErrors=["invalidpassword"]), "came back: wrong password$"),
    "disabled": (back_with(loginErrors=["userdisabled"]), "the account is disabled"),
    "throttled": (
        back_with(loginErrors=["invalidpassword"], loginThrottleDelay=25600),
        "wrong password; logins from this address are throttled",
    ),
    "second factor": (after_login("/login/selectchallenge"), "two-factor authentication"),
    "a provider of it": (after_login("/index.php/login/challenge/totp"), "two-factor authentication"),
    "set up a second factor": (after_login("/login/setupchallenge"), "two-factor authentication"),
    "terms of service": (after_login("/apps/dashboard/"), "terms of service"),
    "too many requests": (lambda seen: Said(429, "<p>Zu viele Anfragen</p>"), "brute-force protection"),
    "maintenance": (
        lambda seen: Said(503, "<p>Wartung</p>", (("X-Nextcloud-Maintenance-Mode", "1"),)),
        "maintenance mode",
    ),
    "an error in JSON": (
        lambda seen: Said(
            401, '{"error": "unauthorized_client", "error_description": "not\\u001b[31m known"}'
        ),
        "HTTP 401 \\(unauthorized_client: not.\\[31m known\\)",
    ),
}


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize(("login", "words"), REFUSALS.values(), ids=REFUSALS)
async def test_a_page_that_lets_nobody_in_is_named_for_what_it_is(
    world: World, kind: str, login: Callable[[Seen], Said], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.login.browser_visit.PAGE_S", 3.0)
    world.nextcloud.on("/login", login)
    for path in ("/login/selectchallenge", "/index.php/login/challenge/totp", "/login/setupchallenge"):
        world.nextcloud.on(path, lambda seen: page("<h2>Zweiter Faktor</h2><a href='#'>TOTP</a>"))
    terms = '<script src="/apps/terms_of_service/js/main.js"></script>'
    world.nextcloud.on("/apps/dashboard/", lambda seen: page(terms))
    with pytest.raises((LoginError, BaseExceptionGroup)) as failed:
        await log_in(world, kind)
    error = only(failed.value)
    assert isinstance(error, LoginError)
    assert re.search(words, str(error)), str(error)
    assert str(error).isprintable()
    posts = [seen for seen in world.nextcloud.seen if seen.path == "/login" and seen.method == "POST"]
    assert len(posts) <= 1, "a password that was refused is not shown again"
    if "came back" in str(error) or "two-factor" in str(error):
        assert isinstance(error, LoginRefused)
