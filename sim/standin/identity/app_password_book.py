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
        self._by_user: dict[str, dict[str, AppPassword]] = {}

    def create(self, uid: str, name: str, token: str | None = None) -> AppPassword:
        """A new one; without `token` a long random one, as the login flow makes them."""
        made = AppPassword(next(self._ids), uid, name, self._now(), token or random_text(72))
        self._by_user.setdefault(uid, {})[made.token] = made
        return made

    def find(self, uid: str, token: str) -> AppPassword | None:
        """The app password that this is, if it is this user's."""
        return self._by_user.get(uid, {}).get(token)

    def of(self, uid: str) -> list[AppPassword]:
        return list(self._by_user.get(uid, {}).values())

    def all(self) -> list[AppPassword]:
        return [one for own in self._by_user.values() for one in own.values()]

    def delete(self, password: AppPassword) -> None:
        self._by_user.get(password.uid, {}).pop(password.token, None)

    def forget_user(self, uid: str) -> None:
        self._by_user.pop(uid, None)
