"""Nextcloud's OCS API of shares."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from sim.standin.changes import Changes
from sim.standin.nodes import StoredAccount
from sim.standin.ocs_envelope import Handlers, fields
from sim.standin.share_tools import as_json
from sim.standin.store import Store

SHARES = "/apps/files_sharing/api/v1/shares"


class OcsShares:
    """The routes below that address."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    def handlers(self) -> Handlers:
        return (
            (SHARES, self._list_shares, "GET"),
            (SHARES, self._create_share, "POST"),
            (SHARES + "/{share_id:int}", self._read_share, "GET"),
            (SHARES + "/{share_id:int}", self._update_share, "PUT"),
            (SHARES + "/{share_id:int}", self._delete_share, "DELETE"),
        )

    async def _list_shares(self, request: Request, account: StoredAccount) -> Any:
        with_me = request.query_params.get("shared_with_me") == "true"
        path = request.query_params.get("path")
        return [as_json(s, account.uid) for s in self._store.shares_of(account.uid, with_me, path)]

    async def _create_share(self, request: Request, account: StoredAccount) -> Any:
        field = await fields(request)
        path, recipient = field.get("path", ""), field.get("shareWith", "")
        permissions = int(field.get("permissions", "1"))

        async def share() -> Any:
            return as_json(self._store.share(account.uid, path, recipient, permissions), account.uid)

        return await self._changes.change(account.uid, share, leaves_home=False)

    async def _read_share(self, request: Request, account: StoredAccount) -> Any:
        return [as_json(self._store.share_by_id(account.uid, request.path_params["share_id"]), account.uid)]

    async def _update_share(self, request: Request, account: StoredAccount) -> Any:
        permissions, number = int((await fields(request))["permissions"]), request.path_params["share_id"]

        async def update() -> Any:
            return as_json(self._store.change_share(account.uid, number, permissions), account.uid)

        return await self._changes.change(account.uid, update, leaves_home=False)

    async def _delete_share(self, request: Request, account: StoredAccount) -> Any:
        async def unshare() -> list[Any]:
            self._store.unshare(account.uid, request.path_params["share_id"])
            return []

        return await self._changes.change(account.uid, unshare, leaves_home=False)
