"""Users who show their name and password with every request (RFC 7617)."""

from __future__ import annotations

import base64
from contextlib import AbstractContextManager, nullcontext

import trio

from actors.errors import LoginError
from actors.ports import Person
from actors.secret import Secret

UNGUARDED = nullcontext()
"""For what is never renewed."""


class Nobody:
    """Credentials of somebody who shows none."""

    async def authorization(self) -> str:
        return ""

    def in_use(self) -> AbstractContextManager[None]:
        return UNGUARDED

    def reject(self) -> None:
        """There is nothing to replace."""


class Password(Nobody):
    """A name and a password. A server that rejects them once is not asked again."""

    def __init__(self, person: Person) -> None:
        self._uid = person.uid
        pair = f"{person.login}:{person.password.reveal()}".encode()
        self._header = Secret(f"Basic {base64.b64encode(pair).decode()}")
        self._is_rejected = False

    def __repr__(self) -> str:
        return f"<Password of {self._uid}>"

    async def authorization(self) -> str:
        if self._is_rejected:
            raise LoginError(self._uid, "the MCP server", "the password is not accepted")
        return self._header.reveal()

    def reject(self) -> None:
        self._is_rejected = True


class BasicLogin:
    """Nobody logs in anywhere. See `actors.ports.Login`."""

    async def log_in(self, person: Person) -> Password:
        return Password(person)

    async def keep_fresh(self) -> None:
        """Passwords do not expire."""
        await trio.sleep_forever()
