"""Logging in with a real browser: one browser, and a context of its own for each login."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import trio
from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Page, Playwright, Request, Response, async_playwright
from playwright.async_api import Error as PlaywrightError

from actors.errors import LoginError, SetupError
from actors.login.browsers import Browser, find_browser
from actors.login.driver import LOGIN_S, MOST_PAGES, Driver, is_grant, without_query
from actors.login.portal import Portal, open_portal
from actors.ports import Person

__all__ = ["Browser", "find_browser", "open_browser_driver"]

QUIET_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-gpu",
)
"""Keep Chromium off the network, but for the pages that it is asked to open."""

PAGE_S = 20.0
"""How long one page may take to come, or to react to its button."""

PASSWORD_FIELD = "input[name=password]"  # noqa: S105 (a selector)
PICK_BUTTON = "a[href*='/login/v2/grant'], form[action*='/login/v2/grant'][method='get' i] button"
"""Log in, on the first page of a login flow."""
CONSENT_BUTTON = "#oidc-consent button, button:text-matches('^(allow|authorize|grant access)', 'i')"


@asynccontextmanager
async def open_browser_driver(
    browser: Browser,
    *,
    headed: bool,
    concurrency: int,
    screenshots: Path | None,
    insecure: bool = False,
) -> AsyncIterator[Driver]:
    """A driver whose browser lives as long as the block. Raises SetupError when it cannot be started.

    Args:
        concurrency: how many logins at a time; a page costs a second of CPU.
        screenshots: a folder for a picture of the page on which a login failed; None for none.
        insecure: do not check certificates.
    """
    async with open_portal() as portal:
        try:
            playwright = await portal.call(lambda: async_playwright().start())
            try:
                running = await portal.call(lambda: launch(playwright, browser, headed))
                try:
                    yield BrowserDriver(portal, running, concurrency, screenshots, insecure)
                finally:
                    with trio.CancelScope(shield=True):
                        await portal.call(running.close)
            finally:
                with trio.CancelScope(shield=True):
                    await portal.call(playwright.stop)
        except PlaywrightError as error:
            reason = str(error).strip().partition("\n")[0]
            raise SetupError(f"the browser {browser.kind} cannot be started: {reason}") from error


async def launch(playwright: Playwright, browser: Browser, headed: bool) -> PlaywrightBrowser:
    """Start it; signals are for the run, which closes the browser itself."""
    arguments = list(QUIET_FLAGS) if browser.kind == "chromium" else []
    if browser.kind == "chromium" and hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    kind = getattr(playwright, browser.kind)
    launched: PlaywrightBrowser = await kind.launch(
        headless=not headed,
        executable_path=browser.executable,
        args=arguments,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )
    return launched


class BrowserDriver:
    """See `actors.login.driver.Driver`."""

    def __init__(
        self,
        portal: Portal,
        browser: PlaywrightBrowser,
        concurrency: int,
        screenshots: Path | None,
        insecure: bool,
    ) -> None:
        self._portal = portal
        self._browser = browser
        self._limit = trio.CapacityLimiter(concurrency)
        self._screenshots = screenshots
        self._insecure = insecure

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        async with self._limit:
            return await self._portal.call(lambda: self._visit(person, url, redirect_uri))

    async def grant(self, person: Person, url: str) -> None:
        async with self._limit:
            await self._portal.call(lambda: self._visit(person, url, None))

    async def _visit(self, person: Person, url: str, redirect_uri: str | None) -> str:
        """In the asyncio thread: one context from its opening to its end."""
        context = await self._browser.new_context(ignore_https_errors=self._insecure)
        try:
            visit = _Visit(await context.new_page(), person, redirect_uri)
            try:
                return await asyncio.wait_for(visit.go(url), LOGIN_S)
            except (LoginError, PlaywrightError, TimeoutError) as error:
                await self._take_picture(context, person)  # noqa: ASYNC120 (trio's side waits for this task)
                if isinstance(error, LoginError):
                    raise
                reason = str(error).strip().partition("\n")[0] or "it took too long"
                raise LoginError(person.uid, without_query(visit.page.url), reason) from None
        finally:
            with anyio.CancelScope(shield=True):
                await context.close()

    async def _take_picture(self, context: BrowserContext, person: Person) -> None:
        if self._screenshots is None or not context.pages:
            return
        # A picture is a help; a page that cannot be painted must not hide why the login failed.
        with suppress(PlaywrightError):
            await context.pages[0].screenshot(path=self._screenshots / f"{person.uid}-login.png")


class _Visit:
    """One person's way from the address that he is given to the redirect URI, or to a granted access."""

    def __init__(self, page: Page, person: Person, redirect_uri: str | None) -> None:
        self.page = page
        self._person = person
        self._redirect_uri = redirect_uri
        self._landed = ""
        self._moved = asyncio.Event()
        self._logins = 0
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("framenavigated", lambda frame: self._moved.set())

    async def go(self, url: str) -> str:
        await self._open(url)
        for _ in range(MOST_PAGES):
            if self._landed:
                return self._landed
            await self._act()
        raise self._error(f"the login went on for {MOST_PAGES} pages without an end")

    async def _open(self, url: str) -> None:
        try:
            await self.page.goto(url, wait_until="domcontentloaded", timeout=PAGE_S * 1000)
        except PlaywrightError:
            # Nobody listens at the redirect URI; being sent there is all that is wanted.
            if not self._landed:
                raise

    async def _act(self) -> None:
        """Wait for a page that wants something, and give it that."""
        found = self.page.locator(f"{PASSWORD_FIELD}, {CONSENT_BUTTON}, {PICK_BUTTON}").first
        waiting = asyncio.ensure_future(found.wait_for(state="visible", timeout=PAGE_S * 1000))
        moving = asyncio.ensure_future(self._wait_landed())
        try:
            await asyncio.wait({waiting, moving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, moving):
                task.cancel()
            await asyncio.gather(waiting, moving, return_exceptions=True)  # noqa: ASYNC102 (both are ending)
        if self._landed:
            return
        if waiting.cancelled() or waiting.exception() is not None:
            raise self._error("an unknown page, neither login nor consent")
        self._moved.clear()
        if await self.page.locator(PASSWORD_FIELD).count():
            await self._log_in()
        elif await self.page.locator(CONSENT_BUTTON).count():
            await self.page.locator(CONSENT_BUTTON).first.click(timeout=PAGE_S * 1000)
        else:
            await self.page.locator(PICK_BUTTON).first.click(timeout=PAGE_S * 1000)
        await asyncio.wait_for(self._moved.wait(), PAGE_S)

    async def _log_in(self) -> None:
        self._logins += 1
        if self._logins > 1:
            raise self._error("the login page came back: wrong password, or a login that loops")
        await self.page.fill("input[name=user]", self._person.uid)
        await self.page.fill(PASSWORD_FIELD, self._person.password.reveal())
        await self.page.locator("button[type=submit]").first.click(timeout=PAGE_S * 1000)

    async def _wait_landed(self) -> None:
        while not self._landed:
            self._moved.clear()
            await self._moved.wait()

    def _note_request(self, request: Request) -> None:
        if self._redirect_uri is not None and request.url.startswith(self._redirect_uri):
            self._landed = request.url
            self._moved.set()

    def _note_response(self, response: Response) -> None:
        if self._redirect_uri is None and is_grant(response.request.method, response.url, response.status):
            self._landed = response.url
            self._moved.set()

    def _error(self, reason: str) -> LoginError:
        return LoginError(self._person.uid, without_query(self.page.url), reason)
