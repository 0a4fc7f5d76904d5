"""Which origins may be told a secret: those that the person named, whatever a server says.

An MCP server names the authorization server, that one names its endpoints, these redirect to login
pages, and pages name where their forms go. Each of these addresses comes from somebody who may be an
adversary (RFC 9700, 4.4; RFC 9728, 7.6 and 7.7), so each is held against what the person has said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs

from actors.errors import SetupError
from actors.text import harmless

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454, 4)."""

PORTS = {"http": 80, "https": 443}
# Only what every parser reads alike: no user info, no backslash, no white space, nothing beyond ASCII.
PLAIN_URL = re.compile(
    r"(?i:https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:[/?#][!-~]*)?"
)


def origin_of(url: str) -> Origin | None:
    """The origin of an http(s) address; None for anything that two parsers might read differently."""
    if "\\" in url or not (found := PLAIN_URL.fullmatch(url)):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if port == 0:
        return None
    return parts.scheme, found["host"].lower(), port or PORTS[parts.scheme]


def origin_text(url: str) -> str:
    """The origin as it is written, harmless; the whole (shortened) text where there is none."""
    origin = origin_of(url)
    if origin is None:
        return harmless(repr(url), 80)
    scheme, host, port = origin
    return f"{scheme}://{host}" + ("" if PORTS[scheme] == port else f":{port}")


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host does not leave the machine."""
    bare = host.strip("[]").lower().rstrip(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def is_in_the_clear(url: str) -> bool:
    """Whether others on the way can read what is sent there: plain http, and not to this machine."""
    origin = origin_of(url)
    return origin is not None and origin[0] == "http" and not is_loopback(origin[1])


@attrs.frozen
class Trust:
    """What the person who started the run has said of origins.

    Users' passwords are typed into pages of `nextcloud_url` and of `login_origins` alone. The MCP
    server may be an authorization server at its own origin: then client, codes and tokens are its own,
    and pages there are passed through, but no password is typed into them.

    Args:
        nextcloud_url: NEXTCLOUD_HOST; None where it is not known.
        mcp_url: the MCP server.
        login_origins: further origins that passwords may be typed into (`--login-origin`).
        plain_http: secrets may travel in the clear (`--plain-http`).
    """

    nextcloud_url: str | None
    mcp_url: str
    login_origins: tuple[str, ...] = ()
    plain_http: bool = False

    def takes_passwords(self, url: str) -> bool:
        """Whether a user's password may be typed into a page of, and sent to, this address."""
        return origin_of(url) in self._own and not self._is_unencrypted(url)

    def may_visit(self, url: str) -> bool:
        """Whether a login may pass through this address."""
        known = self._own | {origin_of(self.mcp_url)} - {None}
        return origin_of(url) in known and not self._is_unencrypted(url)

    def why_no_password(self, url: str) -> str:
        """Why no password is typed there, and what to say if it is right; "" where it may be."""
        if self.takes_passwords(url):
            return ""
        if self._is_unencrypted(url):
            return (
                f"{origin_text(url)} is not encrypted, and is not {self._named}: no password goes there "
                "without --plain-http"
            )
        return f"{origin_text(url)} asks for the password, and is not {self._named}; {self._advice(url)}"

    def why_no_visit(self, url: str) -> str:
        """Why a login does not go there; "" where it may."""
        if self.may_visit(url):
            return ""
        if self._is_unencrypted(url):
            return f"it leads to {origin_text(url)}, which is not encrypted (--plain-http allows it)"
        return (
            f"it leads to {origin_text(url)}, which is neither {self._named} nor the MCP server; "
            f"{self._advice(url)}"
        )

    def check(self, url: str) -> None:
        """Raises SetupError where no password may be typed into a page of this address."""
        if why := self.why_no_password(url):
            raise SetupError(why)

    def check_authorization_server(self, url: str) -> None:
        """Raises SetupError where users may not be sent to this authorization server."""
        if why := self.why_no_visit(url):
            raise SetupError(f"the MCP server at {harmless(self.mcp_url)} sends logins elsewhere: {why}")

    def check_issuer(self, issuer: str, identifier: str) -> None:
        """Raises SetupError where metadata of `identifier` is of another issuer (RFC 8414, 3.3)."""
        if same_address(issuer, identifier):
            return
        origins = {origin_of(issuer), origin_of(identifier)}
        if len(origins) == 2 and origins <= self._own:
            # Two names of one server, and the person knows both.
            return
        raise SetupError(
            f"the authorization server at {harmless(identifier)} calls itself {harmless(issuer, 120)}, "
            f"which is another one; set NEXTCLOUD_HOST (or --url) to that address if it is meant, or "
            + self._advice(issuer)
        )

    def check_endpoint(self, url: str, issuer: str, what: str) -> None:
        """Raises SetupError where an endpoint of `issuer` is not its own, and nobody has agreed to it.

        An authorization server of the person's own may use their other origins; one that the MCP server
        runs has its own origin only: else a code for one server would be shown to another.
        """
        mine = self._own if origin_of(issuer) in self._own else frozenset({origin_of(issuer)} - {None})
        if origin_of(url) not in mine:
            raise SetupError(
                f"{what} of {harmless(issuer)} is at {origin_text(url)}, another origin; {self._advice(url)}"
            )
        if self._is_unencrypted(url) or (issuer.startswith("https:") and not url.startswith("https:")):
            raise SetupError(f"{what} of {harmless(issuer)} is not encrypted: {origin_text(url)}")

    def why_other_resource(self, resource: str) -> str:
        """Why tokens for `resource` are not for the MCP server (RFC 9728, 3.3); "" where they are."""
        if is_below(self.mcp_url, resource):
            return ""
        if origin_of(resource) in {origin_of(url) for url in self.login_origins}:
            return ""
        return (
            f"the server at {harmless(self.mcp_url)} calls itself {harmless(resource, 120)}, and tokens for "
            f"that are not for this one; say --url {harmless(resource, 120)}, or {self._advice(resource)}"
        )

    @property
    def _own(self) -> frozenset[Origin]:
        urls = (*self.login_origins, *([self.nextcloud_url] if self.nextcloud_url else []))
        return frozenset(origin for url in urls if (origin := origin_of(url)) is not None)

    @property
    def _named(self) -> str:
        where = origin_text(self.nextcloud_url) if self.nextcloud_url else "not set"
        return f"NEXTCLOUD_HOST ({where})"

    def _advice(self, url: str) -> str:
        return f"if that is right, say --login-origin {origin_text(url)}"

    def _is_unencrypted(self, url: str) -> bool:
        """Whether this address would give away what the person expects to be encrypted."""
        if not is_in_the_clear(url) or self.plain_http:
            return False
        # Nextcloud and the MCP server themselves were asked about when the run was configured.
        return origin_of(url) not in origins_of(filter(None, (self.nextcloud_url, self.mcp_url)))


def origins_of(urls: Iterable[str]) -> frozenset[Origin]:
    return frozenset(origin for url in urls if (origin := origin_of(url)) is not None)


def same_address(one: str, other: str) -> bool:
    """Whether two identifiers are the same but for case of the host, a usual port, a last `/`."""
    origin = origin_of(one)
    return (
        origin is not None
        and origin == origin_of(other)
        and urlsplit(one).path.rstrip("/") == urlsplit(other).path.rstrip("/")
        and urlsplit(one)[3:] == urlsplit(other)[3:]
    )


def is_below(url: str, parent: str) -> bool:
    """Whether `url` is `parent` or lies below it, at the same origin."""
    origin = origin_of(url)
    if origin is None or origin != origin_of(parent):
        return False
    return (urlsplit(url).path.rstrip("/") + "/").startswith(urlsplit(parent).path.rstrip("/") + "/")


def is_at(url: str, redirect_uri: str) -> bool:
    """Whether `url` is this redirect URI, with the answer as its query (RFC 6749, 3.1.2; RFC 9700, 2.1)."""
    origin = origin_of(url)
    return (
        origin is not None
        and origin == origin_of(redirect_uri)
        and urlsplit(url).path == urlsplit(redirect_uri).path
    )
