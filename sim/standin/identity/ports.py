"""What the identity half needs of the stand-in's users, and what it says of a caller."""

from __future__ import annotations

from typing import Protocol

import attrs


class UserDirectory(Protocol):
    """The accounts, as far as logging in is concerned."""

    def check_password(self, uid: str, password: str) -> bool:
        """Whether `uid` exists and `password` is his."""
        ...

    def exists(self, uid: str) -> bool: ...

    def display_name(self, uid: str) -> str:
        """His name for people; `uid` where he has none."""
        ...


@attrs.frozen
class Principal:
    """Who is calling, and what he may do.

    Attributes:
        uid: the account.
        scopes: what was allowed; everything, for a caller who gave a password.
        client_id: the OAuth client that he came through; "" for a password.
        expires_at: epoch seconds; infinity for a password.
    """

    uid: str
    scopes: frozenset[str]
    client_id: str
    expires_at: float
