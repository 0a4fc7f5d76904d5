"""What the identity half needs of the stand-in's users, and what it says of a caller."""

from __future__ import annotations

from typing import Protocol

import attrs


class UserDirectory(Protocol):
    """The accounts, as far as logging in is concerned."""

    def authenticate(self, login: str, password: str) -> str | None:
        """The user id behind what was typed, if the password is right; it need not be the same text."""
        ...

    def resolve(self, login: str) -> str | None:
        """The user id behind what was typed, whatever the password."""
        ...

    def exists(self, uid: str) -> bool: ...

    def display_name(self, uid: str) -> str:
        """The name for people; `uid` where there is none."""
        ...


@attrs.frozen
class Principal:
    """Who is calling, and what they may do.

    Attributes:
        uid: the account.
        scopes: what was allowed; everything, for a caller who gave a password.
        client_id: the OAuth client that they came through; "" for a password.
        expires_at: epoch seconds; infinity for a password.
        audience: the API that the token was asked for; "" where none was, and for a password.
        is_superseded: the token was refreshed since. An MCP server that only looks at its signature
            lets it pass; Nextcloud does not.
    """

    uid: str
    scopes: frozenset[str]
    client_id: str
    expires_at: float
    audience: str = ""
    is_superseded: bool = False
