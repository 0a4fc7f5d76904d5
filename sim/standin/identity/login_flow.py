"""Login flow v2: a program without a browser gets an app password from a user who has one.

After Nextcloud's developer manual, "Login flow v2": the program starts a flow and polls; the user
opens its page, logs in, and grants access; the next poll brings the app password, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity import html_pages as pages
from sim.standin.identity.app_password_book import AppPasswords
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.looks import Looks
from sim.standin.identity.sessions import (
    Session,
    Sessions,
    csrf_refusal,
    login_refusal,
    passes_csrf,
    refusal,
)
from sim.standin.identity.user_directory import UserDirectory
from sim.standin.identity.web import base_url, both_ways, random_text, read_form, same_text, see_other

FLOW_TTL_S = 1200


@attrs.define
class _Flow:
    """One program's wish for an app password; `answer` is there once the user has granted it."""

    client: str
    expires_at: float
    poll_token: str = attrs.field(repr=False)
    login_token: str = attrs.field(repr=False)
    uid: str | None = None
    answer: Mapping[str, str] | None = attrs.field(default=None, repr=False)


class LoginFlow:
    """`/login/v2` and its pages."""

    def __init__(
        self,
        options: IdentityOptions,
        now: Callable[[], float],
        users: UserDirectory,
        sessions: Sessions,
        passwords: AppPasswords,
        counts: Counter[str],
    ) -> None:
        self._looks = Looks(options)
        self._now = now
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._counts = counts
        self._by_poll: dict[str, _Flow] = {}
        self._by_login: dict[str, _Flow] = {}

    def routes(self) -> list[Route]:
        return [
            *both_ways("/login/v2", self.start, "POST"),
            *both_ways("/login/v2/poll", self.poll, "POST"),
            *both_ways("/login/v2/flow/{token}", self.land, "GET"),
            *both_ways("/login/v2/flow", self.pick, "GET"),
            *both_ways("/login/v2/apptoken", self.app_token, "POST"),
            *both_ways("/login/v2/grant", self.show_grant, "GET"),
            *both_ways("/login/v2/grant", self.grant, "POST"),
        ]

    def waiting(self) -> int:
        """How many flows nobody has finished yet."""
        self._forget_expired()
        return len(self._by_poll)

    def forget_user(self, uid: str) -> None:
        for flow in [flow for flow in self._by_poll.values() if flow.uid == uid]:
            self._drop(flow)

    def open(self, client: str) -> tuple[str, str]:
        """Start a flow for `client`: the token to poll with, and the one in its address."""
        self._forget_expired()
        flow = _Flow(client, self._now() + FLOW_TTL_S, random_text(128), random_text(128))
        self._by_poll[flow.poll_token] = self._by_login[flow.login_token] = flow
        self._counts["login_flows"] += 1
        return flow.poll_token, flow.login_token

    def take(self, poll_token: str) -> Mapping[str, str] | None:
        """The app password of a flow that was granted, once; None when there is none (yet)."""
        self._forget_expired()
        flow = self._by_poll.get(poll_token)
        if flow is None or flow.answer is None:
            return None
        self._drop(flow)
        return flow.answer

    async def start(self, request: Request) -> Response:
        poll_token, login_token = self.open(request.headers.get("user-agent", "unknown"))
        here = f"{base_url(request)}/index.php/login/v2"
        poll = {"token": poll_token, "endpoint": f"{here}/poll"}
        return JSONResponse({"poll": poll, "login": f"{here}/flow/{login_token}"})

    async def poll(self, request: Request) -> Response:
        answer = self.take((await read_form(request)).get("token", ""))
        return JSONResponse([], status_code=404) if answer is None else JSONResponse(dict(answer))

    async def land(self, request: Request) -> Response:
        session = self._sessions.of(request)
        flow = self._by_login.get(request.path_params["token"])
        if flow is None or flow.expires_at <= self._now():
            return _expired(request)
        session.flow_token = flow.login_token
        return self._sessions.send(
            request, session, see_other(f"{base_url(request)}/index.php/login/v2/flow")
        )

    async def pick(self, request: Request) -> Response:
        session = self._sessions.of(request)
        flow = self._flow_of(session)
        if flow is None:
            return _expired(request)
        session.state_token = random_text(64)
        look = self._looks.of(request)
        html = pages.flow_picker(look, session.request_token(), flow.client, session.state_token)
        return pages.answer(html)

    async def show_grant(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        state_token = request.query_params.get("stateToken", "")
        if refused := _state_refusal(request, session, state_token):
            return refused
        flow = self._flow_of(session)
        if flow is None:
            return _expired(request)
        user, look = self._users.display_name(session.uid), self._looks.of(request)
        html = pages.flow_grant(look, session.request_token(), flow.client, user, state_token)
        return pages.answer(html)

    async def grant(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        if session.uid is None:
            return login_refusal(request)
        if not passes_csrf(request, session, form):
            return csrf_refusal(request)
        if refused := _state_refusal(request, session, form.get("stateToken", "")):
            return refused
        flow = self._flow_of(session)
        if flow is None or flow.answer is not None:
            return _expired(request)
        session.flow_token = session.state_token = None
        self._finish(flow, session.uid, session.login_name, base_url(request))
        return pages.answer(pages.flow_done(self._looks.of(request)))

    async def app_token(self, request: Request) -> Response:
        """The hidden form of the first page: for an app password that the user has already."""
        form = await read_form(request)
        uid = self._users.resolve(form.get("user", "")) or ""
        known = self._passwords.find(uid, form.get("password", ""))
        flow = self._flow_of(self._sessions.of(request))
        if known is None or flow is None:
            return refusal(request, 403, "Invalid app password")
        server = base_url(request)
        flow.uid = uid
        flow.answer = {"server": server, "loginName": form["user"], "appPassword": known.token}
        return pages.answer(pages.flow_done(self._looks.of(request)))

    def _finish(self, flow: _Flow, uid: str, login_name: str, server: str) -> None:
        made = self._passwords.create(uid, flow.client)
        self._counts["app_passwords"] += 1
        flow.uid = uid
        flow.answer = {"server": server, "loginName": login_name, "appPassword": made.token}

    def _flow_of(self, session: Session) -> _Flow | None:
        self._forget_expired()
        return self._by_login.get(session.flow_token or "")

    def _forget_expired(self) -> None:
        now = self._now()
        while self._by_poll and (flow := next(iter(self._by_poll.values()))).expires_at <= now:
            self._drop(flow)

    def _drop(self, flow: _Flow) -> None:
        self._by_poll.pop(flow.poll_token, None)
        self._by_login.pop(flow.login_token, None)


def _state_refusal(request: Request, session: Session, given: str) -> Response | None:
    if not given:
        return refusal(request, 403, "State token missing")
    if session.state_token is None or not same_text(session.state_token, given):
        return refusal(request, 403, "State token does not match")
    return None


def _expired(request: Request) -> Response:
    return refusal(request, 403, "Your login token is invalid or has expired")
