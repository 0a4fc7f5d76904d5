"""Ways to the servers: whom a run trusts, what travels in the clear, and what distance costs."""

from __future__ import annotations

from actors.login.trust import Trust, is_in_the_clear
from actors.network import Network
from sim.config.model import Config, Target


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
