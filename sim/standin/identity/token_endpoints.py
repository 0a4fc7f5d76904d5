"""The endpoints that deal in tokens: token, userinfo, introspection, revocation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity.clients import Clients, RegisteredClient
from sim.standin.identity.grants import GrantBook, GrantError, IssuedTokens
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.keys import SigningKey
from sim.standin.identity.user_directory import UserDirectory
from sim.standin.identity.web import (
    NO_STORE,
    BasicCredentials,
    base_url,
    bearer_token,
    both_ways,
    client_credentials,
    oauth_error,
    random_text,
    read_form,
)


class TokenEndpoints:
    """RFC 6749 3.2, OpenID Connect Core 5.3, RFC 7662 and RFC 7009."""

    def __init__(
        self,
        options: IdentityOptions,
        now: Callable[[], float],
        users: UserDirectory,
        clients: Clients,
        grants: GrantBook,
        key: SigningKey,
        counts: Counter[str],
    ) -> None:
        self._options = options
        self._now = now
        self._users = users
        self._clients = clients
        self._grants = grants
        self._key = key
        self._counts = counts

    def routes(self) -> list[Route]:
        return [
            *both_ways("/apps/oidc/token", self.token, "POST"),
            *both_ways("/apps/oidc/userinfo", self.userinfo, "GET", "POST"),
            *both_ways("/apps/oidc/introspect", self.introspect, "POST"),
            *both_ways("/apps/oidc/revoke", self.revoke, "POST"),
        ]

    async def token(self, request: Request) -> Response:
        form = await read_form(request)
        client = self._client_of(request, form)
        if client is None:
            return _unknown_client(request)
        try:
            tokens = self._granted(form, client, base_url(request))
        except GrantError as refused:
            self._counts["refused_grants"] += 1
            return oauth_error(refused.error, str(refused))
        return JSONResponse(self._answer(tokens, base_url(request)), headers=NO_STORE)

    async def userinfo(self, request: Request) -> Response:
        token = bearer_token(request) or ""
        principal = self._grants.principal(token)
        if principal is None or not self._users.exists(principal.uid):
            challenge = 'Bearer error="invalid_token", error_description="The access token is invalid"'
            return oauth_error(
                "invalid_token", "The access token is invalid.", 401, **{"WWW-Authenticate": challenge}
            )
        return JSONResponse({"sub": principal.uid, **self._profile(principal.uid)}, headers=NO_STORE)

    async def introspect(self, request: Request) -> Response:
        """Tokens of the asking client, and those meant for it as an API; no others (RFC 7662 2.2)."""
        form = await read_form(request)
        client = self._client_of(request, form)
        if client is None or client.is_public:
            return _unknown_client(request, status=401)
        if not form.get("token"):
            return oauth_error("invalid_request", "Token parameter is required.")
        found = self._grants.described(form["token"])
        own = {client.client_id, client.resource_url}
        if found is None or not own & {found["client_id"], found["aud"]}:
            found = {"active": False}
        return JSONResponse(found, headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """200 whether or not there was such a token (RFC 7009 2.2)."""
        form = await read_form(request)
        client = self._client_of(request, form)
        if client is None:
            return _unknown_client(request, status=401)
        if not form.get("token"):
            return oauth_error("invalid_request", "Token parameter is required.")
        if self._grants.revoke(form["token"], client.client_id):
            self._counts["revocations"] += 1
        return Response(status_code=200, headers=NO_STORE)

    def _client_of(self, request: Request, form: Mapping[str, str]) -> RegisteredClient | None:
        """Who asks: by Basic, by `client_secret` in the form, or by its name alone if it is public."""
        given = client_credentials(request)
        if given is None:
            given = BasicCredentials(form.get("client_id", ""), form.get("client_secret", ""))
        client = self._clients.get(given.name)
        if client is not None and client.is_public and not given.password:
            return client
        return self._clients.authenticated(given)

    def _granted(self, form: Mapping[str, str], client: RegisteredClient, issuer: str) -> IssuedTokens:
        match form.get("grant_type", ""):
            case "authorization_code":
                code, redirect_uri = _field(form, "code"), _field(form, "redirect_uri")
                verifier = form.get("code_verifier", "")
                tokens = self._grants.redeem(code, client.client_id, redirect_uri, verifier, issuer)
                self._counts["logins"] += 1
            case "refresh_token":
                token, scope = _field(form, "refresh_token"), form.get("scope")
                tokens = self._grants.refresh(token, client.client_id, scope, issuer)
                self._counts["refreshes"] += 1
            case "":
                raise GrantError("invalid_request", "grant_type is missing.")
            case _:
                raise GrantError("unsupported_grant_type", "Only authorization_code and refresh_token are.")
        return tokens

    def _answer(self, tokens: IssuedTokens, issuer: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "access_token": tokens.access,
            "token_type": "Bearer",
            "expires_in": math.floor(self._options.token_ttl_s),
            "scope": tokens.grant.scope,
        }
        if tokens.refresh is not None:
            body["refresh_token"] = tokens.refresh
            body["refresh_expires_in"] = math.floor(self._options.refresh_ttl_s)
        if "openid" in tokens.grant.scope.split():
            body["id_token"] = self._id_token(tokens, issuer)
        return body

    def _id_token(self, tokens: IssuedTokens, issuer: str) -> str:
        """OpenID Connect Core 1.0, 2."""
        grant, now = tokens.grant, self._now()
        claims = {
            "iss": issuer,
            "sub": grant.uid,
            "aud": grant.client_id,
            "azp": grant.client_id,
            "iat": math.floor(now),
            "exp": math.floor(now + self._options.token_ttl_s),
            "auth_time": math.floor(grant.auth_time),
            "jti": random_text(32),
            **({"nonce": grant.nonce} if grant.nonce else {}),
            **self._profile(grant.uid),
        }
        return self._key.sign(claims)

    def _profile(self, uid: str) -> dict[str, str]:
        return {"preferred_username": uid, "name": self._users.display_name(uid)}


def _field(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise GrantError("invalid_request", f"{name} is missing.")
    return form[name]


def _unknown_client(request: Request, status: int = 400) -> Response:
    """RFC 6749 5.2: 401 with a challenge for a client that tried Basic."""
    description = "RegisteredClient authentication failed."
    if "authorization" in request.headers:
        return oauth_error("invalid_client", description, 401, **{"WWW-Authenticate": 'Basic realm="oidc"'})
    return oauth_error("invalid_client", description, status)
