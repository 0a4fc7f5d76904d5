"""What the actors need from outside, as protocols. Adapters stand beside; tests bring their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol

import attrs

from actors.answer import Json
from actors.offered_tool import OfferedTool
from actors.secret import Secret


@attrs.frozen
class Person:
    """A Nextcloud user as the simulation knows them.

    Attributes:
        uid: Nextcloud's user id, `{prefix}_user_{n}` unless the account existed before.
        password: of the user.
        group, region: labels of the load they belong to; "" where the run has none.
        login_name: what is typed at a login page and sent as Basic user name, where it is not `uid`.
    """

    uid: str
    password: Secret
    display_name: str = ""
    email: str = ""
    group: str = ""
    region: str = ""
    login_name: str = ""

    @property
    def login(self) -> str:
        """What they log in with."""
        return self.login_name or self.uid


@attrs.frozen
class ListedUser:
    """A user as Nextcloud tells of them. `email` is "" while there is none: it is set last."""

    uid: str
    email: str = ""


@attrs.frozen
class NotesLayout:
    """Where a user's notes live as files (resource `notes://settings`)."""

    notes_path: str = "Notes"
    file_suffix: str = ".md"


class ToolSession(Protocol):
    """One open session of one user with the server under test.

    `prepare` does, before a call, what is the client's own: refreshing credentials, tidying up
    connections. Whoever measures a call awaits it first, and starts the clock then; a call that was
    not prepared prepares itself. The next call bears `traceparent` (W3C trace context), "" for none, and
    is cancelled after `bound_s` seconds by whoever prepared it: a session's own time-out matters where it
    comes before. Raises CallError.

    `call_tool` and `read_resource` return the answer as one JSON value (JSON in text or in strings
    already parsed, differences between server releases absorbed) or raise `CallError`. After
    `SessionLost` or `CredentialsRejected` the session is of no use and is to be closed.
    Cancelling a call leaves the session usable or raises `SessionLost` on its next call.
    """

    @property
    def protocol(self) -> str:
        """The negotiated protocol version, such as `2025-06-18`; "in-process" without a wire."""

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None: ...

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json: ...

    async def read_resource(self, uri: str) -> Json: ...

    async def list_tools(self) -> Mapping[str, OfferedTool]:
        """By name."""


class Credentials(Protocol):
    """What one user shows the MCP server: owned by a login adapter, refreshed between calls."""

    async def authorization(self) -> str:
        """The value of the `Authorization` header for the next request, "" for none.

        Refreshes first where two thirds of the token's life are over (single-flight), and logs in
        again when the refresh token is dead. Raises LoginError.
        """

    def in_use(self) -> AbstractContextManager[None]:
        """Enter it for the length of a call: nothing is refreshed behind its back meanwhile."""

    def reject(self) -> None:
        """The server answered 401 to what was shown last: do not show it again."""


class Connector(Protocol):
    """Opens sessions: the MCP adapter over a socket, or the in-process one."""

    def open_session(
        self, person: Person, credentials: Credentials
    ) -> AbstractAsyncContextManager[ToolSession]:
        """A session for `person`, opened and closed in the calling task.

        Entering raises CallError (SessionLost, CredentialsRejected among them) when the server
        cannot be reached or refuses. Leaving ends the server's session (DELETE), also when
        cancelled, within a bounded time.
        """


class Login(Protocol):
    """Logs people in. One object a run."""

    async def log_in(self, person: Person) -> Credentials:
        """First login of `person`. Raises LoginError within seconds when it cannot succeed."""

    async def keep_fresh(self) -> None:
        """Run in the background: refreshes everybody's tokens in time, until cancelled."""


class Accounts(Protocol):
    """Creates and removes users at Nextcloud, with the admin account.

    Only well-formed answers of its API count: whatever else comes, everything here raises SetupError,
    and nothing is known then (`actors.ocs.Denied`: the account itself is refused).
    """

    async def check(self) -> None:
        """The host answers and the admin may manage users, else SetupError."""

    async def password_length(self) -> int:
        """The least length that the server's policy wants, 0 where it says nothing."""

    async def existing(self, uids: frozenset[str]) -> frozenset[str]:
        """Which of `uids` exist, without regard to case, by one request."""

    async def search(self, text: str) -> list[str]:
        """Users in whose name, or display name, or address `text` stands."""

    async def create(self, person: Person) -> None:
        """Sent once. Raises `actors.accounts.NotCreated`, which tells a refusal from an unknown fate."""

    async def delete(self, uid: str) -> None:
        """Asks for the removal; `look` tells whether the user is gone."""

    async def look(self, uid: str) -> ListedUser | None:
        """The user; None only where the API itself says that there is none."""

    async def set_password(self, uid: str, password: Secret) -> None:
        """Give a user another password."""


class Journal(Protocol):
    """The ledger as adapters see it: written before a thing is made, ticked off when it is gone."""

    async def intend(self, kind: str, name: str, **details: str) -> None:
        """`kind`/`name` is about to be created. On disk when this returns, here and where it is mirrored."""

    def created(self, kind: str, name: str, **details: str) -> None:
        """It exists now."""

    def keep_secret(self, kind: str, name: str, value: Secret) -> None:
        """Keep what removing `kind`/`name` needs, in a file of its own that only its owner can read."""

    def removed(self, kind: str, name: str) -> None:
        """Its removal is confirmed, or it never came to be."""
