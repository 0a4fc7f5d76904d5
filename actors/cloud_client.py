"""How HTTP is spoken with Nextcloud itself: TLS, and clients that keep nobody's session."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from actors.bounded import ANSWER_S
from actors.cookies import NoCookies
from actors.errors import SetupError

CONNECT_S = 30.0


def tls_context(ca_file: Path | None, insecure: bool) -> ssl.SSLContext:
    """One context for all connections of a run: certificates are verified unless `insecure`.

    Raises SetupError when `ca_file` cannot be used.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SetupError(
                f"--ca-file {ca_file}: not a file of certificates in PEM format ({error})"
            ) from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def http_client(base_url: str, tls: ssl.SSLContext, connections: int) -> httpx.AsyncClient:
    """A client for Nextcloud at `base_url` with at most so many connections.

    It keeps no cookies: one account's session would speak for the next one, and a session without its
    request token is refused (Nextcloud: "CSRF check not passed").
    """
    timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(
        base_url=base_url, verify=tls, timeout=timeout, limits=limits, trust_env=False, cookies=NoCookies()
    )
