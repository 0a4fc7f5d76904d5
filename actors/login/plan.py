"""Finding out how the MCP server wants its users to log in, from what it says itself."""

from __future__ import annotations

import re
from typing import Any, cast

import attrs
import httpx
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    extract_resource_metadata_from_www_auth,
)
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_PROTOCOL_VERSION_HEADER
from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY
from mcp_types.version import LATEST_MODERN_VERSION
from pydantic import ValidationError

from actors.errors import SetupError
from actors.failures import reason_of
from actors.protocol import REFUSED_GREETING

STANDARD_SCOPES = ("openid", "profile", "email", "offline_access")
SCHEME = re.compile(r"(?:^|,)\s*(basic|bearer)\b", re.IGNORECASE)
"""Of a challenge (RFC 9110, 11.6.1); several may stand in one header."""
QUOTED = re.compile(r'"[^"]*"')
CLIENT = {"name": "nextcloud-mcp-simulate", "version": "1"}
ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": CLIENT},
}
DISCOVER = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "server/discover",
    "params": {
        "_meta": {
            PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
            CLIENT_INFO_META_KEY: CLIENT,
            CLIENT_CAPABILITIES_META_KEY: {},
        }
    },
}
GREETINGS: tuple[tuple[object, dict[str, str]], ...] = (
    (INITIALIZE, ACCEPT),
    (
        DISCOVER,
        {
            **ACCEPT,
            MCP_PROTOCOL_VERSION_HEADER: LATEST_MODERN_VERSION,
            MCP_METHOD_HEADER: "server/discover",
        },
    ),
)
"""How a client begins, in the old generation of the protocol and in the new one: message and headers."""


@attrs.frozen
class AuthPlan:
    """Where users log in, and for what.

    Attributes:
        issuer: of the authorization server.
        authorization_endpoint, token_endpoint, registration_endpoint: its URLs; the last may be None.
        scope: space-delimited, as advertised, with `offline_access`.
        resource: what tokens are for (RFC 8707); None where the server names none.
        why: how it was found, for the report.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None
    scope: str
    resource: str | None
    why: str


async def discover(http: httpx.AsyncClient, mcp_url: str, nextcloud_url: str | None) -> AuthPlan | None:
    """Ask the MCP server, then its authorization server (RFC 9728, RFC 8414, OpenID Discovery).

    Where the MCP server names no authorization server, it is Nextcloud itself. None where it asks
    for no token: for nothing, or for a password. Raises SetupError when it cannot be reached, or
    describes no login that we know.
    """
    challenge = await _challenge(http, mcp_url)
    if challenge.status_code != 401 or wants_password(challenge):
        return None
    protected = await _protected_resource(http, mcp_url, challenge)
    if protected is not None:
        server = str(protected.authorization_servers[0])
        resource, why = str(protected.resource), "the MCP server's protected-resource metadata"
    elif nextcloud_url is not None:
        server, resource, why = nextcloud_url, None, "Nextcloud's OpenID configuration"
    else:
        raise SetupError(f"{mcp_url} asks for a login but does not say where: set NEXTCLOUD_HOST")
    metadata = await _authorization_server(http, server, mcp_url)
    scopes = (protected.scopes_supported if protected else None) or metadata.scopes_supported or []
    offered = metadata.scopes_supported or list(STANDARD_SCOPES)
    wanted = [*(scope for scope in STANDARD_SCOPES if scope in offered), *scopes]
    registration = metadata.registration_endpoint
    return AuthPlan(
        issuer=str(metadata.issuer),
        authorization_endpoint=str(metadata.authorization_endpoint),
        token_endpoint=str(metadata.token_endpoint),
        registration_endpoint=str(registration) if registration else None,
        scope=" ".join(dict.fromkeys(wanted)),
        resource=resource,
        why=why,
    )


def wants_password(challenge: httpx.Response) -> bool:
    """Whether a 401 asks for the Basic scheme (RFC 7617), and for no token besides."""
    offers = QUOTED.sub("", challenge.headers.get("www-authenticate", ""))
    schemes = {name.lower() for name in SCHEME.findall(offers)}
    return "basic" in schemes and "bearer" not in schemes


async def _challenge(http: httpx.AsyncClient, mcp_url: str) -> httpx.Response:
    """Its answer to a greeting that shows no token. Raises SetupError."""
    status = 0
    for message, headers in GREETINGS:
        try:
            response = await http.post(mcp_url, json=message, headers=headers, follow_redirects=True)
        except (httpx.TransportError, httpx.TooManyRedirects) as error:
            raise SetupError(f"cannot reach the MCP server at {mcp_url}: {reason_of(error)}") from error
        if response.status_code == 401 or response.status_code < 400:
            return response
        status = status or response.status_code
        if status not in REFUSED_GREETING:
            break
    raise SetupError(f"{mcp_url} answered HTTP {status}: is this the URL of an MCP endpoint?")


async def _protected_resource(
    http: httpx.AsyncClient, mcp_url: str, challenge: httpx.Response
) -> ProtectedResourceMetadata | None:
    named = extract_resource_metadata_from_www_auth(cast("Any", challenge))
    for url in build_protected_resource_metadata_discovery_urls(named, mcp_url):
        response = await http.get(url)
        if response.status_code == 200:
            try:
                return ProtectedResourceMetadata.model_validate_json(response.content)
            except ValidationError as error:
                raise SetupError(f"{url}: not valid protected-resource metadata (RFC 9728)") from error
    return None


async def _authorization_server(http: httpx.AsyncClient, server: str, mcp_url: str) -> OAuthMetadata:
    urls = build_oauth_authorization_server_metadata_discovery_urls(server, mcp_url)
    for url in urls:
        try:
            response = await http.get(url)
        except httpx.TransportError as error:
            raise SetupError(f"cannot reach the authorization server at {url}: {error}") from error
        if response.status_code == 200:
            try:
                return OAuthMetadata.model_validate_json(response.content)
            except ValidationError as error:
                raise SetupError(f"{url}: not valid authorization server metadata (RFC 8414)") from error
    raise SetupError(f"{server} describes no OAuth login: nothing at {', '.join(urls)}")
