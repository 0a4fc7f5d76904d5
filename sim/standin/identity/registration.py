"""Clients register themselves (RFC 7591) and take their registration back (RFC 7592)."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from json import JSONDecodeError
from typing import Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity.clients import Clients, RegisteredClient, is_redirect_uri
from sim.standin.identity.discovery import APP
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.throttle import Throttle, TooManyAttempts
from sim.standin.identity.web import (
    NO_STORE,
    Endpoint,
    address_of,
    base_url,
    bearer_token,
    both_ways,
    oauth_error,
    random_text,
    same_text,
)

_WINDOW_S = 60.0


@attrs.frozen
class _InvalidMetadata(Exception):
    error: str
    description: str


class Registration:
    """The registration endpoint, and the one where a client manages itself.

    There a token that is not good counts as an attack: each makes its address wait longer, the owners of
    clients that are there too.
    """

    def __init__(
        self, options: IdentityOptions, now: Callable[[], float], clients: Clients, counts: Counter[str]
    ) -> None:
        self._options = options
        self._now = now
        self._clients = clients
        self._counts = counts
        self._recent: dict[str, deque[float]] = {}
        self._throttle = Throttle(now, options.brute_force_s)

    def routes(self) -> list[Route]:
        return [
            *both_ways("/apps/oidc/register", self.register, "POST"),
            *both_ways("/apps/oidc/register/{client_id}", _throttled(self.read), "GET"),
            *both_ways("/apps/oidc/register/{client_id}", _throttled(self.delete), "DELETE"),
        ]

    async def register(self, request: Request) -> Response:
        wait_s = self._must_wait_s(request.client.host if request.client else "")
        if wait_s:
            return oauth_error(
                "too_many_requests", "Too many registrations", 429, **{"Retry-After": str(wait_s)}
            )
        if self._clients.registered() >= self._options.max_clients:
            return oauth_error(
                "max_num_clients_exceeded", "Maximum number of dynamic registered clients exceeded."
            )
        try:
            client = self._made_of(await request.json())
        except _InvalidMetadata as refused:
            return oauth_error(refused.error, refused.description)
        except (JSONDecodeError, UnicodeDecodeError):
            return oauth_error("invalid_client_metadata", "The body is not JSON.")
        self._clients.add(client)
        self._counts["registrations"] += 1
        return JSONResponse(_described(client, base_url(request)), status_code=201, headers=NO_STORE)

    async def read(self, request: Request) -> Response:
        client = await self._own(request)
        if client is None:
            return _no_token()
        return JSONResponse(_described(client, base_url(request)), headers=NO_STORE)

    async def delete(self, request: Request) -> Response:
        client = await self._own(request)
        if client is None:
            return _no_token()
        self._clients.remove(client.client_id)
        self._counts["deregistrations"] += 1
        return Response(status_code=204, headers=NO_STORE)

    async def _own(self, request: Request) -> RegisteredClient | None:
        """As `_find`, after the wait of brute-force protection. Raises TooManyAttempts."""
        address = address_of(request)
        await self._throttle.wait(address)
        found = self._find(request)
        if found is None:
            self._throttle.failed(address, request.path_params["client_id"])
        return found

    def _find(self, request: Request) -> RegisteredClient | None:
        """The client of the path, when the request brings its registration token."""
        client, token = self._clients.get(request.path_params["client_id"]), bearer_token(request)
        if client is None or not token or not client.registration_token:
            return None
        return client if same_text(client.registration_token, token) else None

    def _made_of(self, metadata: object) -> RegisteredClient:
        if not isinstance(metadata, Mapping):
            raise _InvalidMetadata("invalid_client_metadata", "The body is not a JSON object.")
        uris = metadata.get("redirect_uris")
        if not isinstance(uris, list) or not uris or not all(is_redirect_uri(uri) for uri in uris):
            raise _InvalidMetadata("invalid_redirect_uri", "redirect_uris must be a list of absolute URIs.")
        issued_at = math.floor(self._now())
        return RegisteredClient(
            client_id=random_text(64),
            name=_text(metadata, "client_name")[:64] or "DCR-client",
            redirect_uris=tuple(uris),
            secret="" if metadata.get("token_endpoint_auth_method") == "none" else random_text(64),
            allowed_scopes=tuple(_text(metadata, "scope").split()),
            resource_url=_text(metadata, "resource_url"),
            issued_at=issued_at,
            expires_at=issued_at + self._options.client_ttl_s,
            registration_token=random_text(64),
        )

    def _must_wait_s(self, address: str) -> int:
        """Seconds until this address may register again; 0 when it may now, which is then counted."""
        limit = self._options.registrations_per_minute
        if not limit:
            return 0
        now, recent = self._now(), self._recent.setdefault(address, deque())
        while recent and recent[0] <= now - _WINDOW_S:
            recent.popleft()
        if len(recent) >= limit:
            return math.ceil(recent[0] + _WINDOW_S - now)
        recent.append(now)
        return 0


def _throttled(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except TooManyAttempts as error:
            return oauth_error("too_many_requests", str(error), 429)

    return answer


def _text(metadata: Mapping[Any, Any], name: str) -> str:
    value = metadata.get(name) or ""
    if not isinstance(value, str):
        raise _InvalidMetadata("invalid_client_metadata", f"{name} must be a string.")
    return value


def _no_token() -> Response:
    return oauth_error(
        "invalid_token",
        "Invalid or missing registration access token.",
        401,
        **{"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _described(client: RegisteredClient, issuer: str) -> dict[str, Any]:
    secret = {} if client.is_public else {"client_secret": client.secret}
    return {
        "client_id": client.client_id,
        **secret,
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": "none" if client.is_public else "client_secret_post",
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "RS256",
        "application_type": "web",
        "scope": " ".join(client.allowed_scopes),
        "client_id_issued_at": math.floor(client.issued_at),
        "client_secret_expires_at": math.ceil(client.expires_at),
        "registration_access_token": client.registration_token,
        "registration_client_uri": f"{issuer}{APP}/register/{client.client_id}",
    }
