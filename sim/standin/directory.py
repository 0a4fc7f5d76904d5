"""The store's accounts, as the identity half asks for them."""

from __future__ import annotations

from sim.standin.identity.web import same_text
from sim.standin.store import Store


class Directory:
    """See `sim.standin.identity.user_directory.UserDirectory`.

    Args:
        email_login: an address is as good as a name.
    """

    def __init__(self, store: Store, email_login: bool) -> None:
        self._store = store
        self._email_login = email_login

    def authenticate(self, login: str, password: str) -> str | None:
        account = self._store.by_login(login, self._email_login)
        return account.uid if account and same_text(account.password, password) else None

    def resolve(self, login: str) -> str | None:
        account = self._store.by_login(login, self._email_login)
        return account.uid if account else None

    def exists(self, uid: str) -> bool:
        return uid in self._store.accounts

    def display_name(self, uid: str) -> str:
        account = self._store.accounts.get(uid)
        return account.display_name if account else uid
