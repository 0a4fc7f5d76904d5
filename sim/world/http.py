"""Ways to the servers: HTTP clients and TLS, and what the networks of regions cost."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from actors.cookies import NoCookies
from actors.errors import SetupError
from actors.login.trust import Trust, is_in_the_clear
from actors.network import Network
from sim.config.model import Config, Target

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
    """A client for Nextcloud at `base_url` with at most so many connections.

    It keeps no cookies: one account's session would speak for the next one, and a session without its
    request token is refused (Nextcloud: "CSRF check not passed").
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(
        base_url=base_url, verify=tls, timeout=TIMEOUT_S, limits=limits, trust_env=False, cookies=NoCookies()
    )


def trust_of(target: Target) -> Trust:
    """Whom the person has told secrets to, by what they said of the servers."""
    return Trust(
        target.nextcloud_url, target.mcp_url or "", target.login_origins, plain_http=target.plain_http
    )


def clear_text_warnings(target: Target) -> tuple[str, ...]:
    """What others on the way can read in this run."""
    urls = {
        "the administrator's and the users' passwords": target.nextcloud_url,
        "tokens, and all that users read and write": target.mcp_url,
    }
    return tuple(
        f"WARNING: {url} is not encrypted: whoever is in between reads {what}"
        for what, url in urls.items()
        if url and is_in_the_clear(url)
    )


def networks_of(config: Config) -> dict[str, Network]:
    """The way to the server, by region."""
    return {r.name: Network(r.rtt_s, r.jitter_s, r.loss) for r in config.load.regions}
