"""Sharing files and folders with other users. Pure and synchronous."""

from __future__ import annotations

from sim.standin.nodes import (
    ALL,
    FILE_PERMISSIONS,
    READ,
    RESHARE,
    Access,
    Node,
    Share,
    free_name,
    join,
    split,
)
from sim.standin.state import NOTES_FOLDER
from sim.standin.store_errors import StoreError, forbidden
from sim.standin.tree import Tree


class Sharing(Tree):
    """Everybody's shares. Methods raise StoreError with the status that Nextcloud would answer."""

    def share(self, uid: str, path: str, recipient: str, permissions: int) -> Share:
        """Share with a user. Sharing again answers the share that exists, with its old permissions.

        On a file, permissions that it cannot have are left out: 15 becomes 3, and 31 becomes 19.
        """
        found = self.access(uid, path)
        if recipient not in self.accounts:
            raise StoreError(404, "Please specify a valid account to share with")
        if recipient in (uid, found.node.owner):
            raise forbidden("share with oneself")
        if not found.may(RESHARE):
            raise forbidden("share this")
        existing = self.accounts[recipient].received.get(found.node.id)
        if existing is not None:
            return existing
        granted = (permissions or READ) & grantable(found.node) | READ
        self._check_increase(found, granted)
        share = Share(self._new_id(), found.node, uid, recipient, granted, "", self._now())
        self.shares[share.id] = share
        self.accounts[recipient].received[found.node.id] = share
        self._mount(share, self._target(recipient, found.node))
        return share

    def share_by_id(self, uid: str, share_id: int) -> Share:
        """404 for a share that `uid` has no part in, as for one that is not there."""
        share = self.shares.get(share_id)
        if share is None or uid not in (share.initiator, share.recipient, share.node.owner):
            raise StoreError(404, "Wrong share ID, share does not exist")
        return share

    def change_share(self, uid: str, share_id: int, permissions: int) -> Share:
        """Permissions beyond those that the file can have are refused: 404, unlike at creation."""
        share = self.share_by_id(uid, share_id)
        if uid not in (share.initiator, share.node.owner):
            raise StoreError(403, "You are not allowed to edit incoming shares")
        found = self.access_by_id(uid, share.node)
        if found is None:
            raise StoreError(404, "Wrong share ID, share does not exist")
        self._check_increase(found, permissions)
        share.permissions = permissions | READ
        return share

    def unshare(self, uid: str, share_id: int) -> None:
        self.drop_share(self.share_by_id(uid, share_id))

    def shares_of(self, uid: str, with_me: bool, path: str | None = None) -> list[Share]:
        """The shares that `uid` received, or those that they made (of `path` only)."""
        if with_me:
            return list(self.account(uid).mounts.values())
        node = self.access(uid, path).node if path else None
        return [s for s in self.shares.values() if s.initiator == uid and (node is None or s.node is node)]

    def _check_increase(self, found: Access, permissions: int) -> None:
        """Nobody grants more than they have, nor more than a file can have."""
        if permissions & ~(grantable(found.node) & found.permissions):
            raise StoreError(404, f"Cannot increase permissions of {found.path}")

    def _target(self, recipient: str, node: Node) -> str:
        """Where a received node is mounted: a note among the notes, everything else in the root."""
        is_note = not node.is_folder and split(node.path)[:1] == [NOTES_FOLDER]
        folder = [NOTES_FOLDER] if is_note else []
        root = self.account(recipient).root
        if is_note and NOTES_FOLDER not in root.children:
            self._node(recipient, NOTES_FOLDER, root, None)
        taken = {split(entry.path)[-1] for entry in self.list_folder(recipient, join(*folder))[1:]}
        return join(*folder, free_name(node.name, taken))


def grantable(node: Node) -> int:
    """The permissions that a share of `node` can have."""
    return ALL if node.is_folder else FILE_PERMISSIONS
