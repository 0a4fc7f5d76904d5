"""Finding out how the MCP server wants its users to log in, from what it says itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import httpx
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
)

from actors.errors import SetupError
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.greeting import MAX_REDIRECTS, greet, joined, named_metadata, wants_password
from actors.login.trust import Trust, origin_of, origin_text
from actors.text import harmless

STANDARD_SCOPES = ("openid", "profile", "email", "offline_access")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""One scope (RFC 6749, 3.3)."""
MAX_SCOPES = 200
Document = dict[str, Any]


@attrs.frozen
class AuthPlan:
    """Where users log in, and for what. Every address in it was held against the run's `Trust`.

    Attributes:
        issuer: of the authorization server.
        authorization_endpoint, token_endpoint, registration_endpoint: its URLs; the last may be None.
        scope: space-delimited, as advertised, with `offline_access`.
        resource: what tokens are for (RFC 8707); None where the server names none.
        why: how it was found, for the report.
        auth_methods: how clients may authenticate at the token endpoint; () where it does not say.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None
    scope: str
    resource: str | None
    why: str
    auth_methods: tuple[str, ...] = ()


async def discover(
    http: httpx.AsyncClient, mcp_url: str, nextcloud_url: str | None, trust: Trust | None = None
) -> AuthPlan | None:
    """Ask the MCP server, then its authorization server (RFC 9728, RFC 8414, OpenID Discovery).

    Where the MCP server names no authorization server, it is Nextcloud itself. None where it asks
    for no token: for nothing, or for a password. Raises SetupError when it cannot be reached,
    describes no login that we know, or one at a place that nobody agreed to.

    Args:
        trust: whom to believe; by default Nextcloud and the MCP server.
    """
    trust = trust or Trust(nextcloud_url, mcp_url)
    challenge = await greet(http, mcp_url)
    if challenge.status != 401 or wants_password(challenge):
        return None
    found = _Discovery(http, mcp_url, trust)
    protected = await found.protected_resource(named_metadata(challenge))
    if protected is not None:
        server = _server_of(protected, trust)
        resource, why = str(protected["resource"]), "the MCP server's protected-resource metadata"
    elif nextcloud_url is not None:
        server, resource, why = nextcloud_url, None, "Nextcloud's OpenID configuration"
    else:
        raise SetupError(f"{mcp_url} asks for a login but does not say where: set NEXTCLOUD_HOST")
    metadata = await found.authorization_server(server)
    return _plan(metadata, protected or {}, resource, why)


def _plan(metadata: Document, protected: Document, resource: str | None, why: str) -> AuthPlan:
    supported = scopes(metadata.get("scopes_supported"))
    asked = scopes(protected.get("scopes_supported")) or supported
    offered = supported or STANDARD_SCOPES
    wanted = [*(scope for scope in STANDARD_SCOPES if scope in offered), *asked]
    return AuthPlan(
        issuer=metadata["issuer"],
        authorization_endpoint=metadata["authorization_endpoint"],
        token_endpoint=metadata["token_endpoint"],
        registration_endpoint=metadata.get("registration_endpoint") or None,
        scope=" ".join(dict.fromkeys(wanted)),
        resource=resource,
        why=why,
        auth_methods=scopes(metadata.get("token_endpoint_auth_methods_supported")),
    )


def _server_of(protected: Document, trust: Trust) -> str:
    """The first of the authorization servers that is agreed to. Raises SetupError."""
    servers: list[str] = protected["authorization_servers"]
    for server in servers:
        if trust.may_visit(server):
            return server
    trust.check_authorization_server(servers[0])
    return servers[0]


class _Discovery:
    """Asks at one address after the other until one of them has the document."""

    def __init__(self, http: httpx.AsyncClient, mcp_url: str, trust: Trust) -> None:
        self._http = http
        self._mcp_url = mcp_url
        self._trust = trust
        self._tried: list[str] = []
        self._is_unknown = False

    async def protected_resource(self, named: str | None) -> Document | None:
        """None where the server has none, and says so at each address; else SetupError."""
        urls = build_protected_resource_metadata_discovery_urls(named, self._mcp_url)
        # One that was named is there: that it cannot be had is no "there is none".
        self._tried, self._is_unknown = [], named is not None
        document = await self._first(urls, self._why_no_resource)
        if document is None and self._is_unknown:
            raise SetupError(
                f"where the users of {self._mcp_url} log in cannot be found out: {'; '.join(self._tried)}"
            )
        return document

    async def authorization_server(self, server: str) -> Document:
        """Its metadata. Raises SetupError."""
        self._tried = []
        urls = build_oauth_authorization_server_metadata_discovery_urls(server, self._mcp_url)
        document = await self._first(urls, why_no_metadata)
        if document is None:
            raise SetupError(f"{harmless(server)} describes no OAuth login: {'; '.join(self._tried)}")
        issuer = document["issuer"]
        self._trust.check_issuer(issuer, server)
        for name in ("authorization_endpoint", "token_endpoint", "registration_endpoint"):
            if document.get(name):
                self._trust.check_endpoint(document[name], issuer, f"the {name}")
        return document

    def _why_no_resource(self, document: Document) -> str:
        servers = document.get("authorization_servers")
        if not isinstance(document.get("resource"), str) or not document["resource"]:
            return "no protected-resource metadata: it has no 'resource' (RFC 9728)"
        if not isinstance(servers, list) or not servers or not all(isinstance(s, str) for s in servers):
            return "no protected-resource metadata: it names no 'authorization_servers' (RFC 9728)"
        why = self._trust.why_other_resource(document["resource"])
        self._is_unknown = self._is_unknown or bool(why)
        return why

    async def _first(self, urls: Sequence[str], why_not: Callable[[Document], str]) -> Document | None:
        for url in urls:
            document = await self._fetch(url)
            if isinstance(document, dict):
                document = why_not(document) or document
            if isinstance(document, dict):
                return document
            self._tried.append(f"{harmless(url, 120)}: {document}")
        return None

    async def _fetch(self, url: str) -> Document | str:
        """The document at `url`, or why there is none. Redirects are followed where they may lead."""
        if not self._may_ask(url, url):
            return f"not asked, since it is at another server ({origin_text(url)})"
        at = url
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = await ask(self._http, "GET", at, headers={"Accept": "application/json"})
            except NoAnswer as error:
                self._is_unknown = True
                return str(error)
            if not reply.location:
                return self._read(reply)
            at = joined(at, reply.location)
            if not self._may_ask(at, url):
                self._is_unknown = True
                return f"it redirects to another server ({origin_text(at)})"
        return "it redirects again and again"

    def _may_ask(self, url: str, first: str) -> bool:
        """Whether a document from `url` may be believed: never unencrypted after it was encrypted."""
        return self._trust.may_visit(url) and not (first.startswith("https:") and url.startswith("http:"))

    def _read(self, reply: Reply) -> Document | str:
        if reply.status != 200:
            self._is_unknown = self._is_unknown or reply.status >= 500 or reply.status == 429
            return describe(reply)
        document = reply.document
        return "HTTP 200, and no JSON object" if document is None else document


def why_no_metadata(document: Document) -> str:
    """Why this is no authorization server's metadata (RFC 8414, 2); "" where it is."""
    for name in ("issuer", "authorization_endpoint", "token_endpoint"):
        value = document.get(name)
        if not isinstance(value, str) or origin_of(value) is None:
            return f"no authorization server metadata: {name!r} is no address (RFC 8414)"
    registration = document.get("registration_endpoint")
    if registration is not None and (not isinstance(registration, str) or origin_of(registration) is None):
        return "no authorization server metadata: 'registration_endpoint' is no address (RFC 8414)"
    return ""


def scopes(value: object) -> tuple[str, ...]:
    """The words in a list of scopes (or methods) that are such; none where it is no list."""
    if not isinstance(value, list):
        return ()
    return tuple(word for word in value[:MAX_SCOPES] if isinstance(word, str) and SCOPE.fullmatch(word))
