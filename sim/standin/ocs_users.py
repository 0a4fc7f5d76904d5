"""Nextcloud's OCS API of capabilities and users."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from sim.standin.account_creation import CreationFailed, Creations
from sim.standin.identity.composition import Identity
from sim.standin.identity.web import address_of
from sim.standin.nodes import StoredAccount
from sim.standin.ocs_envelope import (
    BAD_PASSWORD,
    INVALID,
    NOT_FOUND,
    SERVER_ERROR,
    USER_EXISTS,
    Handlers,
    OcsError,
    fields,
)
from sim.standin.password_policy import objection
from sim.standin.store import Store
from sim.standin.store_errors import StoreError
from sim.standin.toolbox import capabilities


class OcsUsers:
    """The routes below `/cloud`.

    Args:
        password_policy: new passwords have to satisfy Nextcloud's rules.
    """

    def __init__(
        self, store: Store, identity: Identity, creations: Creations, *, password_policy: bool
    ) -> None:
        self._store = store
        self._identity = identity
        self._creations = creations
        self._password_policy = password_policy

    def handlers(self) -> Handlers:
        return (
            ("/cloud/capabilities", self._capabilities, "GET"),
            ("/cloud/user", self._user, "GET"),
            ("/cloud/users", self._search, "GET"),
            ("/cloud/users", self._create, "POST"),
            ("/cloud/users/{uid}", self._read, "GET"),
            ("/cloud/users/{uid}", self._delete, "DELETE"),
        )

    async def _capabilities(self, request: Request, account: StoredAccount) -> Any:
        found, delay_s = capabilities(), self._identity.throttle.waits_s(address_of(request))
        found["capabilities"]["bruteforce"] = {"delay": round(1000 * delay_s), "allow-listed": False}
        return found

    async def _user(self, request: Request, account: StoredAccount) -> Any:
        return person(account)

    async def _search(self, request: Request, account: StoredAccount) -> Any:
        """Every user in whose id, name or address the text stands."""
        needs_admin(account)
        wanted = request.query_params.get("search", "").lower()
        found = [
            uid
            for uid, other in self._store.accounts.items()
            if wanted in uid.lower() or wanted in other.display_name.lower() or wanted in other.email
        ]
        start = int(request.query_params.get("offset", "0"))
        limit = int(request.query_params.get("limit", "0")) or len(found)
        return {"users": found[start : start + limit]}

    async def _create(self, request: Request, account: StoredAccount) -> Any:
        needs_admin(account)
        field = await fields(request)
        uid, password = field.get("userid", ""), field.get("password", "")
        if uid in self._store.accounts:
            raise OcsError(USER_EXISTS, "User already exists")
        if not uid or not all(c.isalnum() or c in " _.@-'" for c in uid):
            raise OcsError(
                INVALID, "Only the characters a-z, A-Z, 0-9 and _.@-' are allowed in an Account name"
            )
        if not password:
            raise OcsError(INVALID, "Invalid password value")
        if self._password_policy and (text := objection(password, uid)):
            raise OcsError(BAD_PASSWORD, text)
        name, email = field.get("displayName", ""), field.get("email", "")
        try:
            await self._creations.create(uid, password, name, email)
        except CreationFailed:
            raise OcsError(INVALID, "Bad request") from None
        except StoreError as error:
            raise OcsError(INVALID, str(error)) from error
        return {"id": uid}

    async def _read(self, request: Request, account: StoredAccount) -> Any:
        other = self._store.accounts.get(request.path_params["uid"])
        if other is None or (other is not account and not account.is_admin):
            raise OcsError(NOT_FOUND if account.is_admin else 403, "User does not exist")
        if other.is_making_home:
            raise OcsError(SERVER_ERROR, "Internal Server Error")
        return person(other)

    async def _delete(self, request: Request, account: StoredAccount) -> Any:
        needs_admin(account)
        uid = request.path_params["uid"]
        if uid not in self._store.accounts:
            raise OcsError(NOT_FOUND, "User does not exist")
        if uid == account.uid:
            raise OcsError(INVALID, "Cannot delete oneself")
        self._store.remove_account(uid)
        self._identity.forget_user(uid)
        return []


def needs_admin(account: StoredAccount) -> None:
    if not account.is_admin:
        raise OcsError(403, "Logged in account must be an administrator")


def person(account: StoredAccount) -> dict[str, Any]:
    return {
        "id": account.uid,
        "enabled": True,
        "displayname": account.display_name,
        "display-name": account.display_name,
        "email": account.email or None,
        "groups": ["admin"] if account.is_admin else [],
        "quota": {"free": 10**12, "used": account.root.size, "total": 10**12},
    }
