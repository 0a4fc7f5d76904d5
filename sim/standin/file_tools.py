"""The tools for files: what the real server does through WebDAV."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from sim.standin.failure import ToolFailure
from sim.standin.nodes import Access
from sim.standin.store import Store
from sim.standin.store_errors import StoreError

BINARY = "application/octet-stream"


class FileTools:
    """Bound to the store; each tool takes the caller's user id first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_directory(self, uid: str, path: str = "") -> dict[str, Any]:
        """List a folder."""
        entries = [describe(entry) for entry in self._store.list_folder(uid, path)[1:]]
        folders = sum(entry["is_directory"] for entry in entries)
        return {
            "success": True,
            "path": path,
            "files": entries,
            "total_count": len(entries),
            "directories_count": folders,
            "files_count": len(entries) - folders,
            "total_size": sum(entry["size"] or 0 for entry in entries),
        }

    async def read_file(self, uid: str, path: str, parse_document: str = "auto") -> dict[str, Any]:
        """Read a file: text as it is, bytes as base64."""
        node = self._store.access(uid, path).node
        if node.data is None:
            raise ToolFailure(f'nc_webdav_read_file failed: "{path}" is a folder (HTTP 405)')
        result = {
            "success": True,
            "path": path,
            "content_type": node.content_type or "text/plain",
            "size": len(node.data),
            "etag": node.etag,
        }
        text = None if node.content_type.startswith(BINARY) else decode(node.data)
        if text is None:
            return {**result, "content": base64.b64encode(node.data).decode(), "encoding": "base64"}
        return {**result, "content": text, "encoding": None}

    async def write_file(
        self,
        uid: str,
        path: str,
        content: str,
        content_type: str | None = None,
        if_match: str | None = None,
    ) -> dict[str, Any]:
        """Write a file. One that exists is overwritten only with its etag, or "*", as `if_match`."""
        data, kind = content.encode(), content_type or "text/plain"
        if "base64" in kind.lower():
            data, kind = base64.b64decode(content), kind.replace(";base64", "")
        try:
            access, created = self._store.write_file(
                uid, path, data, content_type=kind, if_match=if_match, only_new=if_match is None
            )
        except StoreError as error:
            raise failure("nc_webdav_write_file", path, error) from error
        return {
            "success": True,
            "status_code": 201 if created else 204,
            "path": path,
            "size": len(data),
            "created": created,
            "etag": access.node.etag,
        }

    async def create_directory(self, uid: str, path: str) -> dict[str, Any]:
        """Create a folder; one that exists is no error."""
        try:
            self._store.make_folder(uid, path)
        except StoreError as error:
            if error.status != 405:
                raise failure("nc_webdav_create_directory", path, error) from error
            return {"success": True, "status_code": 405, "path": path, "created": False}
        return {"success": True, "status_code": 201, "path": path, "created": True}

    async def delete_resource(self, uid: str, path: str) -> dict[str, Any]:
        """Delete a file or folder; one that is not there is no error."""
        try:
            was_folder = self._store.access(uid, path).node.is_folder
            self._store.delete(uid, path)
        except StoreError as error:
            if error.status != 404:
                raise failure("nc_webdav_delete_resource", path, error) from error
            return {"success": True, "status_code": 404, "path": path, "was_directory": False}
        return {"success": True, "status_code": 204, "path": path, "was_directory": was_folder}

    async def move_resource(
        self, uid: str, source_path: str, destination_path: str, overwrite: bool = False
    ) -> dict[str, Any]:
        """Move or rename. What stands in the way is told in the result."""
        return self._carry(self._store.move, uid, source_path, destination_path, overwrite)

    async def copy_resource(
        self, uid: str, source_path: str, destination_path: str, overwrite: bool = False
    ) -> dict[str, Any]:
        """Copy. What stands in the way is told in the result."""
        return self._carry(self._store.copy, uid, source_path, destination_path, overwrite)

    def _carry(self, act: Any, uid: str, source: str, target: str, overwrite: bool) -> dict[str, Any]:
        result = {"source_path": source, "destination_path": target, "overwrite": overwrite}
        try:
            status = 201 if act(uid, source, target, overwrite) else 204
        except StoreError as error:
            if error.status not in (404, 409, 412):
                raise
            return {**result, "success": False, "status_code": error.status, "message": str(error)}
        return {**result, "success": True, "status_code": status}


def describe(entry: Access) -> dict[str, Any]:
    """One entry of a folder's listing."""
    node = entry.node
    return {
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "is_directory": node.is_folder,
        "size": None if node.is_folder else len(node.data or b""),
        "content_type": None if node.is_folder else node.content_type or "text/plain",
        "last_modified": datetime.fromtimestamp(node.modified, UTC).isoformat(),
        "etag": node.etag,
        "file_id": node.id,
    }


def decode(data: bytes) -> str | None:
    """`data` as text, None when it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


REASONS = {403: "Access denied", 404: "Not found", 409: "Conflict", 412: "Precondition failed"}


def failure(tool: str, path: str, error: StoreError) -> ToolFailure:
    """The text of the real server for this status."""
    reason = REASONS.get(error.status, "Failed")
    text = f'{tool} failed: {reason} — "{path}" (HTTP {error.status}). {error}'
    return ToolFailure(text, error.status)
