"""The authorization endpoint: from a client's request, over login and consent, to a code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim.standin.identity import html_pages as pages
from sim.standin.identity.clients import Clients, RegisteredClient
from sim.standin.identity.consents import Consents
from sim.standin.identity.discovery import APP
from sim.standin.identity.grants import Grant, GrantBook
from sim.standin.identity.identity_options import IdentityOptions, concerns
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
from sim.standin.identity.web import base_url, both_ways, read_form, see_other, with_query

_DEFAULT_SCOPE = "openid profile email roles"
_CHALLENGE_LENGTHS = range(43, 129)


@attrs.frozen
class _Refused(Exception):
    """A request of which no redirect may come, since nobody vouches for its redirect_uri."""

    status: int
    message: str


class Authorization:
    """RFC 6749 4.1.1 with PKCE (RFC 7636), and the consent that Nextcloud asks for."""

    def __init__(
        self,
        options: IdentityOptions,
        now: Callable[[], float],
        users: UserDirectory,
        clients: Clients,
        sessions: Sessions,
        grants: GrantBook,
        counts: Counter[str],
    ) -> None:
        self._options = options
        self._looks = Looks(options)
        self._now = now
        self._users = users
        self._clients = clients
        self._sessions = sessions
        self._grants = grants
        self._counts = counts
        self._consents = Consents()

    def routes(self) -> list[Route]:
        return [
            *both_ways("/apps/oidc/authorize", self.authorize, "GET"),
            *both_ways("/apps/oidc/redirect", self.redirect, "GET"),
            *both_ways("/apps/oidc/consent", self.show_consent, "GET"),
            *both_ways("/apps/oidc/consent/grant", self.grant, "POST"),
            *both_ways("/apps/oidc/consent/deny", self.deny, "POST"),
        ]

    def forget_client(self, client_id: str) -> None:
        self._consents.forget_client(client_id)

    async def authorize(self, request: Request) -> Response:
        session = self._sessions.of(request)
        asked: Mapping[str, str] = dict(request.query_params)
        if "client_id" not in asked:
            asked = session.pending or {}
        try:
            client = self._client_of(asked)
        except _Refused as refused:
            return pages.answer(pages.error(refused.message), refused.status)
        if mistake := _mistake(asked, client):
            return _back_to_client(asked, base_url(request), error=mistake[0], error_description=mistake[1])
        scope = client.narrow(asked.get("scope") or _DEFAULT_SCOPE)
        if not scope:
            return _back_to_client(asked, base_url(request), error="invalid_scope")
        session.pending = {**asked, "scope": scope}
        if session.uid is None:
            back = f"{request.scope.get('root_path', '')}{APP}/redirect"
            to_login = see_other(with_query(f"{base_url(request)}/login", redirect_url=back))
            return self._sessions.send(request, session, to_login)
        if not self._consents.covers(session.uid, client.client_id, scope):
            session.awaits_consent = True
            return see_other(f"{base_url(request)}{APP}/consent")
        return self._hand_out_code(session, session.uid, base_url(request))

    async def redirect(self, request: Request) -> Response:
        return pages.answer(pages.redirecting(self._looks.of(request)))

    async def show_consent(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        pending = self._awaiting(session)
        client = self._clients.get(pending["client_id"]) if pending else None
        if pending is None or client is None:
            return refusal(request, 400, "No consent request pending.")
        html = pages.consent(
            self._looks.of(request),
            session.request_token(),
            client=client.name,
            client_id=client.client_id,
            scope=pending["scope"],
            user=self._users.display_name(session.uid),
        )
        return pages.answer(html)

    async def grant(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        if refused := self._refusal(request, session, form):
            return refused
        pending = self._awaiting(session)
        if pending is None or session.uid is None:
            return refusal(request, 400, "No consent request pending.")
        if concerns(session.uid, self._options.deny_consent_for):
            return self._denied(session, pending, base_url(request))
        wanted = form.get("scopes", pending["scope"]).split()
        scope = " ".join(one for one in pending["scope"].split() if one in wanted)
        if not scope:
            return self._denied(session, pending, base_url(request))
        self._consents.keep(session.uid, pending["client_id"], scope)
        self._counts["consents"] += 1
        session.awaits_consent = False
        session.pending = {**pending, "scope": scope}
        return see_other(with_query(f"{base_url(request)}{APP}/authorize", **session.pending))

    async def deny(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        if refused := self._refusal(request, session, form):
            return refused
        pending = self._awaiting(session)
        if pending is None:
            return refusal(request, 400, "No consent request pending.")
        return self._denied(session, pending, base_url(request))

    def _client_of(self, asked: Mapping[str, str]) -> RegisteredClient:
        """The client, once it is sure that the redirect_uri is its own (RFC 6749 4.1.2.1)."""
        if not asked:
            raise _Refused(400, "Authorization session expired. Please try again.")
        client = self._clients.get(asked["client_id"])
        if client is None:
            raise _Refused(
                403,
                "Your client is not authorized to connect. Please inform the administrator of your client.",
            )
        if not client.accepts_redirect(asked.get("redirect_uri", "")):
            raise _Refused(
                403,
                "The received redirect URI is not accepted to connect. "
                "Please inform the administrator of your client.",
            )
        return client

    def _hand_out_code(self, session: Session, uid: str, issuer: str) -> Response:
        asked = session.pending or {}
        session.pending, session.awaits_consent = None, False
        grant = Grant(
            uid=uid,
            client_id=asked["client_id"],
            scope=asked["scope"],
            resource=asked.get("resource", ""),
            nonce=asked.get("nonce", ""),
            auth_time=self._now(),
        )
        code = self._grants.issue_code(grant, asked["redirect_uri"], asked.get("code_challenge", ""))
        self._counts["codes"] += 1
        return _back_to_client(asked, issuer, code=code)

    def _awaiting(self, session: Session) -> Mapping[str, str] | None:
        return session.pending if session.awaits_consent else None

    def _denied(self, session: Session, pending: Mapping[str, str], issuer: str) -> Response:
        session.pending, session.awaits_consent = None, False
        self._counts["denied_consents"] += 1
        return _back_to_client(
            pending, issuer, error="access_denied", error_description="User denied consent"
        )

    def _refusal(self, request: Request, session: Session, form: Mapping[str, str]) -> Response | None:
        """What Nextcloud checks before it changes anything."""
        if session.uid is None:
            return login_refusal(request)
        return None if passes_csrf(request, session, form) else csrf_refusal(request)


def _mistake(asked: Mapping[str, str], client: RegisteredClient) -> tuple[str, str] | None:
    """What is wrong with a request of a client that is known: error code and words.

    A client with a secret proves by that who it is, and may leave out PKCE, as Nextcloud has it.
    """
    if not asked.get("response_type"):
        return "invalid_request", "Missing response_type"
    if asked["response_type"] != "code":
        return "unsupported_response_type", "Only code is supported"
    if not asked.get("code_challenge"):
        needed = not client.secret or "code_challenge_method" in asked
        return ("invalid_request", "Missing code_challenge") if needed else None
    if asked.get("code_challenge_method") != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    if len(asked["code_challenge"]) not in _CHALLENGE_LENGTHS:
        return "invalid_request", "Invalid code_challenge format"
    if "#" in asked.get("resource", ""):
        return "invalid_target", "A resource has no fragment"
    return None


def _back_to_client(asked: Mapping[str, str], issuer: str, **answer: str) -> Response:
    """To the redirect_uri, with the client's `state` and the issuer's name (RFC 9207)."""
    return see_other(with_query(asked["redirect_uri"], **answer, state=asked.get("state"), iss=issuer))
