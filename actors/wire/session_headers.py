"""What ties requests to one session, and what the status of an answer says of that session."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actors.call_errors import SessionWatch, invalid_answer, redirected, session_lost, status_error
from actors.trace_context import TRACEPARENT
from actors.wire.exchange import header_lines
from actors.wire.json_rpc import decode, error_of
from actors.wire.response import Response, media_type

SESSION_ID = "mcp-session-id"
VISIBLE = re.compile(r"[\x21-\x7e]+")
"""What an id of a session is made of (MCP 2025-11-25, Session Management)."""
JSON, EVENTS = "application/json", "text/event-stream"
EXCERPT_BYTES = 4096
"""Of the body of a failure, in which the word about the session is looked for."""
SENT_ALWAYS = {"Accept": f"{JSON}, {EVENTS}", "Content-Type": JSON}


class SessionHeaders:
    """The headers that the requests of one session bear.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        traceparent: the trace context of the next request, "" for none.
        session_id: given by the server at `initialize`.
    """

    def __init__(self) -> None:
        self.authorization = self.traceparent = ""
        self.session_id: str | None = None
        self._watch = SessionWatch()
        self._kind: tuple[str, str | None, Mapping[str, str]] | None = None
        self._lines = b""

    def lines(self, more: Mapping[str, str]) -> bytes:
        """The headers of a request that has these besides. Raises CallError for what no header may hold."""
        kind = (self.authorization, self.session_id, more)
        # Nearly always those of the last request: two dictionaries are compared faster than written out.
        if kind != self._kind:
            self._lines = header_lines(self._of(*kind))
            self._kind = kind
        # Another one each time: written behind the others, which stay.
        trace = self.traceparent
        return self._lines + f"{TRACEPARENT}: {trace}\r\n".encode("ascii") if trace else self._lines

    def _of(self, authorization: str, session_id: str | None, more: Mapping[str, str]) -> dict[str, str]:
        headers = {**SENT_ALWAYS, **more}
        if authorization:
            headers["Authorization"] = authorization
        if session_id is not None:
            headers[SESSION_ID] = session_id
        return headers

    async def check(self, response: Response) -> None:
        """Raises CallError for a status that is no success, or the JSON-RPC error that came with a 400."""
        had_session = self.session_id is not None
        if response.status < 300:
            self._watch.is_gone(response.status, had_session, "")
            given = response.headers.get(SESSION_ID)
            if given is not None:
                if not VISIBLE.fullmatch(given):
                    raise invalid_answer("an id of a session with characters that it must not have")
                self.session_id = given
            return
        body = await response.read()
        text = body[:EXCERPT_BYTES].decode("utf-8", "replace")
        if self._watch.is_gone(response.status, had_session, text):
            raise session_lost(response.status)
        if response.status == 400 and media_type(response) == JSON:
            error = decode(body).get("error")
            if isinstance(error, dict) and isinstance(error.get("code"), int):
                raise error_of(error)
        if response.status < 400 and "location" in response.headers:
            raise redirected(response.status, f"to {response.headers['location']}: name that address")
        raise status_error(response.status, response.headers.get("retry-after", ""))
