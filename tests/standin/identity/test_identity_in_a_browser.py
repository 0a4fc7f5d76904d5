"""The pages in a real Chromium: JavaScript runs, and cookies follow the browser's own rules."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Error, Page, Route, sync_playwright
from starlette.applications import Starlette

from sim.standin.identity import Identity, IdentityOptions

pytestmark = pytest.mark.browser

CALLBACK = "http://127.0.0.1:9/callback"
PATIENCE_MS = 20_000


class OneUser:
    def authenticate(self, login: str, password: str) -> str | None:
        return login if (login, password) == ("alice", "wonderland") else None

    def resolve(self, login: str) -> str | None:
        return login if login == "alice" else None

    def exists(self, uid: str) -> bool:
        return uid == "alice"

    def display_name(self, uid: str) -> str:
        return "Alice"


@contextmanager
def serving(identity: Identity) -> Iterator[str]:
    """The server on a free port, until the test is over."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = Starlette(routes=identity.routes())
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def chromium_page() -> Iterator[Page]:
    """Playwright's own Chromium, or the installed one."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path).exists()
        installed = shutil.which("chromium") or shutil.which("google-chrome")
        if not own and not installed:
            pytest.skip("no Chromium: `playwright install chromium` gets one")
        try:
            browser = playwright.chromium.launch(
                executable_path=None if own else installed, args=["--no-sandbox"]
            )
        except Error as reason:
            pytest.fail(f"Chromium does not start: {reason}")
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def log_in(page: Page, password: str) -> None:
    page.fill("input[name=user]", "alice")
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")


def authorize_url(server: str) -> str:
    """Of a client that has just registered."""
    client = httpx.post(
        f"{server}/apps/oidc/register", json={"redirect_uris": [CALLBACK], "client_name": "A client"}
    ).json()
    query = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "s",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    return str(httpx.URL(f"{server}/index.php/apps/oidc/authorize", params=query))


def answers_of(page: Page) -> list[str]:
    """What the client is told, as it comes."""
    answers: list[str] = []

    def thank(route: Route) -> None:
        answers.append(route.request.url)
        route.fulfill(body="Thanks")

    page.route(f"{CALLBACK}*", thank)
    return answers


@pytest.mark.parametrize(("scripted", "language"), [(True, "ja"), (True, "auto"), (False, "fr")])
def test_a_person_with_chromium_logs_in_and_allows_in_any_language(scripted, language):
    options = IdentityOptions(scripted_pages=scripted, language=language, script_delay_s=0.05)
    identity = Identity(OneUser(), time.time, options)
    with serving(identity) as server, chromium_page() as page:
        answers = answers_of(page)
        page.goto(authorize_url(server))
        log_in(page, "wrong")
        page.locator("[role=alert]").wait_for()
        log_in(page, "wonderland")
        buttons = page.locator("#oidc-consent button")
        buttons.first.wait_for()
        assert [one.get_attribute("class") for one in buttons.all()] == ["button secondary", "button primary"]
        assert ("Allow" in page.content()) == (language == "auto"), "only a browser's own wish brings English"
        page.locator("#oidc-consent button.primary").click()
        page.get_by_text("Thanks").wait_for()
    (answer,) = answers
    assert "code=" in answer and "state=s" in answer
    assert identity.counts()["codes"] == 1


def test_the_first_button_of_the_consent_page_denies():
    identity = Identity(OneUser(), time.time, IdentityOptions())
    with serving(identity) as server, chromium_page() as page:
        answers = answers_of(page)
        page.goto(authorize_url(server))
        log_in(page, "wonderland")
        page.locator("#oidc-consent button").first.click()
        page.get_by_text("Thanks").wait_for()
    assert "error=access_denied" in answers[0]


def test_a_person_with_chromium_grants_an_app_password_past_a_form_that_is_hidden():
    identity = Identity(OneUser(), time.time, IdentityOptions(script_delay_s=0.3))
    with serving(identity) as server, chromium_page() as page:
        page.clock.install(time=0)
        page.clock.pause_at(1)
        flow = httpx.post(f"{server}/index.php/login/v2").json()
        page.goto(flow["login"])
        assert page.locator("button").count() == 0
        assert page.locator("input[type=submit]").count() == 2
        assert page.locator("#login-form input[type=submit]").is_disabled(), "until the script has run"
        page.clock.run_for(300)
        assert not page.locator("input[name=password]").is_visible()
        page.locator("#login-form input[type=submit]").click()
        page.clock.resume()
        log_in(page, "wonderland")
        page.wait_for_url("**/login/v2/grant?**")
        assert page.locator("button").count() == 0
        page.locator("form[method=POST] input[type=submit]").click()
        page.get_by_text("Konto verbunden").wait_for()
        got = httpx.post(flow["poll"]["endpoint"], data={"token": flow["poll"]["token"]}).json()
    assert identity.verify_basic("alice", got["appPassword"])
