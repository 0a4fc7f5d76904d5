"""App passwords: passwords that one program has, and that can be taken back from it alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import attrs

from sim.standin.identity.web import random_text


@attrs.frozen
class AppPassword:
    """One of them. `created_at` is in epoch seconds."""

    id: int
    uid: str
    name: str
    created_at: float
    token: str = attrs.field(repr=False)


class AppPasswords:
    """The app passwords of all users."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ids = count(1)
        self._by_token: dict[str, AppPassword] = {}

    def create(self, uid: str, name: str, token: str | None = None) -> AppPassword:
        """A new one; without `token` a long random one, as the login flow makes them."""
        made = AppPassword(next(self._ids), uid, name, self._now(), token or random_text(72))
        self._by_token[made.token] = made
        return made

    def find(self, uid: str, token: str) -> AppPassword | None:
        """The app password that this is, if it is this user's."""
        found = self._by_token.get(token)
        return found if found and found.uid == uid else None

    def of(self, uid: str) -> list[AppPassword]:
        return [one for one in self._by_token.values() if one.uid == uid]

    def all(self) -> list[AppPassword]:
        return list(self._by_token.values())

    def delete(self, password: AppPassword) -> None:
        self._by_token.pop(password.token, None)

    def forget_user(self, uid: str) -> None:
        for one in self.of(uid):
            self.delete(one)
