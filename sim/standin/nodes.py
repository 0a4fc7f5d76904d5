"""Files and folders, shares of them, and the people who own them: plain state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import attrs

READ, UPDATE, CREATE, DELETE, RESHARE = 1, 2, 4, 8, 16
ALL = 31
FILE_PERMISSIONS = READ | UPDATE | RESHARE
"""What can be granted on a file: nothing can be created or deleted inside one, so 31 becomes 19."""


@attrs.define(eq=False)
class Node:
    """A file or folder. `data` is None for a folder; `modified` is epoch seconds."""

    id: int
    owner: str
    name: str
    parent: Node | None
    data: bytes | None
    modified: float
    content_type: str = ""
    version: int = 0
    children: dict[str, Node] = attrs.Factory(dict)
    previous: bytes | None = None
    """The content before the last write: what a stale read gives back."""
    previous_modified: float = 0.0
    _etag: str = ""
    """Of this `version`, once somebody has asked for it."""

    @property
    def is_folder(self) -> bool:
        return self.data is None

    @property
    def path(self) -> str:
        """The path in the owner's files, with a leading slash; "/" for the root of all."""
        names = []
        node: Node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return join(*reversed(names))

    @property
    def etag(self) -> str:
        """The WebDAV etag: changes with every write, a folder's with every write below it."""
        if not self._etag:
            text = f"{self.id}-{self.version}".encode()
            self._etag = hashlib.md5(text, usedforsecurity=False).hexdigest()
        return self._etag

    @property
    def size(self) -> int:
        return sum(len(node.data or b"") for node in self.walk())

    def walk(self) -> Iterator[Node]:
        """Itself and everything below."""
        yield self
        for child in tuple(self.children.values()):
            yield from child.walk()

    def touch(self, now: float) -> None:
        """Note a change here: the etags of all folders above change with it."""
        self.modified = now
        node: Node | None = self
        while node is not None:
            node.version += 1
            node._etag = ""
            node = node.parent

    def put_under(self, parent: Node, name: str) -> None:
        """Move it below `parent` as `name`."""
        self.detach()
        self.parent, self.name = parent, name
        parent.children[name] = self

    def detach(self) -> None:
        """Take it out of its folder."""
        if self.parent is not None:
            self.parent.children.pop(self.name, None)


@attrs.define(eq=False)
class Share:
    """`node` lent by `initiator` to `recipient`, in whose files it is mounted at `target`."""

    id: int
    node: Node
    initiator: str
    recipient: str
    permissions: int
    target: str
    created: float


@attrs.frozen
class Trashed:
    """What was deleted: its name, where it was, when (epoch seconds), and how many shares went along."""

    id: int
    name: str
    path: str
    time: int
    is_folder: bool
    shares: int


@attrs.define(eq=False)
class StoredAccount:
    """A user. `mounts` and `received` are the same shares, by mount path and by node id.

    Attributes:
        has_home: false while the account comes into being.
        is_making_home: meanwhile Nextcloud fails when it is asked about the user.
        trash: by name in the trash bin.
        orphans: shares whose file is gone for good: no API shows them, and they go with the account.
    """

    uid: str
    password: str = attrs.field(repr=False)
    display_name: str
    email: str
    root: Node
    is_admin: bool = False
    has_home: bool = False
    is_making_home: bool = False
    trash: dict[str, Trashed] = attrs.Factory(dict)
    orphans: int = 0
    mounts: dict[str, Share] = attrs.Factory(dict)
    received: dict[int, Share] = attrs.Factory(dict)


@attrs.frozen
class Access:
    """A node as one user reaches it: under which path, with which permissions, through which share."""

    node: Node
    path: str
    permissions: int
    share: Share | None = None

    def may(self, permission: int) -> bool:
        return bool(self.permissions & permission)


def split(path: str) -> list[str]:
    """The names along `path`, without empty ones."""
    return [name for name in path.split("/") if name]


def join(*names: str) -> str:
    return "/" + "/".join(names)


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or `name (2)` and so on before its suffix, whichever is not taken."""
    if name not in taken:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    number = 2
    while f"{stem} ({number}){dot}{suffix}" in taken:
        number += 1
    return f"{stem} ({number}){dot}{suffix}"
