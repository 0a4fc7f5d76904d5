"""The tools of Nextcloud's Notes, with the error texts of the real server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sim.standin.failure import ToolFailure
from sim.standin.note_store import Notes, StoredNote
from sim.standin.store_errors import StoreError


class NoteTools:
    """Bound to the notes of everybody; each tool takes the caller's user id first."""

    def __init__(self, notes: Notes, pause: Callable[[], Awaitable[None]]) -> None:
        self._notes = notes
        self._pause = pause

    async def create(self, uid: str, title: str, content: str, category: str) -> dict[str, Any]:
        """Create a note."""
        try:
            note = self._notes.create(uid, title, content, category)
        except StoreError as error:
            raise ToolFailure(f"Failed to create note: server error ({error.status})") from error
        return summary(note)

    async def get(self, uid: str, note_id: int) -> dict[str, Any]:
        """Get a note with its content."""
        try:
            return self._notes.get(uid, int(note_id)).as_json()
        except StoreError as error:
            raise failure(error, note_id, "retrieve") from error

    async def update(
        self, uid: str, note_id: int, etag: str, title: str | None, content: str | None, category: str | None
    ) -> dict[str, Any]:
        """Change a note whose etag is still the given one."""
        try:
            note = self._notes.update(
                uid, int(note_id), etag, title=title, content=content, category=category
            )
        except StoreError as error:
            if error.status == 412:
                raise ToolFailure(
                    f"Note {note_id} has been modified by someone else. Please refresh and try again."
                ) from error
            raise failure(error, note_id, "update") from error
        return summary(note)

    async def append(self, uid: str, note_id: int, content: str) -> dict[str, Any]:
        """Append to a note: it is read, and written back if nobody wrote in between."""
        number = int(note_id)
        try:
            before = self._notes.get(uid, number)
            await self._pause()
            text = f"{before.content}\n---\n{content}" if before.content else content
            note = self._notes.update(uid, number, before.etag, content=text)
        except StoreError as error:
            if error.status == 412:
                raise ToolFailure(
                    f"Failed to append content to note {note_id}: server error (412)"
                ) from error
            raise failure(error, note_id, "modify") from error
        return summary(note)

    async def search(self, uid: str, query: str) -> dict[str, Any]:
        """Find notes whose title or content has the words of the query."""
        words = query.lower().split()
        found = [
            {"id": note.id, "title": note.title, "category": note.category, "score": 1.0}
            for note in self._notes.all_of(uid)
            if any(word in f"{note.title}\n{note.content}".lower() for word in words)
        ]
        return {"success": True, "results": found, "query": query, "total_found": len(found)}

    async def delete(self, uid: str, note_id: int) -> dict[str, Any]:
        """Delete a note."""
        try:
            self._notes.delete(uid, int(note_id))
        except StoreError as error:
            raise failure(error, note_id, "delete") from error
        text = f"Note {note_id} deleted successfully"
        return {"success": True, "status_code": 200, "message": text, "deleted_id": int(note_id)}


def summary(note: StoredNote) -> dict[str, Any]:
    """What the writing tools answer: everything but the content."""
    return {
        "success": True,
        "id": note.id,
        "title": note.title,
        "category": note.category,
        "etag": note.etag,
    }


def failure(error: StoreError, note_id: int, verb: str) -> ToolFailure:
    """The text of the real server for this status."""
    match error.status:
        case 404:
            return ToolFailure(f"Note {note_id} not found", 404)
        case 403:
            return ToolFailure(f"Access denied: insufficient permissions to {verb} note {note_id}", 403)
        case status:
            return ToolFailure(f"Failed to {verb} note {note_id}: server error ({status})")
