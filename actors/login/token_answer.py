"""Answers of a token endpoint (RFC 6749, 5), whatever shape they have."""

from __future__ import annotations

import math
import re

import attrs

from actors.login.fetch import Reply, describe
from actors.secret import Secret

DEFAULT_LIFE_S = 900.0
"""For a server that does not say, or says nonsense."""
MAX_LIFE_S = 30 * 86_400.0
MIN_LIFE_S = 1.0
"""Tokens that live shorter would be asked for without a pause."""
# What may stand in a header of the Bearer scheme (RFC 6750, 2.1): no blank, no line break.
ACCESS_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
REFRESH_TOKEN = re.compile(r"[\x20-\x7e]+")
MAX_CHARACTERS = 100_000


@attrs.frozen
class TokenAnswer:
    """What a token endpoint gave. `refresh_token` None: none, the one before stays good (RFC 6749, 6)."""

    access_token: Secret
    refresh_token: Secret | None
    life_s: float


class NotGranted(Exception):
    """No tokens. `str()` says why, harmlessly.

    Attributes:
        is_final: the server has said that what was shown is not good; else it may be asked again.
        retry_after_s: when it wants to be asked again, None where it does not say.
    """

    def __init__(self, why: str, *, is_final: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.is_final = is_final
        self.retry_after_s = retry_after_s


def read_tokens(reply: Reply) -> TokenAnswer:
    """The tokens in an answer. Raises NotGranted."""
    document = reply.document
    if not 200 <= reply.status < 300:
        refuses = reply.status in (400, 401) and document is not None
        is_final = refuses and isinstance((document or {}).get("error"), str)
        raise NotGranted(describe(reply), is_final=is_final, retry_after_s=reply.retry_after_s)
    if document is None:
        raise NotGranted(f"answered HTTP {reply.status} without a JSON object")
    access, refresh = document.get("access_token"), document.get("refresh_token")
    if not access:
        raise NotGranted(f"answered no 'access_token' (HTTP {reply.status}; it has {names(document)})")
    if not is_text(access, ACCESS_TOKEN):
        raise NotGranted("its 'access_token' is none that can be shown (RFC 6750, 2.1)")
    if refresh and not is_text(refresh, REFRESH_TOKEN):
        raise NotGranted("its 'refresh_token' is none (RFC 6749, A.17)")
    kind = document.get("token_type", "bearer")
    if kind is not None and (not isinstance(kind, str) or kind.lower() != "bearer"):
        raise NotGranted("its 'token_type' is not 'bearer'")
    life_s = life_of(document.get("expires_in"))
    return TokenAnswer(Secret(access), Secret(refresh) if refresh else None, life_s)


def is_text(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and len(value) <= MAX_CHARACTERS and bool(pattern.fullmatch(value))


def names(document: dict[str, object]) -> str:
    """Which of the known fields are there: those of others may be anything."""
    known = ("error", "id_token", "token_type", "expires_in", "refresh_token", "scope")
    return ", ".join(name for name in known if name in document) or "no field of a token answer"


def life_of(expires_in: object) -> float:
    """Seconds that an access token lives, from `expires_in`, however absurd."""
    if isinstance(expires_in, str):
        try:
            expires_in = float(expires_in[:30])
        except ValueError:
            return DEFAULT_LIFE_S
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return DEFAULT_LIFE_S
    if expires_in != expires_in or expires_in <= 0:
        return DEFAULT_LIFE_S
    # Compared before it is converted: an integer may be too large for a float.
    life_s = MAX_LIFE_S if expires_in > MAX_LIFE_S else max(MIN_LIFE_S, float(expires_in))
    assert math.isfinite(life_s)
    return life_s
