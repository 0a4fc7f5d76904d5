"""The first question to an MCP server, which shows no token: what does it ask of its users?"""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

from actors.errors import SetupError
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.trust import origin_of, origin_text
from actors.protocol import REFUSED_GREETING
from actors.text import harmless
from actors.version import CLIENT_NAME, client_version

MAX_REDIRECTS = 5
SCHEME = re.compile(r"(?:^|,)\s*(basic|bearer)\b", re.IGNORECASE)
"""Of a challenge (RFC 9110, 11.6.1); several may stand in one header."""
QUOTED = re.compile(r'"[^"]*"')
TOO_MANY_REQUESTS = 429
"""RFC 6585, 4."""
NOT_NOW = (502, 503, 504)
"""RFC 9110, 15.6."""
ACCEPT = {"Accept": "application/json, text/event-stream"}


def greetings() -> tuple[tuple[object, dict[str, str]], ...]:
    """How a client begins, in the old generation of the protocol and in the new one: message and headers."""
    # Here, since the whole SDK comes with it, which takes a second or two, and few who import this greet.
    from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_PROTOCOL_VERSION_HEADER
    from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY
    from mcp_types.version import LATEST_MODERN_VERSION

    client = {"name": CLIENT_NAME, "version": client_version()}
    old = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    new = {
        PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        CLIENT_INFO_META_KEY: client,
        CLIENT_CAPABILITIES_META_KEY: {},
    }
    headers = {
        **ACCEPT,
        MCP_PROTOCOL_VERSION_HEADER: LATEST_MODERN_VERSION,
        MCP_METHOD_HEADER: "server/discover",
    }
    return (
        ({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": old}, ACCEPT),
        ({"jsonrpc": "2.0", "id": 0, "method": "server/discover", "params": {"_meta": new}}, headers),
    )


async def greet(http: httpx.AsyncClient, mcp_url: str) -> Reply:
    """Its answer to a greeting that shows no token: a 401, or a success.

    Raises SetupError where it cannot be reached, leads elsewhere, or is no MCP endpoint.
    """
    first: Reply | None = None
    for message, headers in greetings():
        reply = await _post(http, mcp_url, message, headers)
        if reply.status == 401 or 200 <= reply.status < 300:
            return reply
        first = first or reply
        if first.status not in REFUSED_GREETING:
            break
    assert first is not None
    raise SetupError(f"{mcp_url} answered {describe(first)}: {_advice(first.status)}")


def _advice(status: int) -> str:
    """What to do about an answer that is none of an MCP endpoint's."""
    if status == TOO_MANY_REQUESTS:
        return "it, or something in front of it, takes no more requests from here for now; try again later"
    if status in NOT_NOW:
        return "it, or what lies behind it, is down or busy; try again when it is up"
    return "is this the URL of an MCP endpoint?"


async def _post(http: httpx.AsyncClient, mcp_url: str, message: object, headers: dict[str, str]) -> Reply:
    url = mcp_url
    for _ in range(MAX_REDIRECTS + 1):
        try:
            reply = await ask(http, "POST", url, heads_only=True, json=message, headers=headers)
        except NoAnswer as error:
            raise SetupError(f"cannot reach the MCP server at {mcp_url}: {error}") from None
        if not reply.location:
            return reply
        url = joined(url, reply.location)
        if origin_of(url) != origin_of(mcp_url):
            raise SetupError(
                f"{mcp_url} redirects to another server ({origin_text(url)}): "
                "name that one with --url if it is right"
            )
    raise SetupError(f"cannot reach the MCP server at {mcp_url}: it redirects again and again")


def joined(base: str, location: str) -> str:
    """Where `location` leads from `base`; a text that is no address stays what it is."""
    try:
        return urljoin(base, location.strip())
    except ValueError:
        return location


def wants_password(challenge: Reply) -> bool:
    """Whether a 401 asks for the Basic scheme (RFC 7617), and for no token besides."""
    offers = QUOTED.sub("", challenge.headers.get("www-authenticate", ""))
    schemes = {name.lower() for name in SCHEME.findall(offers)}
    return "basic" in schemes and "bearer" not in schemes


def named_metadata(challenge: Reply) -> str | None:
    """The `resource_metadata` of a Bearer challenge (RFC 9728, 5.1); None where it has none."""
    said = challenge.headers.get("www-authenticate", "")
    found = re.search(r'resource_metadata\s*=\s*(?:"([^"]*)"|([^\s,"]+))', said)
    return harmless(found[1] or found[2] or "", 2000) or None if found else None
