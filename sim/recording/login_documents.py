"""Documents of OAuth as a client behind the proxy has to read them.

A client asks for a token for the address that it talks to, and refuses any other (RFC 9728, 3.3; RFC 8707);
the server takes only tokens for its own. So the proxy stands for the authorization server too, and puts
the one address in the place of the other wherever a token is asked for. What is asked for, and the pages
on which people log in, remain those of the real one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from actors.json_text import read_json
from sim.recording.http_heads import Framing, RequestHead
from sim.recording.rewriting import Addresses
from sim.recording.server_place import WholeAnswer

Fields = list[tuple[str, str]]
ELSEWHERE = (
    "pushed_authorization_request_endpoint",
    "require_pushed_authorization_requests",
    "signed_metadata",
)
"""What would name the wrong address, and cannot be put right here."""
OWN = "/simulate-login"
SERVER_KINDS = ("oauth-authorization-server", "openid-configuration")


@attrs.frozen
class RealServer:
    """An authorization server: its issuer as the server named it, and how the proxy calls itself for it.

    Attributes:
        mine: path of the proxy's issuer; "" for the one at the root of the MCP server's origin.
    """

    issuer: str
    number: int
    mine: str

    def endpoint(self, name: str) -> str:
        """Path of the proxy's own endpoint for this one."""
        return f"{OWN}/{self.number}/{name}"


@attrs.frozen
class LoginUnderWay:
    """Where a client waits for its code, and what it calls this login."""

    redirect_uri: str
    state: str | None
    server: RealServer
    addresses: Addresses


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in it; None for anything else."""
    try:
        value = read_json(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def as_document(status: int, value: dict[str, Any]) -> WholeAnswer:
    """JSON, not to be kept by anybody."""
    headers = ((b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store"))
    return WholeAnswer(status, headers, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def server_metadata(
    found: dict[str, Any], server: RealServer, proxy: str, is_trusted: dict[str, bool]
) -> dict[str, Any]:
    """Metadata of `server` (RFC 8414, 2) as the proxy's own.

    Args:
        is_trusted: for each endpoint, whether the proxy may send there what clients send.
    """
    changed = {key: value for key, value in found.items() if key not in ELSEWHERE}
    changed["issuer"] = f"{proxy}{server.mine}"
    for name in ("authorization", "token", "registration"):
        key = f"{name}_endpoint"
        if isinstance(found.get(key), str) and is_trusted.get(key):
            changed[key] = f"{proxy}{server.endpoint(name)}"
    return changed


def redirected(url: str) -> WholeAnswer:
    """To another address (RFC 6749, 4.1.1)."""
    headers = ((b"Location", url.encode("utf-8", "replace")), (b"Cache-Control", b"no-store"))
    return WholeAnswer(302, headers, b"")


def fields_of(text: str | bytes) -> Fields:
    """Of a query or form; order and repeated names are kept."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return parse_qsl(plain, keep_blank_values=True, max_num_fields=200)


def with_fields(url: str, fields: Fields) -> str:
    """`url` with these added to its query."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(fields))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def put(fields: Fields, name: str, value: str | None) -> Fields:
    """The same with this value in the place of `name`, wherever it stands; None takes it out."""
    return [
        (n, v if n != name or value is None else value) for n, v in fields if n != name or value is not None
    ]


def for_server(fields: Fields, addresses: Addresses) -> Fields:
    """A token for the proxy is asked for: it has to be one for the server (RFC 8707, 2)."""
    return [
        (name, addresses.to_server(value.encode("utf-8", "replace")).decode("utf-8", "replace"))
        if name == "resource"
        else (name, value)
        for name, value in fields
    ]


def callback_of(server: RealServer, addresses: Addresses) -> str:
    """Where the real server sends its answers for clients that registered here."""
    return f"{addresses.proxy}{server.endpoint('callback')}"


def looking_for(server: RealServer) -> RequestHead:
    """A look at the metadata of `server`, which nobody has asked for since the proxy began."""
    target = f"/.well-known/{SERVER_KINDS[0]}{server.mine}".encode("ascii")
    return RequestHead(b"GET", target, (), keeps_alive=False, framing=Framing())


def hash_of(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
