"""Keeps a browser within the origins of a login: each request is held against `Trust` before it is sent.

Playwright's own routes see the first address of a redirect only, and a 307 sends a form on to the next;
so Chromium is asked to pause every request (Chrome DevTools Protocol, Fetch domain), redirects included.
Other browsers have routes alone.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, quote_plus

from playwright.async_api import BrowserContext, CDPSession, Page, Route
from playwright.async_api import Error as PlaywrightError

from actors.login.trust import Trust, is_at

INERT = ("data:", "blob:", "about:")
"""Schemes that send nothing anywhere."""


class Guard:
    """Watches one page.

    Attributes:
        refusal: why a request of the page itself was stopped, "" so far.
        landed: the address at the redirect URI to which the page was sent, "" so far; nobody is asked there.
        changed: set whenever one of them is.
    """

    def __init__(self, trust: Trust, redirect_uri: str | None, password: str) -> None:
        self.refusal = ""
        self.landed = ""
        self.changed = asyncio.Event()
        self._trust = trust
        self._redirect_uri = redirect_uri
        self._password = (password, quote(password, safe=""), quote_plus(password))
        self._main_frame = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def watch(self, page: Page, *, has_devtools: bool) -> None:
        """Begin, before the page goes anywhere."""
        if not has_devtools:
            await page.route("**/*", self._judge_route)
            return
        session = await page.context.new_cdp_session(page)

        def pause(event: dict[str, Any]) -> None:
            task = asyncio.ensure_future(self._judge_paused(session, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        tree = await session.send("Page.getFrameTree")
        self._main_frame = tree["frameTree"]["frame"]["id"]
        session.on("Fetch.requestPaused", pause)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": "Request"}]})

    async def _judge_paused(self, session: CDPSession, event: dict[str, Any]) -> None:
        request = event["request"]
        url = request["url"] + request.get("urlFragment", "")
        is_page = event.get("resourceType") == "Document" and event.get("frameId") == self._main_frame
        method, paused = "Fetch.continueRequest", {"requestId": event["requestId"]}
        if not self.lets_pass(url, str(request.get("postData", "")), is_page=is_page):
            method, paused = "Fetch.failRequest", {**paused, "errorReason": "BlockedByClient"}
        try:
            await session.send(method, paused)
        except PlaywrightError:
            # The page has gone on, or is closed: then the request is gone as well.
            return

    async def _judge_route(self, route: Route) -> None:
        request = route.request
        body = request.post_data_buffer or b""
        is_page = request.is_navigation_request() and request.frame.parent_frame is None
        passes = self.lets_pass(request.url, body.decode("utf-8", "replace"), is_page=is_page)
        try:
            await (route.continue_() if passes else route.abort("blockedbyclient"))
        except PlaywrightError:
            return

    def lets_pass(self, url: str, body: str, *, is_page: bool) -> bool:
        """Whether this request may be sent."""
        if self._redirect_uri is not None and is_at(url, self._redirect_uri):
            if is_page:
                self.landed = url
                self.changed.set()
            return False
        if url.startswith(INERT):
            return True
        why = self._trust.why_no_visit(url)
        if not why and any(secret and (secret in body or secret in url) for secret in self._password):
            why = self._trust.why_no_password(url)
        if why and is_page:
            self.refusal = self.refusal or why
            self.changed.set()
        return not why


async def close_others(context: BrowserContext, page: Page) -> None:
    """Windows that a page opens are closed: nobody looks at them, and nothing guards them."""

    def close(other: Page) -> None:
        if other is not page:
            task = asyncio.ensure_future(other.close())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    context.on("page", close)
