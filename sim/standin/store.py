"""All state of the stand-in: people, their files, and what they share. Pure and synchronous."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.standin.errors import StoreError, changed_meanwhile, conflict, forbidden, not_found
from sim.standin.nodes import (
    ALL,
    CREATE,
    DELETE,
    FILE_PERMISSIONS,
    RESHARE,
    UPDATE,
    Access,
    Account,
    Node,
    Share,
    free_name,
    join,
    split,
)

NOTES_FOLDER = "Notes"
NOTE_SUFFIX = ".md"


class Store:
    """Nextcloud's state, as far as the tools of its MCP server can see it.

    Args:
        now: epoch seconds; the wall clock, or the virtual one.

    Methods raise StoreError with the status that Nextcloud would answer.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._next_id = 100
        self.accounts: dict[str, Account] = {}
        self.shares: dict[int, Share] = {}

    # People

    def add_account(
        self, uid: str, password: str, display_name: str = "", email: str = "", is_admin: bool = False
    ) -> Account:
        """Create a user with an empty home. Raises StoreError 409 when he exists."""
        if uid in self.accounts:
            raise conflict("User already exists")
        root = self._node(uid, "", None, None)
        account = Account(uid, password, display_name or uid, email, root, is_admin)
        self.accounts[uid] = account
        self._node(uid, NOTES_FOLDER, root, None)
        return account

    def account(self, uid: str) -> Account:
        if uid not in self.accounts:
            raise not_found(f"User {uid}")
        return self.accounts[uid]

    def remove_account(self, uid: str) -> None:
        """Remove a user with all that is his, and every share by or with him."""
        self.account(uid)
        for share in [s for s in self.shares.values() if uid in (s.initiator, s.recipient, s.node.owner)]:
            self._drop_share(share)
        del self.accounts[uid]

    # Files

    def access(self, uid: str, path: str) -> Access:
        """What `uid` finds at `path`. Raises StoreError 404."""
        account = self.account(uid)
        node, permissions, share = account.root, ALL, None
        names = split(path)
        for depth, name in enumerate(names, 1):
            mount = account.mounts.get(join(*names[:depth]))
            child = node.children.get(name)
            if mount is not None:
                node, permissions, share = mount.node, mount.permissions, mount
            elif child is not None:
                node = child
            else:
                raise not_found(f"File with name {join(*names)}")
        return Access(node, join(*names), permissions, share)

    def access_by_id(self, uid: str, node: Node) -> Access | None:
        """How `uid` reaches `node`: as its owner or through a share of it or of a folder above; else None."""
        if node.owner == uid:
            return Access(node, node.path, ALL)
        received = self.account(uid).received
        below: list[str] = []
        at: Node | None = node
        while at is not None:
            share = received.get(at.id)
            if share is not None:
                return Access(node, join(*split(share.target), *reversed(below)), share.permissions, share)
            below.append(at.name)
            at = at.parent
        return None

    def list_folder(self, uid: str, path: str) -> list[Access]:
        """The folder at `path` itself, then what is in it, mounts included."""
        here = self.access(uid, path)
        if not here.node.is_folder:
            return [here]
        entries = [
            Access(child, join(*split(here.path), child.name), here.permissions, here.share)
            for child in here.node.children.values()
        ]
        for target, share in self.account(uid).mounts.items():
            if split(target)[:-1] == split(here.path):
                entries.append(Access(share.node, target, share.permissions, share))
        return [here, *entries]

    def write_file(
        self,
        uid: str,
        path: str,
        data: bytes,
        *,
        content_type: str = "",
        if_match: str | None = None,
        only_new: bool = False,
        leak: bool = False,
    ) -> tuple[Access, bool]:
        """Write a file; returns it and whether it is new. 404/409 parent, 403, 412 by the conditions.

        `leak` lets a write through that the permissions forbid (an injected fault).
        """
        names = split(path)
        if not names:
            raise conflict("A folder cannot be written to")
        found = self._find(uid, path)
        if found is not None:
            if only_new:
                raise StoreError(412, "An If-None-Match header was specified, and the file exists")
            return self._overwrite(found, data, content_type, if_match, leak), False
        if if_match not in (None, "*"):
            raise changed_meanwhile(path)
        folder = self._parent(uid, names)
        if not folder.may(CREATE):
            raise forbidden("create files in this folder")
        node = self._node(folder.node.owner, names[-1], folder.node, data)
        node.content_type = content_type
        node.touch(self._now())
        return Access(node, join(*names), folder.permissions, folder.share), True

    def make_folder(self, uid: str, path: str) -> Access:
        """405 when it exists, 409 when its parent does not, 403 when it may not be."""
        names = split(path)
        if self._find(uid, path) is not None:
            raise StoreError(405, "The resource you tried to create already exists")
        folder = self._parent(uid, names)
        if not folder.may(CREATE):
            raise forbidden("create folders in this folder")
        node = self._node(folder.node.owner, names[-1], folder.node, None)
        return Access(node, join(*names), folder.permissions, folder.share)

    def delete(self, uid: str, path: str) -> None:
        """Delete for everybody; a recipient who deletes what was shared with him only unmounts it."""
        found = self.access(uid, path)
        if found.share is not None and found.path == found.share.target:
            self._drop_share(found.share)
            return
        if found.node.parent is None or not found.may(DELETE):
            raise forbidden("delete this")
        self._delete_node(found.node)

    def move(self, uid: str, source: str, target: str, overwrite: bool) -> bool:
        """Move or rename; True when the target is new. A mount is moved as a mount."""
        found, names = self.access(uid, source), split(target)
        folder, replaced = self._parent(uid, names), self._find(uid, target)
        if replaced is not None:
            if not overwrite:
                raise StoreError(
                    412, "The destination node already exists, and the overwrite header is set to false"
                )
            self.delete(uid, target)
        if found.share is not None and found.path == found.share.target:
            self._mount(found.share, join(*names))
        else:
            if not (found.may(DELETE) and folder.may(CREATE)) or found.node.parent is None:
                raise forbidden("move this")
            found.node.put_under(folder.node, names[-1])
            found.node.touch(self._now())
        return replaced is None

    def copy(self, uid: str, source: str, target: str, overwrite: bool) -> bool:
        """Copy a file or a folder with all below; True when the target is new."""
        found = self.access(uid, source)
        existed = self._find(uid, target) is not None
        if existed and not overwrite:
            raise StoreError(
                412, "The destination node already exists, and the overwrite header is set to false"
            )
        if found.node.data is not None:
            self.write_file(uid, target, found.node.data, content_type=found.node.content_type)
            return not existed
        if not existed:
            self.make_folder(uid, target)
        for child in found.node.children.values():
            self.copy(uid, f"{source}/{child.name}", f"{target}/{child.name}", overwrite)
        return not existed

    # Shares

    def share(self, uid: str, path: str, recipient: str, permissions: int) -> Share:
        """Share with a user. Sharing again answers the share that exists, with its old permissions."""
        found = self.access(uid, path)
        if recipient not in self.accounts:
            raise not_found("Please specify a valid account to share with: it")
        if recipient in (uid, found.node.owner):
            raise forbidden("share with oneself")
        if not found.may(RESHARE):
            raise forbidden("share this")
        existing = self.accounts[recipient].received.get(found.node.id)
        if existing is not None:
            return existing
        granted = (permissions or 1) & found.permissions & (ALL if found.node.is_folder else FILE_PERMISSIONS)
        share = Share(self._new_id(), found.node, uid, recipient, granted | 1, "", self._now())
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
        share = self.share_by_id(uid, share_id)
        if uid not in (share.initiator, share.node.owner):
            raise forbidden("change this share")
        share.permissions = permissions & (ALL if share.node.is_folder else FILE_PERMISSIONS) | 1
        return share

    def unshare(self, uid: str, share_id: int) -> None:
        self._drop_share(self.share_by_id(uid, share_id))

    def shares_of(self, uid: str, with_me: bool, path: str | None = None) -> list[Share]:
        """The shares that `uid` received, or those he made (of `path` only)."""
        if with_me:
            return list(self.account(uid).mounts.values())
        node = self.access(uid, path).node if path else None
        return [s for s in self.shares.values() if s.initiator == uid and (node is None or s.node is node)]

    # Inside

    def nodes(self) -> Iterator[Node]:
        """Every file and folder of everybody."""
        for account in self.accounts.values():
            yield from account.root.walk()

    def _overwrite(
        self, found: Access, data: bytes, content_type: str, if_match: str | None, leak: bool
    ) -> Access:
        node = found.node
        if node.is_folder:
            raise conflict("A folder cannot be written to")
        if not found.may(UPDATE) and not leak:
            raise forbidden("write to this file")
        if if_match not in (None, "*", node.etag):
            raise changed_meanwhile(found.path)
        node.previous, node.data = node.data, data
        node.content_type = content_type or node.content_type
        node.touch(self._now())
        return found

    def _find(self, uid: str, path: str) -> Access | None:
        try:
            return self.access(uid, path)
        except StoreError:
            return None

    def _parent(self, uid: str, names: list[str]) -> Access:
        folder = self._find(uid, join(*names[:-1]))
        if folder is None or not folder.node.is_folder:
            raise conflict("Parent node does not exist")
        return folder

    def _delete_node(self, node: Node) -> None:
        gone = {each.id for each in node.walk()}
        for share in [s for s in self.shares.values() if s.node.id in gone]:
            self._drop_share(share)
        node.detach()
        if node.parent is not None:
            node.parent.touch(self._now())

    def _drop_share(self, share: Share) -> None:
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
            self._drop_share(each)

    def _target(self, recipient: str, node: Node) -> str:
        """Where a received node is mounted: a note among the notes, everything else in the root."""
        is_note = not node.is_folder and split(node.path)[:1] == [NOTES_FOLDER]
        folder = [NOTES_FOLDER] if is_note else []
        taken = {split(entry.path)[-1] for entry in self.list_folder(recipient, join(*folder))[1:]}
        return join(*folder, free_name(node.name, taken))

    def _mount(self, share: Share, target: str) -> None:
        mounts = self.accounts[share.recipient].mounts
        mounts.pop(share.target, None)
        share.target = target
        mounts[target] = share

    def _node(self, owner: str, name: str, parent: Node | None, data: bytes | None) -> Node:
        node = Node(self._new_id(), owner, name, parent, data, self._now())
        if parent is not None:
            parent.children[name] = node
        return node

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id
