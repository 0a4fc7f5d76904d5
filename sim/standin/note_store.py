"""Nextcloud's Notes app over the store: a note is a file below the notes folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

import attrs

from sim.standin.nodes import CREATE, DELETE, UPDATE, Access, Node, free_name, join, split
from sim.standin.state import NOTE_SUFFIX, NOTES_FOLDER, is_note
from sim.standin.store import Store
from sim.standin.store_errors import StoreError, changed_meanwhile

UNSAFE = re.compile(r'[*|/\\:"<>?]')
"""Characters that Notes takes out of a title before it becomes a file name."""


@attrs.frozen
class StoredNote:
    """A note as one user sees it."""

    id: int
    title: str
    content: str
    category: str
    modified: int
    readonly: bool

    @property
    def etag(self) -> str:
        """Covers all that a reader sees, `readonly` too: it changes for a recipient whose permissions do."""
        seen = (self.id, self.title, self.modified, self.category, self.readonly, self.content)
        return hashlib.md5(repr(seen).encode(), usedforsecurity=False).hexdigest()

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "content": self.content,
            "category": self.category,
            "modified": self.modified,
            "favorite": False,
            "readonly": self.readonly,
            "etag": self.etag,
        }


class Notes:
    """The notes of everybody. Methods raise StoreError with Notes' statuses.

    Args:
        etag_race_s: two writes with one etag pass within this time, as in the real app, which compares
            and writes without a lock.
    """

    def __init__(self, store: Store, now: Callable[[], float], etag_race_s: float = 0.0) -> None:
        self._store = store
        self._now = now
        self._etag_race_s = etag_race_s
        self._by_id: dict[int, Node] = {}

    def create(self, uid: str, title: str, content: str, category: str) -> StoredNote:
        """A new note; a title that is taken gets a number."""
        folder = self._folder(uid, category)
        name = free_name(f"{safe_title(title, content)}{NOTE_SUFFIX}", set(folder.node.children))
        access, _ = self._store.write_file(uid, join(*split(folder.path), name), content.encode())
        self._by_id[access.node.id] = access.node
        return self._note(access)

    def get(self, uid: str, note_id: int) -> StoredNote:
        return self._note(self._access(uid, note_id))

    def previous_content(self, note_id: int) -> str | None:
        """The content before the last write, None where there was none."""
        node = self._by_id.get(note_id)
        return None if node is None or node.previous is None else node.previous.decode(errors="replace")

    def take_back(self, note_id: int) -> None:
        """Undo the last write, as if it had never come (an injected fault)."""
        node = self._by_id[note_id]
        if node.previous is not None:
            node.data = node.previous

    def update(
        self,
        uid: str,
        note_id: int,
        etag: str | None,
        *,
        title: str | None = None,
        content: str | None = None,
        category: str | None = None,
        leak: bool = False,
    ) -> StoredNote:
        """412 when `etag` is not the current one, 403 without the permission to write."""
        access = self._access(uid, note_id)
        note = self._note(access)
        if not access.may(UPDATE) and not leak:
            raise StoreError(403, "Note is read-only")
        if etag is not None and not self._is_current(etag.strip('"'), note, access.node):
            raise changed_meanwhile(f"note {note_id}")
        if content is not None and content != note.content:
            self._store.write_file(uid, access.path, content.encode(), leak=leak)
        wanted = (title or note.title, note.category if category is None else category)
        if wanted != (note.title, note.category):
            self._rename(uid, access, *wanted)
        return self.get(uid, note_id)

    def delete(self, uid: str, note_id: int) -> None:
        """For everybody when the owner does it; a recipient only loses their mount."""
        self._store.delete(uid, self._access(uid, note_id).path)

    def all_of(self, uid: str) -> Iterator[StoredNote]:
        """Everything in the notes folder of `uid`, received notes included."""
        account = self._store.account(uid)
        folder = account.root.children.get(NOTES_FOLDER)
        for node in folder.walk() if folder else ():
            if not node.is_folder and node.name.endswith(NOTE_SUFFIX):
                yield self._note(Access(node, node.path, 31))
        for share in tuple(account.received.values()):
            if is_note(share.target):
                yield self._note(Access(share.node, share.target, share.permissions, share))

    def count(self) -> int:
        """How many notes there are, of everybody."""
        return sum(not n.is_folder and is_note(n.path) for n in self._store.nodes())

    def _access(self, uid: str, note_id: int) -> Access:
        node = self._by_id.get(note_id) or self._search(note_id)
        access = None if node is None else self._store.access_by_id(uid, node)
        if access is None or not is_note(access.path):
            raise StoreError(404, f"Note {note_id} not found")
        return access

    def _is_current(self, etag: str, note: StoredNote, node: Node) -> bool:
        if etag == note.etag:
            return True
        if node.previous is None or self._now() - node.modified >= self._etag_race_s:
            return False
        return etag == before_last_write(note, node).etag

    def _search(self, note_id: int) -> Node | None:
        """A note that came by WebDAV is known from the first time that somebody asks for it."""
        for node in self._store.nodes():
            if node.id == note_id:
                self._by_id[note_id] = node
                return node
        return None

    def _folder(self, uid: str, category: str) -> Access:
        path = [NOTES_FOLDER]
        for name in ["", *split(category)]:
            path += [name] if name else []
            try:
                folder = self._store.access(uid, join(*path))
            except StoreError:
                folder = self._store.make_folder(uid, join(*path))
        return folder

    def _rename(self, uid: str, access: Access, title: str, category: str) -> None:
        if access.share is not None and not access.may(CREATE | DELETE):
            return
        folder = self._folder(uid, category)
        taken = set(folder.node.children) - {access.node.name}
        name = free_name(f"{safe_title(title, '')}{NOTE_SUFFIX}", taken)
        self._store.move(uid, access.path, join(*split(folder.path), name), overwrite=False)

    def _note(self, access: Access) -> StoredNote:
        node = access.node
        if node.is_folder or node.parent is None or node.parent.children.get(node.name) is not node:
            raise StoreError(404, f"Note {node.id} not found")
        names = split(access.path)
        return StoredNote(
            id=node.id,
            title=names[-1].removesuffix(NOTE_SUFFIX),
            content=(node.data or b"").decode(errors="replace"),
            category="/".join(names[1:-1]),
            modified=int(node.modified),
            readonly=not access.may(UPDATE),
        )


def before_last_write(note: StoredNote, node: Node) -> StoredNote:
    """`note` as the same reader saw it before somebody wrote to its `node` for the last time."""
    content = (node.previous or b"").decode(errors="replace")
    return attrs.evolve(note, content=content, modified=int(node.previous_modified))


def safe_title(title: str, content: str) -> str:
    """The title as it becomes a file name; an empty one is made of the content's first line."""
    cleaned = UNSAFE.sub("", title).strip(" .")
    if not cleaned:
        first = content.lstrip("# \n").partition("\n")[0]
        cleaned = UNSAFE.sub("", first).strip(" .")[:100]
    return cleaned or "New note"
