"""The one request that clients repeat who only repeat one, and what all show the server."""

from __future__ import annotations

SEARCH_TOOL = "nc_notes_search_notes"
SEARCH = {"query": "minutes"}
BODY = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": SEARCH_TOOL, "arguments": SEARCH},
}
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def token(uid: str) -> str:
    """As long as those that Nextcloud's own provider issues (a signed JWT)."""
    return f"{uid}.{'x' * 700}"
