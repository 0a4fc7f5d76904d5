"""Who gets in: decided before any handler sees a request, by its headers alone.

A page on loopback is reachable by every page that the person's browser has open. So: the exact Host and
port (a name that is made to point here, DNS rebinding, has another one), a token that only the printed
address has, which becomes a cookie that no script and no other site can use (RFC 6265bis, 5.2), and for
what acts also the page's own Origin and a header that no form can send (Fetch, CORS-preflight).

Whoever reads the figures again and again, as Prometheus does, has a token of their own, that opens nothing
else. It comes in a header (RFC 6750, 2.1) that browsers never add by themselves, so that there any Host will
do.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from ipaddress import ip_address

import attrs

from actors.secret import Secret

TOKEN_BYTES = 16
ACTS = "x-simulate"
"""The header of requests that act. Another origin cannot send it without being allowed to, and none is."""
METRICS = "/metrics"
MAX_AGE_S = 86_400
POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every answer. What the page itself may run is said in it, by hashes; both policies hold."""


@attrs.frozen
class Refusal:
    """What a request is answered that gets no further."""

    status: int
    text: str


@attrs.frozen
class Gate:
    """Of one page.

    Attributes:
        host: the address that it listens at; `port` likewise.
        token: stands once in the address that the person is told, and then in the cookie.
        scrape: the token of whoever may read the figures, and nothing else; None: nobody has one.
    """

    host: str
    port: int
    token: str = attrs.field(factory=lambda: secrets.token_urlsafe(TOKEN_BYTES), repr=False)
    scrape: Secret | None = None

    @property
    def is_local(self) -> bool:
        """Whether it can be reached from this machine alone."""
        return ip_address(self.host).is_loopback

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"http://{self._shown}:{self.port}/?t={self.token}"

    @property
    def cookie_name(self) -> str:
        """Cookies know no ports: each page on this machine has its own."""
        return f"simulate_{self.port}"

    @property
    def cookie(self) -> str:
        """For Set-Cookie."""
        return f"{self.cookie_name}={self.token}; Max-Age={MAX_AGE_S}; Path=/; HttpOnly; SameSite=Strict"

    @property
    def _shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def check(
        self, method: str, path: str, headers: Mapping[str, str], query_token: str, cookie: str
    ) -> Refusal | None:
        """None: it may pass. `headers` by names in lower case."""
        if (
            path == METRICS
            and method in ("GET", "HEAD")
            and self._may_scrape(headers.get("authorization", ""))
        ):
            return None
        host = headers.get("host")
        if host is None:
            return Refusal(400, "no Host")
        if not self._is_ours(host):
            return Refusal(421, "not the host that this page is at")
        if method not in ("GET", "HEAD", "POST"):
            return Refusal(405, "no such method")
        if method == "POST":
            return self._check_act(host, headers, cookie)
        if self._is_token(cookie) or self._is_token(query_token):
            return None
        return Refusal(401, "open the whole address that the run has printed")

    def _check_act(self, host: str, headers: Mapping[str, str], cookie: str) -> Refusal | None:
        if not self._is_token(cookie):
            return Refusal(401, "open the whole address that the run has printed")
        if headers.get("origin") != f"http://{host}" or headers.get(ACTS) != "1":
            return Refusal(403, "from another page")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Refusal(403, "from another page")
        return None

    def _may_scrape(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        if self.scrape is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(token.strip().encode(), self.scrape.reveal().encode())

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _is_ours(self, host: str) -> bool:
        """On loopback its own names; elsewhere any address, but no name: those can be made to point here."""
        if self.is_local:
            return host.lower() in {f"{name}:{self.port}" for name in (self._shown, "localhost")}
        name, _, port = host.rpartition(":")
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return False
        return port == str(self.port)
