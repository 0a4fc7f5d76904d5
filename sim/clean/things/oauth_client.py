"""The run's OAuth client."""

from __future__ import annotations

import attrs

from actors.login.client import CLIENT_KIND, remove
from sim.clean.ledger_text import Entry
from sim.clean.marker import origin_of
from sim.clean.thing import Expires, Hopeless, Means


@attrs.frozen
class OAuthClientThing:
    """A client that was registered (RFC 7591), removed at its management URI (RFC 7592)."""

    kind: str = CLIENT_KIND
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        uri, token = entry.details.get("uri", ""), means.ledger.secret(entry.kind, entry.name)
        if not uri or token is None:
            # Its registration was never answered, so there is no handle to remove it by.
            raise Expires("never confirmed")
        head = means.ledger.head
        allowed = {
            origin_of(url) for url in (head.nextcloud_url, head.mcp_url, entry.details.get("origin", ""))
        }
        if origin_of(uri) not in allowed - {""}:
            raise Hopeless(
                f"its management URI is at {origin_of(uri) or 'no address'}, which that run did not name"
            )
        await remove(means.http, uri, token)


THING = OAuthClientThing()
