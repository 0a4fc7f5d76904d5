"""Ways to the servers: HTTP clients and TLS, and what the networks of regions cost."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx

from actors.errors import SetupError
from actors.network import Network
from sim.config import Config

TIMEOUT_S = 30.0


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
    """A client for Nextcloud at `base_url` with at most so many connections, which keeps no cookies.

    It serves many accounts: a session that Nextcloud began for one answers the next with 401,
    "CSRF check not passed.".
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    client = httpx.AsyncClient(
        base_url=base_url, verify=tls, timeout=TIMEOUT_S, limits=limits, trust_env=False
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def networks_of(config: Config) -> dict[str, Network]:
    """The way to the server, by region."""
    return {r.name: Network(r.rtt_s, r.jitter_s, r.loss) for r in config.load.regions}
