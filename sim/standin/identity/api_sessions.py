"""Sessions that an answer to `Authorization: Basic` begins, as PHP begins one with every request."""

from __future__ import annotations

import attrs

from sim.standin.identity.web import random_text

MAX_SESSIONS = 4096
"""The oldest go first: clients that keep no cookies leave one behind with every request."""


@attrs.frozen
class ApiSession:
    """Who began it, and whether that was a WebDAV request."""

    id: str = attrs.field(repr=False)
    uid: str
    is_dav: bool


class ApiSessions:
    """By the id in their cookie."""

    def __init__(self) -> None:
        self._by_id: dict[str, ApiSession] = {}

    def begin(self, uid: str, *, is_dav: bool) -> ApiSession:
        session = ApiSession(random_text(32), uid, is_dav)
        self._by_id[session.id] = session
        if len(self._by_id) > MAX_SESSIONS:
            del self._by_id[next(iter(self._by_id))]
        return session

    def get(self, id: str) -> ApiSession | None:
        return self._by_id.get(id)

    def forget_user(self, uid: str) -> None:
        self._by_id = {id: session for id, session in self._by_id.items() if session.uid != uid}
