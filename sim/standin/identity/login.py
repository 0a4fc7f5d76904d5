"""Logging in at the web page, and out again."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim.standin.identity import pages
from sim.standin.identity.options import IdentityOptions, concerns
from sim.standin.identity.ports import UserDirectory
from sim.standin.identity.sessions import Session, Sessions, login_refusal, passes_csrf
from sim.standin.identity.web import base_url, both_ways, read_form, see_other, with_query

_HOME = "/apps/dashboard/"


class LoginPages:
    """`/login`, `/logout`, and the page that a user without a destination lands on.

    Whatever is wrong with a login, the answer is a 303 back to the form, as Nextcloud has it: the
    reason stands on the page that follows, once.
    """

    def __init__(
        self, options: IdentityOptions, users: UserDirectory, sessions: Sessions, counts: Counter[str]
    ) -> None:
        self._options = options
        self._users = users
        self._sessions = sessions
        self._counts = counts

    def routes(self) -> list[Route]:
        return [
            *both_ways("/login", self.show, "GET"),
            *both_ways("/login", self.submit, "POST"),
            *both_ways("/logout", self.log_out, "GET"),
            *both_ways(_HOME, self.home, "GET"),
        ]

    async def show(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is not None and not concerns(session.uid, self._options.login_loops_for):
            return see_other(base_url(request) + _HOME)
        errors, session.login_errors = session.login_errors, ()
        html = pages.login(
            session.request_token(),
            user=request.query_params.get("user", ""),
            redirect_url=request.query_params.get("redirect_url", ""),
            errors=errors,
            scripted=self._options.scripted_pages,
        )
        return self._sessions.send(request, session, pages.answer(html))

    async def submit(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        uid, target = form.get("user", "").strip(), form.get("redirect_url", "")
        if self._options.login_needs_origin and not _is_own_origin(request):
            return self._refuse(request, session, uid, target, "invalidOrigin")
        if not passes_csrf(request, session, form):
            if session.uid is not None:
                return see_other(_destination(request, target))
            return self._refuse(request, session, uid, target, "csrfCheckFailed")
        if not self._users.check_password(uid, form.get("password", "")):
            self._counts["failed_logins"] += 1
            if self._options.login_delay_s:
                await anyio.sleep(self._options.login_delay_s)
            return self._refuse(request, session, uid, target, "invalidpassword")
        if concerns(uid, self._options.login_loops_for):
            return see_other(with_query("/login", redirect_url=target or None))
        self._sessions.log_in(session, uid)
        self._counts["web_logins"] += 1
        return self._sessions.send(request, session, see_other(_destination(request, target)))

    async def log_out(self, request: Request) -> Response:
        self._sessions.close(self._sessions.of(request))
        return see_other(with_query(f"{base_url(request)}/login", clear="1"))

    async def home(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        return pages.answer(pages.home(session.request_token(), self._users.display_name(session.uid)))

    def _refuse(self, request: Request, session: Session, uid: str, target: str, error: str) -> Response:
        session.login_errors = (error,)
        back = with_query("/login", user=uid, direct="1", redirect_url=target or None)
        return self._sessions.send(request, session, see_other(back))


def _destination(request: Request, target: str) -> str:
    """Where to go after the login: within this server only, whatever the form says."""
    if not target or "@" in target:
        return base_url(request) + _HOME
    return f"{base_url(request)}/{target.lstrip('/')}"


def _is_own_origin(request: Request) -> bool:
    return urlsplit(request.headers.get("origin", "")).netloc == request.url.netloc
