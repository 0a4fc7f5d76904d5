"""Files and folders as their users reach them. Pure and synchronous."""

from __future__ import annotations

from sim.standin.nodes import ALL, CREATE, DELETE, UPDATE, Access, Node, Share, join, split
from sim.standin.state import StoreState
from sim.standin.store_errors import StoreError, changed_meanwhile, conflict, forbidden, not_found


class Tree(StoreState):
    """Everybody's files. Methods raise StoreError with the status that Nextcloud would answer."""

    def access(self, uid: str, path: str) -> Access:
        """What `uid` finds at `path`. Raises StoreError 404."""
        account = self.account(uid)
        node, permissions, share, at = account.root, ALL, None, ""
        names = split(path)
        for name in names:
            at = f"{at}/{name}"
            mount = account.mounts.get(at)
            child = node.children.get(name)
            if mount is not None:
                node, permissions, share = mount.node, mount.permissions, mount
            elif child is not None:
                node = child
            else:
                raise not_found(f"File with name {join(*names)}")
        return Access(node, at or "/", permissions, share)

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
                path = "/".join((share.target, *reversed(below)))
                return Access(node, path, share.permissions, share)
            below.append(at.name)
            at = at.parent
        return None

    def list_folder(self, uid: str, path: str) -> list[Access]:
        """The folder at `path` itself, then what is in it, mounts included."""
        here = self.access(uid, path)
        if not here.node.is_folder:
            return [here]
        folder = here.path.rstrip("/")
        entries = [
            Access(child, f"{folder}/{child.name}", here.permissions, here.share)
            for child in here.node.children.values()
        ]
        for target, share in self.account(uid).mounts.items():
            if target.rpartition("/")[0] == folder:
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
        """Delete for everybody; a recipient who deletes what was shared with them only unmounts it."""
        found = self.access(uid, path)
        if found.share is not None and found.path == found.share.target:
            self.drop_share(found.share)
            return
        if found.node.parent is None or not found.may(DELETE):
            raise forbidden("delete this")
        self.delete_node(found.node)

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
        node.previous, node.previous_modified, node.data = node.data, node.modified, data
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

    def _mount(self, share: Share, target: str) -> None:
        mounts = self.accounts[share.recipient].mounts
        mounts.pop(share.target, None)
        share.target = target
        mounts[target] = share
