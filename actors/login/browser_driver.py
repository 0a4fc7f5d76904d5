"""Logging in with a real browser: one browser, and a context of its own for each login."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import trio
from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from actors.errors import LoginError, SetupError
from actors.login.browser_visit import Visit
from actors.login.browsers import Browser, find_browser
from actors.login.driver import LOGIN_S, Driver, LoginRefused, without_query
from actors.login.guard import Guard, close_others
from actors.login.portal import Portal, open_portal
from actors.login.trust import Trust
from actors.login.under_way import UnderWay
from actors.ports import Person
from actors.text import harmless

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

CLOSING_S = 15.0
"""How long a browser may take to close. (A portal's call takes 10 s more to be cancelled.)"""

CONTEXT_CLOSING_S = 5.0
"""How long a context may take to close. One whose page has requests under way may never say that it has."""

VISIT_S = LOGIN_S + 60.0
"""How long a login may take with all that is around it: its context opened and closed, a picture taken."""

OURS = re.compile(r"NEXTCLOUD_|SIMULATE_|.*(?:PASSWORD|SECRET|TOKEN|_KEY$)", re.IGNORECASE)
"""Variables that are for us, or may hold secrets."""


@asynccontextmanager
async def open_browser_driver(
    browser: Browser,
    trust: Trust,
    *,
    headed: bool,
    concurrency: int,
    screenshots: Path | None,
    insecure: bool = False,
) -> AsyncIterator[Driver]:
    """A driver whose browser lives as long as the block. Raises SetupError when it cannot be started.

    Args:
        trust: where a login may lead, and where passwords are typed.
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
                    yield BrowserDriver(portal, running, trust, concurrency, screenshots, insecure)
                finally:
                    await end(portal, running.close)  # noqa: ASYNC102 (shielded there)
            finally:
                await end(portal, playwright.stop)  # noqa: ASYNC102 (shielded there)
        except PlaywrightError as error:
            raise SetupError(f"the browser {browser.kind} cannot be started: {said(error)}") from error


async def end(portal: Portal, close: Callable[[], Awaitable[None]]) -> None:
    """Close a browser, or what drives it, in bounded time: one that hangs, or has gone, holds nothing up."""
    with trio.move_on_after(CLOSING_S, shield=True), suppress(PlaywrightError):
        await portal.call(close)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str | float | bool]:
    """What a browser gets of our environment: it shows pages of strangers, and needs no password."""
    return {name: value for name, value in environment.items() if not OURS.match(name)}


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
        env=without_secrets(os.environ),
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )
    return launched


async def close(context: BrowserContext) -> None:
    """Close it, or leave it to the browser's own end: what the login came to is not lost with it."""
    with suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(context.close(), CONTEXT_CLOSING_S)


class BrowserDriver:
    """See `actors.login.driver.Driver`."""

    def __init__(
        self,
        portal: Portal,
        browser: PlaywrightBrowser,
        trust: Trust,
        concurrency: int,
        screenshots: Path | None,
        insecure: bool,
    ) -> None:
        self._portal = portal
        self._browser = browser
        self._trust = trust
        self._limit = trio.CapacityLimiter(concurrency)
        self._screenshots = screenshots
        self._insecure = insecure

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        async with self._limit:
            return await self._bounded(person, url, redirect_uri)

    async def grant(self, person: Person, url: str) -> None:
        if why := self._trust.why_no_password(url):
            raise LoginRefused(person.uid, without_query(url), why)
        async with self._limit:
            await self._bounded(person, url, None)

    async def _bounded(self, person: Person, url: str, redirect_uri: str | None) -> str:
        """One visit; not even a browser that has stopped answering holds the set-up up."""
        with trio.move_on_after(VISIT_S):
            return await self._portal.call(lambda: self._visit(person, url, redirect_uri))
        raise LoginError(person.uid, without_query(url), f"the browser gave no answer within {VISIT_S:g} s")

    async def _visit(self, person: Person, url: str, redirect_uri: str | None) -> str:
        """In the asyncio thread: one context from its opening to its end. Raises LoginError."""
        try:
            context = await self._open_context()
        except PlaywrightError as error:
            raise self._gone(person, url, error) from None
        under_way: UnderWay | None = None
        try:
            try:
                page = await context.new_page()
                under_way = UnderWay(page)
                await close_others(context, page)
                guard = Guard(self._trust, redirect_uri, person.password.reveal())
                await guard.watch(page, has_devtools=self._browser.browser_type.name == "chromium")
            except PlaywrightError as error:
                raise self._gone(person, url, error) from None
            visit = Visit(page, guard, self._trust, person, redirect_uri)
            try:
                return await asyncio.wait_for(visit.go(url), LOGIN_S)
            except (LoginError, PlaywrightError, TimeoutError) as error:
                await self._take_picture(context, person)  # noqa: ASYNC120 (trio's side waits for this task)
                if isinstance(error, LoginError):
                    raise
                raise visit.explain(error) from None
        finally:
            with anyio.CancelScope(shield=True):
                if under_way is not None:
                    # A server finishes what it began, also after its user was removed.
                    await under_way.settle()
                await close(context)

    async def _open_context(self) -> BrowserContext:
        """Broken off, its opening goes on: it is awaited for a while then, and closed.

        Raises PlaywrightError.
        """
        opening = asyncio.ensure_future(
            self._browser.new_context(
                ignore_https_errors=self._insecure, service_workers="block", accept_downloads=False
            )
        )
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True), suppress(PlaywrightError, TimeoutError):
                await close(await asyncio.wait_for(opening, CONTEXT_CLOSING_S))
            raise

    def _gone(self, person: Person, url: str, error: PlaywrightError) -> LoginError:
        """A browser that opens no page any more: it was ended, or has crashed."""
        return LoginError(person.uid, without_query(url), f"the browser opens no page: {said(error)}")

    async def _take_picture(self, context: BrowserContext, person: Person) -> None:
        if self._screenshots is None or not context.pages:
            return
        # A picture is a help; a page that cannot be painted must not hide why the login failed.
        name = re.sub(r"[^\w.@+-]", "_", person.uid)
        with suppress(PlaywrightError, OSError):
            await context.pages[0].screenshot(path=self._screenshots / f"{name}-login.png")


def said(error: PlaywrightError) -> str:
    """Its first line, harmless."""
    return harmless(str(error).strip().partition("\n")[0])
