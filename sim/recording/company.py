"""Who is who among those that speak through the proxy.

A session is one person's. Sessions with credentials of one subject are the same person's too, as are
those with the same token where nobody can read a subject in it. Of credentials no more than a hash is
kept to tell people apart, and they themselves only as long as the person may show them, to leave them out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence

import attrs

from actors.json_text import read_json
from actors.text import harmless
from sim.recording.hiding import is_secret_key

Headers = Sequence[tuple[bytes, bytes]]

MAX_KEYS = 100_000
"""Sessions and subjects that are remembered."""
MAX_SECRETS = 32
"""Of one person: tokens are renewed."""
MAX_NAME_LENGTH = 128
MAX_PROGRAMS = 10
"""Of one person, that are noted."""


@attrs.define(eq=False)
class Member:
    """One person, as far as is known. `who` is how the recording names them; `also`: their other programs."""

    who: str
    name: str | None = None
    client: str | None = None
    protocol: str | None = None
    server: str | None = None
    also: tuple[str, ...] = ()
    secrets: deque[str] = attrs.field(factory=lambda: deque(maxlen=MAX_SECRETS), repr=False)


@attrs.frozen
class ShownCredentials:
    """What a request shows. `key` tells people apart; `name`: whom they name, if anybody."""

    key: str = ""
    name: str | None = None
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)


class Acquaintances:
    """Everybody who was met.

    Args:
        met: told each who is new, or of whom more has become known.
    """

    def __init__(self, met: Callable[[Member], None]) -> None:
        self._met = met
        self._by_key: OrderedDict[str, Member] = OrderedDict()
        self.size = 0

    def member(self, session: str, shown: ShownCredentials, client: str = "", agent: str = "") -> Member:
        """Whose request this is. Without session and credentials it is somebody with this client, or, where
        the request does not name it, whoever was met first with this program (User-Agent)."""
        keys = [f"session {session}"] if session else []
        keys += [shown.key] if shown.key else []
        if not keys:
            return self._stranger(client, agent)
        found = next((self._by_key[key] for key in keys if key in self._by_key), None)
        if found is None:
            found = self._new(shown.name)
        for key in keys:
            self._by_key.setdefault(key, found)
        while len(self._by_key) > MAX_KEYS:
            self._by_key.popitem(last=False)
        for secret in shown.secrets:
            if secret not in found.secrets:
                found.secrets.append(secret)
        if found.name is None and shown.name is not None:
            self.learn(found, name=shown.name)
        return found

    def _stranger(self, client: str, agent: str) -> Member:
        keys = [f"client {client}", f"agent {agent}"] if client else [f"agent {agent}"]
        found = self._by_key.get(keys[0])
        if found is None:
            found = self._new(None)
        for key in keys:
            self._by_key.setdefault(key, found)
        return found

    def _new(self, name: str | None) -> Member:
        self.size += 1
        member = Member(f"p{self.size}", name)
        self._met(member)
        return member

    def learn(self, member: Member, **facts: str | None) -> None:
        """More of them has become known; what is known already stays."""
        news = {key: fact for key, fact in facts.items() if fact and getattr(member, key) is None}
        for key, fact in news.items():
            setattr(member, key, harmless(str(fact), MAX_NAME_LENGTH))
        another = harmless(facts.get("client") or "", MAX_NAME_LENGTH)
        is_new = another not in ("", member.client, *member.also) and len(member.also) < MAX_PROGRAMS
        if is_new:
            member.also = (*member.also, another)
        if news or is_new:
            self._met(member)


def credentials_in(headers: Headers) -> ShownCredentials:
    """What these headers of a request show."""
    key, name, secrets = "", None, []
    for header, value in headers:
        lower, text = header.lower().decode("latin-1"), value.decode("latin-1").strip()
        if lower == "authorization":
            scheme, _, rest = text.partition(" ")
            token = rest.strip() or scheme
            name = _user_of(scheme.lower(), token)
            key = hashlib.sha256(repr(name or token).encode()).hexdigest()
            secrets += [token, *_password(scheme.lower(), token)]
        elif lower == "cookie":
            secrets += [part.partition("=")[2].strip() for part in text.split(";")]
        elif is_secret_key(lower):
            secrets.append(text)
    # A password that is the user's name hides nothing, and would hide the name everywhere.
    return ShownCredentials(key, name, tuple(secret for secret in secrets if secret not in ("", name)))


def _user_of(scheme: str, token: str) -> str | None:
    """Whom the credentials name: the user of RFC 7617, or the subject of a JWT (RFC 7519), unproven."""
    if scheme == "basic":
        name = _basic(token).partition(":")[0]
        return harmless(name, MAX_NAME_LENGTH) or None
    try:
        claims = read_json(_decoded(token.split(".")[1]))
    except (IndexError, ValueError):
        return None
    if not isinstance(claims, dict):
        return None
    named = (claims.get(claim) for claim in ("preferred_username", "sub"))
    return next((harmless(name, MAX_NAME_LENGTH) for name in named if isinstance(name, str) and name), None)


def _password(scheme: str, token: str) -> Iterator[str]:
    if scheme == "basic":
        yield _basic(token).partition(":")[2]


def _basic(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
