"""Logging in without a browser: the same pages, fetched and submitted by a program."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import httpx
import trio

from actors.cookies import Cookies
from actors.errors import LoginError
from actors.login.driver import LOGIN_S, MAX_PAGES, NO_GRANT, LoginRefused, is_grant, without_query
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.greeting import joined
from actors.login.pages import LoginPage, Submission
from actors.login.trust import Trust, is_at, is_in_the_clear, origin_of
from actors.ports import Person
from actors.shelter import Shelter

End = Callable[[Submission, Reply], str | None]
"""The address at which a visit is over, None where it goes on."""


class HttpDriver:
    """Submits the forms with httpx; cookies of its own for each login.

    Args:
        tls: one context for all logins.
        trust: where a login may lead, and where passwords are typed.
        shelter: the run's; what was sent comes to its answer under it, for a login that goes on at the
            server after its user was removed leaves a session there that nobody can end.
    """

    def __init__(self, tls: ssl.SSLContext, trust: Trust, shelter: Shelter | None = None) -> None:
        self._tls = tls
        self._trust = trust
        self._shelter = shelter

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        """See `actors.login.driver.Driver`."""

        def landed(step: Submission, reply: Reply) -> str | None:
            target = joined(step.url, reply.location) if reply.location else ""
            return target if target and is_at(target, redirect_uri) else None

        return await self._visit(person, url, landed, may_grant=False)

    async def grant(self, person: Person, url: str) -> None:
        """See `actors.login.driver.Driver`."""

        def granted(step: Submission, reply: Reply) -> str | None:
            method = "GET" if step.fields is None else "POST"
            is_there = self._trust.takes_passwords(step.url)
            return step.url if is_there and is_grant(method, step.url, reply.status) else None

        if why := self._trust.why_no_password(url):
            raise LoginRefused(person.uid, without_query(url), why)
        await self._visit(person, url, granted, may_grant=True)

    async def _visit(self, person: Person, url: str, end: End, *, may_grant: bool) -> str:
        way = visit(self._tls, self._trust, person, url, end, may_grant=may_grant, shelter=self._shelter)
        async with way as (_, landed):
            return landed.url


@asynccontextmanager
async def visit(
    tls: ssl.SSLContext,
    trust: Trust,
    person: Person,
    url: str,
    end: End,
    *,
    may_grant: bool = False,
    shelter: Shelter | None = None,
) -> AsyncIterator[tuple[httpx.AsyncClient, Reply]]:
    """Go from `url` to where `end` says, logging in on the way.

    Gives the client with the cookies of that origin, and the last answer; its `url` is what `end` said.
    Raises LoginError.

    Args:
        may_grant: a program may be given an app password on the way (a login flow, v2).
        shelter: what was sent comes to its answer under it.
    """
    async with AsyncExitStack() as stack:
        way = _Visit(_Clients(tls, stack), trust, person, url, end, may_grant, shelter)
        with trio.move_on_after(LOGIN_S) as scope:
            landed = await way.go()
        if scope.cancelled_caught:
            raise LoginError(person.uid, without_query(way.at), f"not done after {LOGIN_S:g} s")
        yield await way.client(), landed


class _Clients:
    """A client for each origin: cookies of one are not shown to another, be it a port of the same host
    (which RFC 6265, 8.5, leaves open)."""

    def __init__(self, tls: ssl.SSLContext, stack: AsyncExitStack) -> None:
        self._tls = tls
        self._stack = stack
        self._by_origin: dict[object, httpx.AsyncClient] = {}

    async def of(self, url: str) -> httpx.AsyncClient:
        origin = origin_of(url)
        if origin not in self._by_origin:
            headers = {"Accept": "text/html,application/xhtml+xml"}
            client = httpx.AsyncClient(
                verify=self._tls, timeout=30, headers=headers, trust_env=False, cookies=Cookies()
            )
            self._by_origin[origin] = await self._stack.enter_async_context(client)
        return self._by_origin[origin]


class _Visit:
    """One person's way from the address that they are given to where it ends."""

    def __init__(
        self,
        clients: _Clients,
        trust: Trust,
        person: Person,
        url: str,
        end: End,
        may_grant: bool,
        shelter: Shelter | None,
    ) -> None:
        self._clients = clients
        self._trust = trust
        self._person = person
        self._start = url
        self._end = end
        self._may_grant = may_grant
        self._shelter = shelter
        self._logins = 0
        self._was_encrypted = False
        self.at = url

    async def client(self) -> httpx.AsyncClient:
        """The one for the origin where the visit is."""
        return await self._clients.of(self.at)

    async def go(self) -> Reply:
        step = Submission(self._start)
        for _ in range(MAX_PAGES):
            self._check(step)
            came_from, self.at = self.at, step.url
            reply = await self._send(step, came_from)
            if (landed := self._end(step, reply)) is not None:
                return Reply(landed, reply.status, reply.headers, reply.body)
            step = self._next(step, reply)
        raise self._error(f"the login went on for {MAX_PAGES} pages without an end")

    def _check(self, step: Submission) -> None:
        """Raises LoginRefused where the next step would lead astray, or tell somebody the password."""
        why = self._trust.why_no_visit(step.url)
        if step.is_secret:
            why = self._trust.why_no_password(self.at) or self._trust.why_no_password(step.url) or why
            if not why and (self._was_encrypted and is_in_the_clear(step.url)):
                why = "the way here was encrypted, and the login page is not"
        if why:
            raise self._refused(why)
        self._was_encrypted = self._was_encrypted or step.url.lower().startswith("https:")

    def _next(self, step: Submission, reply: Reply) -> Submission:
        if reply.location:
            # Never 307 with the form again: Nextcloud answers 303, and the fields are for one address.
            return Submission(joined(step.url, reply.location))
        page = LoginPage(step.url, reply.text)
        if why := page.refusal:
            raise self._refused(why)
        if reply.status >= 400:
            raise self._error(why_refused(reply))
        return self._answer(page)

    def _answer(self, page: LoginPage) -> Submission:
        if page.is_redirect:
            return Submission(self._start)
        if page.is_consent:
            return page.consent()
        if (page.is_flow_picker or page.is_flow_grant) and not self._may_grant:
            raise self._refused(NO_GRANT)
        if page.is_flow_picker:
            return page.pick()
        if page.is_flow_grant:
            return page.grant()
        if page.is_login:
            self._logins += 1
            if self._logins > 1:
                raise self._refused(f"the login page came back: {page.why_back()}")
            return page.log_in(self._person)
        raise self._error("an unknown page, neither login nor consent")

    async def _send(self, step: Submission, came_from: str) -> Reply:
        http = await self._clients.of(step.url)
        try:
            if step.fields is None:
                return await ask(http, "GET", step.url, shelter=self._shelter)
            # Nextcloud refuses a login form that does not say where it comes from.
            parts = urlsplit(came_from)
            headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": referer_of(came_from)}
            return await ask(http, "POST", step.url, data=step.fields, headers=headers, shelter=self._shelter)
        except NoAnswer as error:
            raise self._error(f"no answer: {error}") from None

    def _error(self, reason: str) -> LoginError:
        return LoginError(self._person.uid, without_query(self.at), reason)

    def _refused(self, reason: str) -> LoginRefused:
        return LoginRefused(self._person.uid, without_query(self.at), reason)


def referer_of(url: str) -> str:
    """The address of a page as a form that is sent from it names it: whole, without its query."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def why_refused(reply: Reply) -> str:
    """What an error page is, in the words of whoever has to do something about it."""
    if reply.headers.get("x-nextcloud-maintenance-mode") == "1":
        return f"{describe(reply)}: Nextcloud is in maintenance mode"
    if reply.status == 429:
        return f"{describe(reply)}: too many requests from this address (brute-force protection)"
    return describe(reply)
