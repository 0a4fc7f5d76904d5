"""OAuth clients: those that registered themselves, and those that an administrator set up."""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

import attrs

from sim.standin.identity.web import BasicCredentials, same_text

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen
class RegisteredClient:
    """A program that acts for users.

    Attributes:
        secret: "" for a public client, which PKCE alone protects.
        allowed_scopes: what it may ask for; anything when empty.
        resource_url: the API that it is itself, when it is one: it may introspect tokens for that.
        issued_at, expires_at: epoch seconds; `expires_at` is infinite for one that did not register itself.
        registration_token: with it the client reads and removes its own registration (RFC 7592).
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret: str = attrs.field(default="", repr=False)
    allowed_scopes: tuple[str, ...] = ()
    resource_url: str = ""
    issued_at: float = 0
    expires_at: float = math.inf
    registration_token: str = attrs.field(default="", repr=False)

    @property
    def is_public(self) -> bool:
        return not self.secret

    def accepts_redirect(self, uri: str) -> bool:
        """Exactly one of its own; the port of a loopback address may vary (RFC 8252 7.3)."""
        return any(uri == own or _same_but_port(own, uri) for own in self.redirect_uris)

    def narrow(self, scope: str) -> str:
        """The asked scopes that it may have, in their order and each once."""
        asked = dict.fromkeys(scope.split())
        return " ".join(one for one in asked if not self.allowed_scopes or one in self.allowed_scopes)

    def accepts_secret(self, secret: str) -> bool:
        return not self.is_public and same_text(self.secret, secret)


class Clients:
    """All clients. One that registered itself goes when its time is over.

    Args:
        now: epoch seconds.
        on_removed: told the id of every client that goes, so that its tokens go too.
    """

    def __init__(self, now: Callable[[], float], on_removed: Callable[[str], None]) -> None:
        self._now = now
        self._on_removed = on_removed
        self._by_id: dict[str, RegisteredClient] = {}

    def add(self, client: RegisteredClient) -> None:
        self._by_id[client.client_id] = client

    def get(self, client_id: str) -> RegisteredClient | None:
        client = self._by_id.get(client_id)
        if client is not None and client.expires_at <= self._now():
            self.remove(client_id)
            return None
        return client

    def remove(self, client_id: str) -> None:
        if self._by_id.pop(client_id, None) is not None:
            self._on_removed(client_id)

    def authenticated(self, given: BasicCredentials) -> RegisteredClient | None:
        """The client of these credentials, if the secret is right; a public client has none to give."""
        client = self.get(given.name)
        return client if client and client.accepts_secret(given.password) else None

    def all(self) -> list[RegisteredClient]:
        """Everyone whose time is not over."""
        return [client for key in list(self._by_id) if (client := self.get(key))]

    def registered(self) -> int:
        """How many registered themselves."""
        return sum(client.expires_at < math.inf for client in self.all())


def is_redirect_uri(uri: object) -> bool:
    """Absolute and without a fragment (RFC 6749 3.1.2)."""
    parts = _parsed(uri) if isinstance(uri, str) else None
    return parts is not None and bool(parts.scheme and (parts.netloc or parts.path)) and not parts.fragment


def _same_but_port(own: str, uri: str) -> bool:
    left, right = _parsed(own), _parsed(uri)
    if left is None or right is None or left.hostname not in _LOOPBACK or left.scheme != "http":
        return False
    return _without_port(left) == _without_port(right)


def _without_port(parts: SplitResult) -> tuple[str | None, ...]:
    return (
        parts.scheme,
        parts.username,
        parts.password,
        parts.hostname,
        parts.path,
        parts.query,
        parts.fragment,
    )


def _parsed(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # a port that is no number is found out here only
    except ValueError:
        return None
    return parts
