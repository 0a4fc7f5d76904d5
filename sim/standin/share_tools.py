"""The tools for sharing. All of them answer a JSON string, as the real server's do."""

from __future__ import annotations

import json
from typing import Any

from sim.standin.nodes import Share
from sim.standin.store import Store


class ShareTools:
    """Bound to the store; each tool takes the caller's user id first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(
        self, uid: str, path: str, share_with: str, share_type: int = 0, permissions: int = 1
    ) -> str:
        """Share a file or folder with a user."""
        return json.dumps(as_json(self._store.share(uid, path, share_with, int(permissions)), uid))

    async def list_shares(self, uid: str, path: str | None = None, shared_with_me: bool = False) -> str:
        """List the shares that one made, or that one received."""
        shares = self._store.shares_of(uid, shared_with_me, path)
        return json.dumps([as_json(share, uid) for share in shares])

    async def get(self, uid: str, share_id: int) -> str:
        """One share."""
        return json.dumps(as_json(self._store.share_by_id(uid, int(share_id)), uid))

    async def update(self, uid: str, share_id: int, permissions: int) -> str:
        """Change what a share permits."""
        return json.dumps(as_json(self._store.change_share(uid, int(share_id), int(permissions)), uid))

    async def delete(self, uid: str, share_id: int) -> str:
        """Take a share back."""
        self._store.unshare(uid, int(share_id))
        return json.dumps({"success": True, "message": f"Share {share_id} deleted successfully"})


def as_json(share: Share, uid: str) -> dict[str, Any]:
    """A share as the OCS API shows it to `uid`; ids are strings there."""
    node = share.node
    return {
        "id": str(share.id),
        "share_type": 0,
        "uid_owner": share.initiator,
        "displayname_owner": share.initiator,
        "permissions": share.permissions,
        "stime": int(share.created),
        "uid_file_owner": node.owner,
        "path": share.target if uid == share.recipient else node.path,
        "item_type": "folder" if node.is_folder else "file",
        "item_source": node.id,
        "file_source": node.id,
        "file_target": share.target,
        "share_with": share.recipient,
        "share_with_displayname": share.recipient,
        "mimetype": node.content_type or ("httpd/unix-directory" if node.is_folder else "text/markdown"),
    }
