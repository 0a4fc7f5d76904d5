"""Nextcloud's OCS API: capabilities, users and shares.

The two versions differ in how they report: under `v1.php` the HTTP status is 200 (but for 401) and
success is 100 in the body; under `v2.php` the body repeats the HTTP status.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.access import Doorkeeper
from sim.standin.errors import StoreError
from sim.standin.identity.identity import Identity
from sim.standin.nodes import Account
from sim.standin.share_tools import as_json
from sim.standin.store import Store
from sim.standin.toolbox import capabilities

SHARES = "/apps/files_sharing/api/v1/shares"
UNAUTHORIZED = 997
INVALID, USER_EXISTS, NOT_FOUND = 101, 102, 998
HTTP_OF = {INVALID: 400, USER_EXISTS: 400, NOT_FOUND: 404, UNAUTHORIZED: 401}
LIVELY_METHODS = ("POST", "PUT", "DELETE")


class OcsError(Exception):
    """A request that OCS refuses: its own status code, and the text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Ocs:
    """The routes below `/ocs/v1.php` and `/ocs/v2.php`."""

    def __init__(self, store: Store, identity: Identity, doorkeeper: Doorkeeper) -> None:
        self._store = store
        self._identity = identity
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        table = (
            ("/cloud/capabilities", self._capabilities, ["GET"]),
            ("/cloud/user", self._user, ["GET"]),
            ("/cloud/users", self._search, ["GET"]),
            ("/cloud/users", self._create, ["POST"]),
            ("/cloud/users/{uid}", self._read, ["GET"]),
            ("/cloud/users/{uid}", self._delete, ["DELETE"]),
            (SHARES, self._list_shares, ["GET"]),
            (SHARES, self._create_share, ["POST"]),
            (SHARES + "/{share_id:int}", self._read_share, ["GET"]),
            (SHARES + "/{share_id:int}", self._update_share, ["PUT"]),
            (SHARES + "/{share_id:int}", self._delete_share, ["DELETE"]),
        )
        return [
            Route(f"/ocs/{version}{path}", self._endpoint(handler), methods=methods)
            for version in ("v1.php", "v2.php")
            for path, handler, methods in table
        ]

    def _endpoint(self, handler: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                if request.method in LIVELY_METHODS and "ocs-apirequest" not in request.headers:
                    raise OcsError(412, "CSRF check failed")
                account = self._doorkeeper.account(request)
                if account is None:
                    raise OcsError(UNAUTHORIZED, "Current user is not logged in")
                return respond(request, 200, "OK", await handler(request, account))
            except OcsError as error:
                return respond(request, error.code, str(error), [])
            except StoreError as error:
                return respond(request, error.status, str(error), [])

        return endpoint

    async def _capabilities(self, request: Request, account: Account) -> Any:
        return capabilities()

    async def _user(self, request: Request, account: Account) -> Any:
        return person(account)

    async def _search(self, request: Request, account: Account) -> Any:
        needs_admin(account)
        wanted = request.query_params.get("search", "").lower()
        found = [
            uid
            for uid, other in self._store.accounts.items()
            if wanted in uid.lower() or wanted in other.display_name.lower() or wanted in other.email.lower()
        ]
        start = int(request.query_params.get("offset", "0"))
        limit = int(request.query_params.get("limit", "0")) or len(found)
        return {"users": found[start : start + limit]}

    async def _create(self, request: Request, account: Account) -> Any:
        needs_admin(account)
        form = await request.form()
        field = {key: str(value) for key, value in form.items()}
        uid, password = field.get("userid", ""), field.get("password", "")
        if not uid or not all(c.isalnum() or c in " _.@-'" for c in uid):
            raise OcsError(
                INVALID, "Only the characters a-z, A-Z, 0-9 and _.@-' are allowed in an Account name"
            )
        if len(password) < 10:
            raise OcsError(INVALID, "Password needs to be at least 10 characters long.")
        if uid in self._store.accounts:
            raise OcsError(USER_EXISTS, "User already exists")
        self._store.add_account(uid, password, field.get("displayName", ""), field.get("email", ""))
        return {"id": uid}

    async def _read(self, request: Request, account: Account) -> Any:
        other = self._store.accounts.get(request.path_params["uid"])
        if other is None or (other is not account and not account.is_admin):
            raise OcsError(NOT_FOUND if account.is_admin else 403, "User does not exist")
        return person(other)

    async def _delete(self, request: Request, account: Account) -> Any:
        needs_admin(account)
        uid = request.path_params["uid"]
        if uid not in self._store.accounts:
            raise OcsError(NOT_FOUND, "User does not exist")
        if uid == account.uid:
            raise OcsError(INVALID, "Cannot delete oneself")
        self._store.remove_account(uid)
        self._identity.forget_user(uid)
        return []

    async def _list_shares(self, request: Request, account: Account) -> Any:
        with_me = request.query_params.get("shared_with_me") == "true"
        path = request.query_params.get("path")
        return [as_json(s, account.uid) for s in self._store.shares_of(account.uid, with_me, path)]

    async def _create_share(self, request: Request, account: Account) -> Any:
        field = await fields(request)
        share = self._store.share(
            account.uid, field.get("path", ""), field.get("shareWith", ""), int(field.get("permissions", "1"))
        )
        return as_json(share, account.uid)

    async def _read_share(self, request: Request, account: Account) -> Any:
        return [as_json(self._store.share_by_id(account.uid, request.path_params["share_id"]), account.uid)]

    async def _update_share(self, request: Request, account: Account) -> Any:
        permissions = int((await fields(request)).get("permissions", "1"))
        share = self._store.change_share(account.uid, request.path_params["share_id"], permissions)
        return as_json(share, account.uid)

    async def _delete_share(self, request: Request, account: Account) -> Any:
        self._store.unshare(account.uid, request.path_params["share_id"])
        return []


async def fields(request: Request) -> dict[str, str]:
    """What was sent, in the query, as a form or as JSON."""
    sent = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await request.json()
        return sent | {key: str(value) for key, value in body.items()}
    form = await request.form()
    return sent | {key: str(value) for key, value in form.items()}


def needs_admin(account: Account) -> None:
    if not account.is_admin:
        raise OcsError(403, "Logged in account must be an administrator")


def person(account: Account) -> dict[str, Any]:
    return {
        "id": account.uid,
        "enabled": True,
        "displayname": account.display_name,
        "display-name": account.display_name,
        "email": account.email or None,
        "groups": ["admin"] if account.is_admin else [],
        "quota": {"free": 10**12, "used": account.root.size, "total": 10**12},
    }


def respond(request: Request, code: int, text: str, data: Any) -> Response:
    """An OCS answer, in JSON where it is asked for and in XML otherwise."""
    v1 = request.url.path.startswith("/ocs/v1.php")
    http = HTTP_OF.get(code, code)
    status = http if not v1 or http == 401 else 200
    shown = (100 if code == 200 else code) if v1 else http if code < 900 and code not in HTTP_OF else code
    meta = {"status": "ok" if code == 200 else "failure", "statuscode": shown, "message": text}
    wants_json = request.query_params.get("format") == "json" or "json" in request.headers.get("accept", "")
    if wants_json:
        return JSONResponse({"ocs": {"meta": meta, "data": data}}, status_code=status)
    body = f'<?xml version="1.0"?>\n<ocs><meta>{xml(meta)}</meta><data>{xml(data)}</data></ocs>\n'
    return Response(body, status_code=status, media_type="application/xml")


def xml(value: Any) -> str:
    """JSON as OCS writes it in XML: lists become `<element>`s."""
    match value:
        case dict():
            return "".join(f"<{key}>{xml(inner)}</{key}>" for key, inner in value.items())
        case list() | tuple():
            return "".join(f"<element>{xml(inner)}</element>" for inner in value)
        case bool():
            return "1" if value else "0"
        case None:
            return ""
        case _:
            return escape(str(value))
