"""Small things that every page and endpoint here needs of HTTP."""

from __future__ import annotations

import base64
import binascii
import secrets
import string
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

_ALPHANUMERIC = string.ascii_letters + string.digits


@attrs.frozen
class BasicCredentials:
    """A name and a password, as `Authorization: Basic` carries them."""

    name: str
    password: str = attrs.field(repr=False)


def random_text(length: int) -> str:
    """An unguessable string of letters and digits."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


def same_text(left: str, right: str) -> bool:
    """Compare in constant time."""
    return secrets.compare_digest(left.encode(), right.encode())


def base_url(request: Request) -> str:
    """Where this server lies, as the client wrote it: Nextcloud's issuer follows the Host header.

    Under a sub-path the path belongs to it.
    """
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def route_path(request: Request) -> str:
    """The path below that base."""
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def address_of(request: Request) -> str:
    """Where a request comes from, as brute-force protection tells senders apart."""
    return request.client.host if request.client else ""


def both_ways(path: str, endpoint: Endpoint, *methods: str) -> list[Route]:
    """Routes for `path` and for `/index.php` before it: Nextcloud answers both."""
    return [Route(prefix + path, endpoint, methods=methods) for prefix in ("", "/index.php")]


async def read_form(request: Request) -> dict[str, str]:
    """The posted fields: the first of each name, files left out."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def with_query(url: str, /, **parameters: str | None) -> str:
    """`url` with parameters added to its query; those that are None are left out."""
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def see_other(url: str) -> RedirectResponse:
    """303: how Nextcloud redirects, whatever the method was."""
    return RedirectResponse(url, status_code=303)


def oauth_error(error: str, description: str, status: int = 400, **headers: str) -> JSONResponse:
    """An error answer of RFC 6749 5.2."""
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status_code=status, headers=NO_STORE | headers)


def basic_credentials(request: Request) -> BasicCredentials | None:
    """What `Authorization: Basic` says (RFC 7617), or None when it is absent or unreadable."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return BasicCredentials(name, password) if colon else None


def client_credentials(request: Request) -> BasicCredentials | None:
    """Basic credentials of an OAuth client, which are form-encoded first (RFC 6749 2.3.1)."""
    given = basic_credentials(request)
    return BasicCredentials(unquote_plus(given.name), unquote_plus(given.password)) if given else None


def bearer_token(request: Request) -> str | None:
    """The token of `Authorization: Bearer` (RFC 6750 2.1)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def wants_html(request: Request) -> bool:
    """Nextcloud's own test: somebody who accepts no HTML is answered in JSON."""
    return "html" in request.headers.get("accept", "").lower()
