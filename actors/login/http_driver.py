"""Logging in without a browser: the same pages, fetched and submitted by a program."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit

import httpx
import trio

from actors.errors import LoginError
from actors.failures import reason_of
from actors.login.driver import LOGIN_S, MOST_PAGES, is_grant, without_query
from actors.login.pages import Page, Submission
from actors.ports import Person

End = Callable[[Submission, httpx.Response], str | None]
"""The address at which a visit is over, None where it goes on."""


class HttpDriver:
    """Submits the forms with httpx; cookies of its own for each login.

    Args:
        tls: one context for all logins.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        """See `actors.login.driver.Driver`."""

        def landed(step: Submission, response: httpx.Response) -> str | None:
            location = response.headers.get("location", "")
            target: str = urljoin(step.url, location)
            return target if location and target.startswith(redirect_uri) else None

        return await self._visit(person, url, landed)

    async def grant(self, person: Person, url: str) -> None:
        """See `actors.login.driver.Driver`."""

        def granted(step: Submission, response: httpx.Response) -> str | None:
            method = "GET" if step.fields is None else "POST"
            return step.url if is_grant(method, step.url, response.status_code) else None

        await self._visit(person, url, granted)

    async def _visit(self, person: Person, url: str, end: End) -> str:
        async with visit(self._tls, person, url, end) as (_, landed):
            return landed


@asynccontextmanager
async def visit(
    tls: ssl.SSLContext, person: Person, url: str, end: End
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Go from `url` to where `end` says, logging in on the way: the client with its cookies, and the address.

    Raises LoginError.
    """
    headers = {"Accept": "text/html,application/xhtml+xml"}
    async with httpx.AsyncClient(verify=tls, timeout=30, headers=headers, trust_env=False) as http:
        way = _Visit(http, person, url, end)
        try:
            with trio.fail_after(LOGIN_S):
                landed = await way.go()
            yield http, landed
        except trio.TooSlowError:
            raise LoginError(person.uid, without_query(way.at), f"not done after {LOGIN_S:g} s") from None
        except httpx.TransportError as error:
            reason = f"no answer: {reason_of(error)}"
            raise LoginError(person.uid, without_query(way.at), reason) from error


class _Visit:
    """One person's way from the address that he is given to where it ends."""

    def __init__(self, http: httpx.AsyncClient, person: Person, url: str, end: End) -> None:
        self._http = http
        self._person = person
        self._start = url
        self._end = end
        self._logins = 0
        self.at = url

    async def go(self) -> str:
        step = Submission(self._start)
        for _ in range(MOST_PAGES):
            self.at = step.url
            response = await self._send(step)
            if (landed := self._end(step, response)) is not None:
                return landed
            location = response.headers.get("location")
            if response.is_redirect and location:
                step = Submission(urljoin(step.url, location))
            elif response.status_code >= 400:
                raise self._error(f"HTTP {response.status_code}")
            else:
                step = self._answer(Page(step.url, response.text))
        raise self._error(f"the login went on for {MOST_PAGES} pages without an end")

    def _answer(self, page: Page) -> Submission:
        if page.is_redirect:
            return Submission(self._start)
        if page.is_consent:
            return page.consent()
        if page.is_flow_picker:
            return page.pick()
        if page.is_flow_grant:
            return page.grant()
        if page.is_login:
            self._logins += 1
            if self._logins > 1:
                raise self._error("the login page came back: wrong password, or a login that loops")
            return page.log_in(self._person)
        raise self._error("an unknown page, neither login nor consent")

    async def _send(self, step: Submission) -> httpx.Response:
        if step.fields is None:
            return await self._http.get(step.url)
        # Nextcloud refuses a login form that does not say where it comes from.
        parts = urlsplit(step.url)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": without_query(step.url)}
        return await self._http.post(step.url, data=step.fields, headers=headers)

    def _error(self, reason: str) -> LoginError:
        return LoginError(self._person.uid, without_query(self.at), reason)
