"""What a user allowed a client, in itself: values that the books of codes and tokens are kept of."""

from __future__ import annotations

import base64
import hashlib
import re

import attrs

from sim.standin.identity.web import same_text

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class GrantError(Exception):
    """A code or token that buys nothing. The argument says why; `error` is the code of RFC 6749 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@attrs.frozen
class Grant:
    """What one user allowed one client.

    Attributes:
        scope: as one string, in the order in which it was asked for.
        resource: the API that the token is for (RFC 8707); "" when none was named.
        nonce: goes into the ID token, so that a client knows its own request again.
        auth_time: when the user logged in or consented, epoch seconds.
    """

    uid: str
    client_id: str
    scope: str
    resource: str
    nonce: str
    auth_time: float

    @property
    def audience(self) -> str:
        """Whom its access tokens are for: the resource, or the client where none was named."""
        return self.resource or self.client_id


@attrs.frozen
class IssuedTokens:
    """What the token endpoint hands out; `refresh` is None without `offline_access`."""

    grant: Grant
    access: str = attrs.field(repr=False)
    refresh: str | None = attrs.field(repr=False)


def proves(verifier: str, challenge: str) -> bool:
    """Whether a client that shows `verifier` is the one that asked (S256 of RFC 7636 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return same_text(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
