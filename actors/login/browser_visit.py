"""One person's way through the pages of a login, in a browser."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import ElementHandle, Frame, Locator, Page, Response
from playwright.async_api import Error as PlaywrightError

from actors.errors import LoginError
from actors.login.browser_pages import (
    CONSENT,
    FLOW_PATHS,
    FORM,
    GRANT,
    PASSWORD,
    PICK,
    PRIMARY,
    STATE,
    SUBMIT,
    LoginForm,
    read_form,
)
from actors.login.driver import MAX_PAGES, NO_GRANT, LoginRefused, is_grant, without_query
from actors.login.fetch import Reply
from actors.login.guard import Guard
from actors.login.http_driver import why_refused
from actors.login.pages import TERMS_REFUSAL, refusal_of, why_back
from actors.login.trust import Trust, is_in_the_clear
from actors.ports import Person
from actors.text import harmless

PAGE_S = 20.0
"""How long one page may take to come, or to react to its button."""


class Visit:
    """One person's way from the address that they are given to the redirect URI, or to a granted access."""

    def __init__(
        self, page: Page, guard: Guard, trust: Trust, person: Person, redirect_uri: str | None
    ) -> None:
        self._page = page
        self._guard = guard
        self._trust = trust
        self._person = person
        self._redirect_uri = redirect_uri
        self._granted = ""
        self._response: Response | None = None
        self._logins = 0
        self._was_encrypted = False
        page.on("response", self._note_response)
        page.on("framenavigated", self._note_navigation)

    async def go(self, url: str) -> str:
        """Where it ended. Raises LoginError, or Playwright's errors (see `explain`)."""
        await self._open(url)
        for _ in range(MAX_PAGES):
            if self._is_over:
                return self._end()
            await self._act()
        raise self._error(f"the login went on for {MAX_PAGES} pages without an end")

    def explain(self, error: Exception) -> LoginError:
        """What an error of the browser means for the login."""
        if self._guard.refusal:
            return self._refused(self._guard.refusal)
        reason = str(error).strip().partition("\n")[0] or "it took too long"
        return self._error(harmless(reason.replace(self._page.url, without_query(self._page.url))))

    @property
    def _is_over(self) -> bool:
        return bool(self._guard.landed or self._granted or self._guard.refusal)

    def _end(self) -> str:
        if self._guard.refusal:
            raise self._refused(self._guard.refusal)
        return self._guard.landed or self._granted

    async def _open(self, url: str) -> None:
        try:
            await self._page.goto(url, wait_until="domcontentloaded", timeout=PAGE_S * 1000)
        except PlaywrightError:
            # The way to the redirect URI is cut there; being sent to it is all that is wanted.
            if not self._is_over:
                raise

    async def _act(self) -> None:
        """Wait for a page that wants something, and give it that."""
        await self._check_page()
        wanted = self._page.locator(", ".join((PASSWORD, *self._buttons()))).first
        await self._wait_for(wanted)
        if self._is_over:
            return
        await self._check_page()
        self._guard.changed.clear()
        if field := await self._first(PASSWORD):
            await self._log_in(field)
        else:
            for selector in self._buttons():
                if button := await self._first(selector):
                    await button.click(timeout=PAGE_S * 1000, no_wait_after=True)
                    break
        if not self._is_over:
            await asyncio.wait_for(self._guard.changed.wait(), PAGE_S)

    def _buttons(self) -> tuple[str, ...]:
        """What is pressed on the page that is there; nothing gives a program an app password but a grant."""
        if self._redirect_uri is not None:
            return (CONSENT,)
        scripted = (PRIMARY,) if self._is_flow_page else ()
        return (CONSENT, GRANT, PICK, *scripted)

    @property
    def _is_flow_page(self) -> bool:
        return urlsplit(self._page.url).path.endswith(FLOW_PATHS)

    async def _first(self, selector: str) -> ElementHandle | None:
        found = self._page.locator(selector)
        return await found.first.element_handle(timeout=1000) if await found.count() else None

    async def _wait_for(self, wanted: Locator) -> None:
        waiting = asyncio.ensure_future(wanted.wait_for(state="visible", timeout=PAGE_S * 1000))
        moving = asyncio.ensure_future(self._wait_until_over())
        try:
            await asyncio.wait({waiting, moving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, moving):
                task.cancel()
            await asyncio.gather(waiting, moving, return_exceptions=True)  # noqa: ASYNC102 (both are ending)
        failed = waiting.cancelled() or waiting.exception() is not None
        if failed and not self._is_over:
            await self._check_page()
            if (await self._state()).get("terms"):
                raise self._refused(TERMS_REFUSAL)
            raise self._error("an unknown page, neither login nor consent")

    async def _wait_until_over(self) -> None:
        while not self._is_over and not self._is_hopeless:
            self._guard.changed.clear()
            await self._guard.changed.wait()

    @property
    def _is_hopeless(self) -> bool:
        failed = self._response is not None and self._response.status >= 400
        leads_astray = self._is_flow_page and self._redirect_uri is not None
        return failed or leads_astray or bool(refusal_of(urlsplit(self._page.url).path))

    async def _check_page(self) -> None:
        """Raises LoginError where the page that is there is none that a login gets past."""
        self._was_encrypted = self._was_encrypted or self._page.url.startswith("https:")
        if why := refusal_of(urlsplit(self._page.url).path):
            raise self._refused(why)
        if self._is_flow_page and self._redirect_uri is not None:
            raise self._refused(NO_GRANT)
        response = self._response
        if response is not None and response.status >= 400 and not self._is_over:
            raise self._error(await reason_of(response))

    async def _log_in(self, field: ElementHandle) -> None:
        """Type into the document that was looked at: a handle is of no use in any other."""
        self._logins += 1
        if self._logins > 1:
            raise self._refused(f"the login page came back: {await self._why_back()}")
        if why := await self._why_not_typed(field):
            raise self._refused(why)
        form = await field.evaluate_handle("field => field.closest('form')")
        element = form.as_element()
        user = await element.query_selector("input[name=user]") if element else None
        if element is None or user is None:
            raise self._error("a login page without a field for the user's name")
        await user.fill(self._person.login, timeout=PAGE_S * 1000)
        await field.fill(self._person.password.reveal(), timeout=PAGE_S * 1000)
        if why := await self._why_not_typed(field):
            raise self._refused(why)
        button = await element.query_selector(SUBMIT)
        if button is not None:
            await button.click(timeout=PAGE_S * 1000, no_wait_after=True)
        else:
            await field.press("Enter", timeout=PAGE_S * 1000, no_wait_after=True)

    async def _why_not_typed(self, field: ElementHandle) -> str:
        """Why the password is not typed into this field, "" where it is."""
        frame = await field.owner_frame()
        if frame is None or frame != self._page.main_frame:
            return "a login page within another page"
        form = read_form(await field.evaluate(FORM))
        return why_not_typed(form, frame.url, self._trust, was_encrypted=self._was_encrypted)

    async def _why_back(self) -> str:
        state = await self._state()
        errors = state.get("errors")
        return why_back(errors if isinstance(errors, list) else [], state.get("delay"))

    async def _state(self) -> dict[str, Any]:
        state = await self._page.evaluate(STATE)
        return state if isinstance(state, dict) else {}

    def _note_response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and response.frame == self._page.main_frame:
            self._response = response
        if (
            self._redirect_uri is None
            and is_grant(request.method, response.url, response.status)
            and self._trust.takes_passwords(response.url)
        ):
            self._granted = response.url
            self._guard.changed.set()

    def _note_navigation(self, frame: Frame) -> None:
        if frame == self._page.main_frame:
            self._guard.changed.set()

    def _error(self, reason: str) -> LoginError:
        return LoginError(self._person.uid, without_query(self._page.url), reason)

    def _refused(self, reason: str) -> LoginRefused:
        return LoginRefused(self._person.uid, without_query(self._page.url), reason)


def why_not_typed(form: LoginForm | None, url: str, trust: Trust, *, was_encrypted: bool) -> str:
    """Why no password goes into this form of the page at `url`, "" where it may."""
    if form is None:
        return "a field for a password that is in no form"
    if why := trust.why_no_password(url) or trust.why_no_password(form.origin):
        return why
    if was_encrypted and is_in_the_clear(url):
        return "the way here was encrypted, and the login page is not"
    for action in form.actions:
        if why := trust.why_no_password(action):
            return why
    if form.method != "post" or form.target not in ("", "_self"):
        return "the login form would put the password into an address, or another window"
    return ""


async def reason_of(response: Response) -> str:
    """What an error page is, in the words of whoever has to do something about it."""
    try:
        body = await asyncio.wait_for(response.body(), 5)
        headers = await response.all_headers()
    except (PlaywrightError, TimeoutError):
        body, headers = b"", {}
    # Said to be UTF-8, else httpx refuses what is beyond ASCII.
    return why_refused(Reply(response.url, response.status, httpx.Headers(headers, encoding="utf-8"), body))
