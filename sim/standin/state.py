"""What the stand-in knows: people, homes, shares. The ground that files and sharing stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.standin.nodes import Node, Share, StoredAccount, Trashed
from sim.standin.store_errors import not_found

NOTES_FOLDER = "Notes"
NOTE_SUFFIX = ".md"
MAX_TRASH = 10_000
"""Entries kept in one trash bin; the oldest go, as they do when a quota is used up."""


class StoreState:
    """Accounts, shares and homes, with the changes that keep them consistent.

    Args:
        now: epoch seconds; the wall clock, or the virtual one.
        trash_bin: what is deleted lies in its owner's trash.

    Attributes:
        lost_homes: homes without an account: work went on after its user had been deleted.
    """

    def __init__(self, now: Callable[[], float], *, trash_bin: bool = True) -> None:
        self._now = now
        self._trash_bin = trash_bin
        self._next_id = 100
        self.accounts: dict[str, StoredAccount] = {}
        self.shares: dict[int, Share] = {}
        self.lost_homes: set[str] = set()

    def account(self, uid: str) -> StoredAccount:
        """Raises StoreError 404."""
        if uid not in self.accounts:
            raise not_found(f"User {uid}")
        return self.accounts[uid]

    def nodes(self) -> Iterator[Node]:
        """Every file and folder of everybody."""
        for account in self.accounts.values():
            yield from account.root.walk()

    def drop_share(self, share: Share) -> None:
        """Take a share back, and what its recipient shared on."""
        self.shares.pop(share.id, None)
        recipient = self.accounts.get(share.recipient)
        if recipient is not None:
            recipient.mounts.pop(share.target, None)
            recipient.received.pop(share.node.id, None)
        passed_on = [
            s for s in self.shares.values() if s.node is share.node and s.initiator == share.recipient
        ]
        for each in passed_on:
            self.drop_share(each)

    def delete_node(self, node: Node) -> None:
        """Delete a file or folder for everybody; it and its shares go to its owner's trash.

        Whoever empties that leaves the shares behind, where no API shows them, as Nextcloud does.
        """
        gone = {each.id for each in node.walk()}
        shares = [s for s in self.shares.values() if s.node.id in gone]
        for share in shares:
            self.drop_share(share)
        node.detach()
        if node.parent is not None:
            node.parent.touch(self._now())
        if self._trash_bin:
            self._throw_away(node, len(shares))
        else:
            self.account(node.owner).orphans += len(shares)

    def _throw_away(self, node: Node, shares: int) -> None:
        trash = self.account(node.owner).trash
        time = int(self._now())
        while f"{node.name}.d{time}" in trash:
            time += 1
        trash[f"{node.name}.d{time}"] = Trashed(node.id, node.name, node.path, time, node.is_folder, shares)
        while len(trash) > MAX_TRASH:
            self.account(node.owner).orphans += trash.pop(next(iter(trash))).shares

    def _node(self, owner: str, name: str, parent: Node | None, data: bytes | None) -> Node:
        node = Node(self._new_id(), owner, name, parent, data, self._now())
        if parent is not None:
            parent.children[name] = node
        return node

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id


def is_note(path: str) -> bool:
    """Whether the Notes app takes the file at `path`, one that the store has made, for a note."""
    return path.startswith(f"/{NOTES_FOLDER}/") and path.endswith(NOTE_SUFFIX)
