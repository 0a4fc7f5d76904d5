"""What users allowed, and the codes and tokens that stand for it. Pure state; nothing here knows HTTP."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

import attrs

from sim.standin.identity.granted import Grant, GrantError, IssuedTokens, proves
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.keys import SigningKey
from sim.standin.identity.user_directory import Principal
from sim.standin.identity.web import random_text

__all__ = ["Grant", "GrantBook", "GrantError", "IssuedTokens"]


@attrs.frozen
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: float


@attrs.frozen
class _Access:
    principal: Principal
    grant: Grant
    issued_at: float


@attrs.define
class _Family:
    """All tokens that come from one login: they live and die together."""

    grant: Grant
    access: str = attrs.field(default="", repr=False)
    refresh: str | None = attrs.field(default=None, repr=False)
    refresh_expires_at: float = 0
    expires_at: float = 0


class GrantBook:
    """Codes, access tokens and refresh tokens of all users.

    Every token that was issued is remembered, so that telling a good one costs a look-up and no
    signature check; revoking it is forgetting it.
    """

    def __init__(self, options: IdentityOptions, now: Callable[[], float], key: SigningKey) -> None:
        self._options = options
        self._now = now
        self._key = key
        self._ids = count(1)
        self._codes: dict[str, _Code] = {}
        self._redeemed: dict[str, tuple[int, float]] = {}
        self._families: dict[int, _Family] = {}
        self._access: dict[str, _Access] = {}
        self._superseded: dict[str, _Access] = {}
        self._refresh: dict[str, int] = {}
        self._by_user: dict[str, set[int]] = {}

    def issue_code(self, grant: Grant, redirect_uri: str, challenge: str) -> str:
        """A code that buys tokens once, within its time (RFC 6749 4.1.2)."""
        self._forget_expired()
        code = random_text(128)
        self._codes[code] = _Code(grant, redirect_uri, challenge, self._now() + self._options.code_ttl_s)
        return code

    def redeem(
        self, code: str, client_id: str, redirect_uri: str, verifier: str, issuer: str
    ) -> IssuedTokens:
        """The tokens for a code. A code that comes twice takes back what it bought (RFC 6749 10.5).

        A code that was asked for without PKCE needs no verifier.

        Raises GrantError: `invalid_grant`.
        """
        if code in self._redeemed:
            self._end_family(self._redeemed[code][0])
            raise GrantError("invalid_grant", "The authorization code was used already.")
        held = self._codes.get(code)
        if held is None or held.grant.client_id != client_id:
            raise GrantError("invalid_grant", "The authorization code is unknown.")
        del self._codes[code]
        if held.expires_at <= self._now():
            raise GrantError("invalid_grant", "The authorization code has expired.")
        if held.redirect_uri != redirect_uri:
            raise GrantError("invalid_grant", "The redirect_uri is not that of the authorization request.")
        if held.challenge and not verifier:
            raise GrantError("invalid_request", "code_verifier is missing.")
        if held.challenge and not proves(verifier, held.challenge):
            raise GrantError("invalid_grant", "Invalid code_verifier.")
        self._forget_expired()
        number = next(self._ids)
        self._redeemed[code] = (number, self._now() + self._options.token_ttl_s)
        return self._issue(number, _Family(held.grant), held.grant, issuer)

    def refresh(self, token: str, client_id: str, scope: str | None, issuer: str) -> IssuedTokens:
        """New tokens for a refresh token; it and the access token of before buy nothing any more.

        Raises GrantError: `invalid_grant`, or `invalid_scope` when more is asked than was allowed.
        """
        number = self._refresh.get(token, 0)
        family = self._families.get(number)
        if family is None or family.grant.client_id != client_id:
            raise GrantError("invalid_grant", "The refresh token is unknown or was used already.")
        if family.refresh_expires_at <= self._now():
            self._end_family(number)
            raise GrantError("invalid_grant", "The refresh token has expired.")
        if scope is not None and not set(scope.split()) <= set(family.grant.scope.split()):
            raise GrantError("invalid_scope", "More is asked for than was allowed.")
        grant = family.grant if scope is None else attrs.evolve(family.grant, scope=scope)
        self._supersede(family)
        return self._issue(number, family, grant, issuer)

    def principal(self, token: str) -> Principal | None:
        """Whose access token this is, while it is good."""
        found = self.bearer(token)
        return None if found is None or found.is_superseded else found

    def bearer(self, token: str) -> Principal | None:
        """As `principal`, and also for a token that was refreshed before its time was over."""
        held = self._access.get(token) or self._superseded.get(token)
        return held.principal if held and held.principal.expires_at > self._now() else None

    def described(self, token: str) -> dict[str, object] | None:
        """A good access token in the words of RFC 7662 2.2."""
        if self.principal(token) is None:
            return None
        held = self._access[token]
        return {
            "active": True,
            "scope": held.grant.scope,
            "client_id": held.principal.client_id,
            "username": held.principal.uid,
            "token_type": "Bearer",
            "exp": math.floor(held.principal.expires_at),
            "iat": math.floor(held.issued_at),
            "sub": held.principal.uid,
            "aud": held.grant.audience,
        }

    def revoke(self, token: str, client_id: str | None = None) -> bool:
        """End an access token alone, or a refresh token with all that came from it (RFC 7009 2.1).

        `client_id` limits it to tokens of that client. Returns whether there was one.
        """
        held, number = self._access.get(token), self._refresh.get(token)
        if held is not None and client_id in (None, held.principal.client_id):
            del self._access[token]
            return True
        if number is not None and client_id in (None, self._families[number].grant.client_id):
            self._end_family(number)
            return True
        return False

    def forget_user(self, uid: str) -> None:
        self._codes = {code: held for code, held in self._codes.items() if held.grant.uid != uid}
        for number in list(self._by_user.get(uid, ())):
            self._end_family(number)
        self._superseded = {
            token: held for token, held in self._superseded.items() if held.principal.uid != uid
        }

    def forget_client(self, client_id: str) -> None:
        self._codes = {code: held for code, held in self._codes.items() if held.grant.client_id != client_id}
        its = [number for number, family in self._families.items() if family.grant.client_id == client_id]
        for number in its:
            self._end_family(number)

    def live_users(self) -> list[str]:
        """The users behind tokens that still buy something, one entry a login."""
        now = self._now()
        return [
            family.grant.uid
            for family in self._families.values()
            if self.principal(family.access) or (family.refresh and family.refresh_expires_at > now)
        ]

    def _issue(self, number: int, family: _Family, grant: Grant, issuer: str) -> IssuedTokens:
        now = self._now()
        self._end_family(number)
        principal = Principal(
            grant.uid,
            frozenset(grant.scope.split()),
            grant.client_id,
            now + self._options.token_ttl_s,
            grant.resource,
        )
        family.access, family.refresh = self._signed(principal, grant, issuer), None
        family.expires_at = principal.expires_at
        self._access[family.access] = _Access(principal, grant, now)
        if "offline_access" in family.grant.scope.split():
            family.refresh, family.refresh_expires_at = random_text(128), now + self._options.refresh_ttl_s
            family.expires_at = max(family.expires_at, family.refresh_expires_at)
            self._refresh[family.refresh] = number
        self._families[number] = family
        self._by_user.setdefault(grant.uid, set()).add(number)
        return IssuedTokens(grant, family.access, family.refresh)

    def _supersede(self, family: _Family) -> None:
        held = self._access.get(family.access)
        if held is not None:
            principal = attrs.evolve(held.principal, is_superseded=True)
            self._superseded[family.access] = attrs.evolve(held, principal=principal)

    def _signed(self, principal: Principal, grant: Grant, issuer: str) -> str:
        """An access token as RFC 9068 2.2 describes it."""
        claims = {
            "iss": issuer,
            "sub": principal.uid,
            "aud": grant.audience,
            "scope": grant.scope,
            "client_id": principal.client_id,
            "iat": math.floor(self._now()),
            "exp": math.floor(principal.expires_at),
            "jti": random_text(32),
        }
        return self._key.sign(claims, typ="at+jwt")

    def _end_family(self, number: int) -> None:
        family = self._families.pop(number, None)
        if family is not None:
            self._access.pop(family.access, None)
            self._refresh.pop(family.refresh or "", None)
            self._leave_user(family.grant.uid, number)

    def _leave_user(self, uid: str, number: int) -> None:
        own = self._by_user[uid]
        own.discard(number)
        if not own:
            del self._by_user[uid]

    def _forget_expired(self) -> None:
        """Amortised: these dicts are in the order of issue, and what is older expires first."""
        now = self._now()
        while self._codes and (code := next(iter(self._codes))) and self._codes[code].expires_at <= now:
            del self._codes[code]
        while self._redeemed and (code := next(iter(self._redeemed))) and self._redeemed[code][1] <= now:
            del self._redeemed[code]
        while self._superseded and (token := next(iter(self._superseded))):
            if self._superseded[token].principal.expires_at > now:
                break
            del self._superseded[token]
        while self._families and (number := next(iter(self._families))) and self._is_over(number):
            self._end_family(number)

    def _is_over(self, number: int) -> bool:
        return self._families[number].expires_at <= self._now()
