"""Cookie sessions and the CSRF check."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sim.standin.identity import html_pages as pages
from sim.standin.identity.web import base_url, random_text, see_other, wants_html, with_query

SESSION_COOKIE = "nc_session_standin"
LIFETIME_S = 24 * 3600


@attrs.define(eq=False)
class Session:
    """What the server remembers of one browser.

    Attributes:
        secret: what request tokens are made of.
        uid: who is logged in; None before. `login_name` is what they typed, which need not be the same.
        pending: the authorization request that waits for a login or for consent.
        flow_token, state_token: the login flow v2 that this browser is in, and the proof that it is.
        is_new: the browser has not been given its cookies yet.
    """

    id: str = attrs.field(repr=False)
    secret: bytes = attrs.field(repr=False)
    expires_at: float
    uid: str | None = None
    login_name: str = ""
    login_errors: tuple[str, ...] = ()
    pending: Mapping[str, str] | None = None
    awaits_consent: bool = False
    flow_token: str | None = attrs.field(default=None, repr=False)
    state_token: str | None = attrs.field(default=None, repr=False)
    is_new: bool = True

    def request_token(self) -> str:
        """A fresh text for the same secret, masked as Nextcloud masks it; it holds `+`, `/`, `=` and `:`."""
        mask = secrets.token_bytes(len(self.secret))
        return f"{_base64(_xor(self.secret, mask))}:{_base64(mask)}"

    def accepts(self, request_token: str) -> bool:
        masked, _, mask = request_token.partition(":")
        try:
            secret = _xor(base64.b64decode(masked, validate=True), base64.b64decode(mask, validate=True))
        except (binascii.Error, ValueError):
            return False
        return secrets.compare_digest(secret, self.secret)


class Sessions:
    """All browsers that the server remembers."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_id: dict[str, Session] = {}
        self._by_user: dict[str, set[str]] = {}

    def of(self, request: Request) -> Session:
        """The session that the request's cookie names, or a new one."""
        return self.known(request) or self._open()

    def known(self, request: Request) -> Session | None:
        """The session that the request's cookie names, None where it names none."""
        session = self._by_id.get(request.cookies.get(SESSION_COOKIE, ""))
        return session if session and session.expires_at > self._now() else None

    def log_in(self, session: Session, uid: str, login_name: str) -> None:
        """The session gets another id, so that nobody can plant one (session fixation)."""
        self.close(session)
        session.id, session.uid, session.is_new = random_text(32), uid, True
        session.login_name = login_name
        self._by_id[session.id] = session
        self._by_user.setdefault(uid, set()).add(session.id)

    def close(self, session: Session) -> None:
        self._by_id.pop(session.id, None)
        self._by_user.get(session.uid or "", set()).discard(session.id)

    def forget_user(self, uid: str) -> None:
        for id in self._by_user.pop(uid, set()):
            del self._by_id[id]

    def logged_in(self) -> list[str]:
        """The users who are logged in at a browser, one entry a browser."""
        now = self._now()
        return [one.uid for one in self._by_id.values() if one.uid is not None and one.expires_at > now]

    def send(self, request: Request, session: Session, response: Response) -> Response:
        """Give a new browser its cookies along with `response`."""
        if not session.is_new:
            return response
        session.is_new = False
        give_cookies(request, response, session.id)
        if session.uid is not None:
            response.set_cookie("nc_username", session.uid, samesite="lax", **cookie_rules(request))
        return response

    def _open(self) -> Session:
        now = self._now()
        while self._by_id and (oldest := next(iter(self._by_id.values()))).expires_at <= now:
            self.close(oldest)
        session = Session(random_text(32), secrets.token_bytes(24), now + LIFETIME_S)
        self._by_id[session.id] = session
        return session


def give_cookies(request: Request, response: Response, session_id: str) -> None:
    """Begin a session at a client: its cookie, and the two that prove where a request comes from."""
    rules = cookie_rules(request)
    response.set_cookie(SESSION_COOKIE, session_id, samesite="lax", **rules)
    for kind in ("lax", "strict"):
        response.set_cookie(_same_site_name(request, kind), "true", samesite=kind, **rules)


def cookie_rules(request: Request) -> dict[str, Any]:
    """Attributes of every cookie; under a sub-path it is for that path alone."""
    is_https = request.url.scheme == "https"
    return {"secure": is_https, "httponly": True, "path": request.scope.get("root_path") or "/"}


def passes_csrf(request: Request, session: Session, form: Mapping[str, str]) -> bool:
    """Both SameSite cookies, and a request token of this session in the form, the header or the query."""
    cookies = (request.cookies.get(_same_site_name(request, kind)) for kind in ("lax", "strict"))
    if session.is_new or any(cookie != "true" for cookie in cookies):
        return False
    given = (
        form.get("requesttoken")
        or request.headers.get("requesttoken")
        or request.query_params.get("requesttoken", "")
    )
    return session.accepts(given)


def csrf_refusal(request: Request) -> Response:
    """412, as a page or as JSON."""
    return refusal(request, 412, "CSRF check failed")


def login_refusal(request: Request) -> Response:
    """Nobody is logged in: on to the login page and back, or a 401 for a client that reads no HTML."""
    if not wants_html(request):
        return JSONResponse({"message": "Current user is not logged in"}, status_code=401)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return see_other(with_query(f"{base_url(request)}/login", redirect_url=here))


def refusal(request: Request, status: int, message: str) -> Response:
    """An error for whoever asked: a page, or JSON."""
    if wants_html(request):
        return pages.answer(pages.error(message), status)
    return JSONResponse({"message": message}, status_code=status)


def _same_site_name(request: Request, kind: str) -> str:
    # A name with that prefix is refused by browsers for any other path (RFC 6265bis 4.1.3.2).
    prefix = "__Host-" if request.url.scheme == "https" and not request.scope.get("root_path") else ""
    return f"{prefix}nc_sameSiteCookie{kind}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
