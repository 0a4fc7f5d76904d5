"""Logging in at the web page, and out again."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim.standin.identity import html_pages as pages
from sim.standin.identity.identity_options import IdentityOptions, concerns
from sim.standin.identity.looks import Looks
from sim.standin.identity.sessions import Session, Sessions, login_refusal, passes_csrf
from sim.standin.identity.throttle import Throttle, TooManyAttempts
from sim.standin.identity.user_directory import UserDirectory
from sim.standin.identity.web import address_of, base_url, both_ways, read_form, see_other, with_query

_HOME = "/apps/dashboard/"


class LoginPages:
    """`/login`, `/logout`, and the page that a user without a destination lands on.

    Whatever is wrong with a login, the answer is a 303 back to the form, as Nextcloud has it: the
    reason stands on the page that follows, once.
    """

    def __init__(
        self,
        options: IdentityOptions,
        users: UserDirectory,
        sessions: Sessions,
        throttle: Throttle,
        counts: Counter[str],
    ) -> None:
        self._looks = Looks(options)
        self._throttle = throttle
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
            self._looks.of(request),
            session.request_token(),
            user=request.query_params.get("user", ""),
            redirect_url=request.query_params.get("redirect_url", ""),
            errors=errors,
        )
        return self._sessions.send(request, session, pages.answer(html))

    async def submit(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        name, target = form.get("user", "").strip(), form.get("redirect_url", "")
        if self._options.login_needs_origin and not _is_own_origin(request):
            return self._refuse(request, session, name, target, "invalidOrigin")
        if not passes_csrf(request, session, form):
            if session.uid is not None:
                return see_other(_destination(request, target))
            return self._refuse(request, session, name, target, "csrfCheckFailed")
        try:
            uid = await self._check(request, name, form.get("password", ""))
        except TooManyAttempts:
            return pages.answer(pages.error(self._looks.of(request)("throttled")), 429)
        if uid is None:
            return self._refuse(request, session, name, target, "invalidpassword")
        if concerns(uid, self._options.login_loops_for):
            return see_other(with_query(f"{base_url(request)}/login", redirect_url=target or None))
        self._sessions.log_in(session, uid, name)
        self._counts["web_logins"] += 1
        return self._sessions.send(request, session, see_other(_destination(request, target)))

    async def _check(self, request: Request, name: str, password: str) -> str | None:
        """Whose password that is, after the delay that failures cost. Raises TooManyAttempts."""
        address = address_of(request)
        await self._throttle.wait(address)
        uid = self._users.authenticate(name, password)
        if uid is None:
            self._counts["failed_logins"] += 1
            self._throttle.failed(address, name)
        else:
            self._throttle.succeeded(address, name)
        return uid

    async def log_out(self, request: Request) -> Response:
        self._sessions.close(self._sessions.of(request))
        return see_other(with_query(f"{base_url(request)}/login", clear="1"))

    async def home(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        look = self._looks.of(request)
        return pages.answer(pages.home(look, session.request_token(), self._users.display_name(session.uid)))

    def _refuse(self, request: Request, session: Session, uid: str, target: str, error: str) -> Response:
        session.login_errors = (error,)
        back = with_query(f"{base_url(request)}/login", user=uid, direct="1", redirect_url=target or None)
        return self._sessions.send(request, session, see_other(back))


def _destination(request: Request, target: str) -> str:
    """Where to go after the login: within this server only, whatever the form says."""
    if not target or "@" in target:
        return base_url(request) + _HOME
    target = target.removeprefix(request.scope.get("root_path", ""))
    return f"{base_url(request)}/{target.lstrip('/')}"


def _is_own_origin(request: Request) -> bool:
    return urlsplit(request.headers.get("origin", "")).netloc == request.url.netloc
