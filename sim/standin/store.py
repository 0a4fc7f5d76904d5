"""All state of the stand-in: people, their files, and what they share. Pure and synchronous."""

from __future__ import annotations

from sim.standin.nodes import StoredAccount
from sim.standin.share_rules import Sharing
from sim.standin.state import NOTE_SUFFIX, NOTES_FOLDER
from sim.standin.store_errors import conflict

__all__ = ["NOTES_FOLDER", "NOTE_SUFFIX", "Store"]


class Store(Sharing):
    """Nextcloud's state, as far as the tools of its MCP server can see it.

    Methods raise StoreError with the status that Nextcloud would answer.
    """

    def add_account(
        self, uid: str, password: str, display_name: str = "", email: str = "", is_admin: bool = False
    ) -> StoredAccount:
        """Create a user with an empty home, all at once. Raises StoreError 409 where there is one."""
        account = self.begin_account(uid, password, is_admin)
        self.make_home(account)
        account.display_name, account.email = display_name or uid, email.lower()
        return account

    def begin_account(self, uid: str, password: str, is_admin: bool = False) -> StoredAccount:
        """The row of a user in the database: neither home nor address. 409 where there is one."""
        if uid in self.accounts:
            raise conflict("User already exists")
        root = self._node(uid, "", None, None)
        self.accounts[uid] = account = StoredAccount(uid, password, uid, "", root, is_admin)
        return account

    def make_home(self, account: StoredAccount) -> None:
        """The folders that every user begins with. A user who is gone leaves a home without an account."""
        if self.accounts.get(account.uid) is not account:
            self.leave_home(account.uid)
            return
        account.has_home = True
        self._node(account.uid, NOTES_FOLDER, account.root, None)

    def leave_home(self, uid: str) -> None:
        """Somebody works in the home of a user who is gone: it is made anew, and no API shows it."""
        if uid not in self.accounts:
            self.lost_homes.add(uid)

    def remove_account(self, uid: str) -> None:
        """Remove a user with home and trash, and every share by or with them."""
        self.account(uid)
        for share in [s for s in self.shares.values() if uid in (s.initiator, s.recipient, s.node.owner)]:
            self.drop_share(share)
        del self.accounts[uid]

    def by_login(self, name: str, email_login: bool = True) -> StoredAccount | None:
        """The account of a name that was typed: a user id, or an address that one user alone has."""
        if name in self.accounts:
            return self.accounts[name]
        if not email_login or "@" not in name:
            return None
        found = [account for account in self.accounts.values() if account.email == name.lower()]
        return found[0] if len(found) == 1 else None
