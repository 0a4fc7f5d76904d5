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
from playwright.sync_api import Error, Page, sync_playwright
from starlette.applications import Starlette

from sim.standin.identity import Identity, IdentityOptions

pytestmark = pytest.mark.browser

CALLBACK = "http://127.0.0.1:9/callback"
PATIENCE_MS = 20_000


class OneUser:
    def check_password(self, uid: str, password: str) -> bool:
        return (uid, password) == ("alice", "wonderland")

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


@pytest.mark.parametrize("scripted", [False, True])
def test_a_person_with_chromium_logs_in_and_allows(scripted):
    identity = Identity(OneUser(), time.time, IdentityOptions(scripted_pages=scripted))
    with serving(identity) as server, chromium_page() as page:
        client = httpx.post(
            f"{server}/apps/oidc/register", json={"redirect_uris": [CALLBACK], "client_name": "A client"}
        ).json()
        answers: list[str] = []
        page.route(
            f"{CALLBACK}*", lambda route: (answers.append(route.request.url), route.fulfill(body="Thanks"))
        )
        query = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "s",
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }
        page.goto(str(httpx.URL(f"{server}/index.php/apps/oidc/authorize", params=query)))
        log_in(page, "wrong")
        page.get_by_text("Wrong login or password.").wait_for()
        log_in(page, "wonderland")
        page.get_by_role("button", name="Allow").click()
        page.get_by_text("Thanks").wait_for()
    (answer,) = answers
    assert "code=" in answer and "state=s" in answer
    assert identity.counts()["codes"] == 1


def test_a_person_with_chromium_grants_an_app_password():
    identity = Identity(OneUser(), time.time)
    with serving(identity) as server, chromium_page() as page:
        flow = httpx.post(f"{server}/index.php/login/v2").json()
        page.goto(flow["login"])
        page.get_by_role("button", name="Log in").click()
        log_in(page, "wonderland")
        page.get_by_role("button", name="Grant access").click()
        page.get_by_text("Account connected").wait_for()
        got = httpx.post(flow["poll"]["endpoint"], data={"token": flow["poll"]["token"]}).json()
    assert identity.verify_basic("alice", got["appPassword"])
