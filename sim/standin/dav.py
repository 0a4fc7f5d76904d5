"""Nextcloud's WebDAV (RFC 4918), as far as the MCP server and a careful clean-up need it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim.standin import trashbin
from sim.standin.access import Doorkeeper, Part, Refused, refusal
from sim.standin.changes import Changes
from sim.standin.identity.web import route_path
from sim.standin.nodes import Access, StoredAccount, split
from sim.standin.store import Store
from sim.standin.store_errors import StoreError, not_found
from sim.standin.trashbin import trash_path

BASE = "/remote.php/dav"
METHODS = ["PROPFIND", "GET", "HEAD", "PUT", "MKCOL", "DELETE", "MOVE", "COPY", "SEARCH", "OPTIONS"]
LETTERS = ((1, "G"), (16, "R"), (2, "NVW"), (4, "CK"), (8, "D"))
NAMESPACES = (
    'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" '
    'xmlns:nc="http://nextcloud.org/ns" xmlns:s="http://sabredav.org/ns"'
)


class Dav:
    """The routes below `/remote.php/dav`."""

    def __init__(self, store: Store, doorkeeper: Doorkeeper, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        paths = (BASE, BASE + "/", BASE + "/{path:path}", "/remote.php/webdav/{path:path}")
        return [Route(path, self._endpoint, methods=METHODS) for path in paths]

    async def _endpoint(self, request: Request) -> Response:
        try:
            visit = await self._doorkeeper.admit(request, Part.DAV)
        except Refused as refused:
            return stranger(refused)
        try:
            response = await self._answer(request, visit.account)
        except StoreError as error:
            response = sabre_error(error)
        return visit.leave(request, response)

    async def _answer(self, request: Request, account: StoredAccount) -> Response:
        trash = trash_path(split(route_path(request)), account.uid)
        if trash is not None:
            return self._in_trash(request, account, trash)
        path = file_path(route_path(request), account.uid)
        match request.method:
            case "OPTIONS":
                return Response(status_code=200, headers={"DAV": "1, 3", "Allow": ", ".join(METHODS)})
            case "PROPFIND":
                return self._propfind(request, account, path)
            case "SEARCH":
                return await self._search(request, account)
        if path is None:
            raise not_found(route_path(request))
        if request.method in ("GET", "HEAD"):
            return download(self._store.access(account.uid, path))
        # Read to the end before anything is done: a body that breaks off changes nothing.
        await request.body()
        leaves_home = request.method != "DELETE"
        on_file = partial(self._on_file, request, account.uid, path)
        return await self._changes.change(account.uid, on_file, leaves_home=leaves_home)

    def _in_trash(self, request: Request, account: StoredAccount, inside: list[str]) -> Response:
        match request.method:
            case "PROPFIND":
                depth = request.headers.get("depth", "1")
                rows = trashbin.listing(account, inside, dav_base(request), depth)
                return multistatus([response(href, properties) for href, properties in rows])
            case "DELETE":
                return trashbin.empty(account, inside)
            case method:
                raise StoreError(405, f"{method} is not for the trash bin")

    async def _on_file(self, request: Request, uid: str, path: str) -> Response:
        match request.method:
            case "PUT":
                return await self._put(request, uid, path)
            case "MKCOL":
                self._store.make_folder(uid, path)
                return Response(status_code=201)
            case "DELETE":
                self._store.delete(uid, path)
                return Response(status_code=204)
            case method:
                carry = self._store.move if method == "MOVE" else self._store.copy
                destination = urlsplit(request.headers.get("destination", "")).path
                target = file_path(destination.removeprefix(request.scope.get("root_path", "")), uid)
                if target is None:
                    raise StoreError(400, "The destination header must name a file of the same user")
                overwrite = request.headers.get("overwrite", "T").upper() != "F"
                return Response(status_code=201 if carry(uid, path, target, overwrite) else 204)

    async def _put(self, request: Request, uid: str, path: str) -> Response:
        access, created = self._store.write_file(
            uid,
            path,
            await request.body(),
            content_type=request.headers.get("content-type", ""),
            if_match=unquoted(request.headers.get("if-match")),
            only_new=request.headers.get("if-none-match") == "*",
        )
        etag = f'"{access.node.etag}"'
        headers = {"ETag": etag, "OC-ETag": etag, "OC-FileId": f"{access.node.id:08d}standin"}
        return Response(status_code=201 if created else 204, headers=headers)

    def _propfind(self, request: Request, account: StoredAccount, path: str | None) -> Response:
        if path is None:
            if split(route_path(request))[2:3] in (["files"], ["trashbin"]):
                raise not_found(route_path(request))
            return multistatus([principal_response(request, account.uid)])
        entries = self._store.list_folder(account.uid, path)
        if request.headers.get("depth", "1") == "0":
            entries = entries[:1]
        return multistatus([file_response(entry, account.uid, dav_base(request)) for entry in entries])

    async def _search(self, request: Request, account: StoredAccount) -> Response:
        """Every file whose name holds the literal asked for (RFC 5323 basicsearch, `like` only)."""
        body = (await request.body()).decode(errors="replace")
        literal = body.partition("literal>")[2].partition("<")[0].strip("%").lower()
        found = [
            access
            for node in self._store.nodes()
            if node.parent is not None and literal in node.name.lower()
            if (access := self._store.access_by_id(account.uid, node)) is not None
        ]
        return multistatus([file_response(access, account.uid, dav_base(request)) for access in found])


def file_path(url_path: str, uid: str) -> str | None:
    """The path among the files of `uid` that a URL names; None when it names none."""
    names = split(unquote(url_path))
    for prefix in (["remote.php", "dav", "files", uid], ["remote.php", "webdav"]):
        if names[: len(prefix)] == prefix:
            return "/" + "/".join(names[len(prefix) :])
    return None


def unquoted(etag: str | None) -> str | None:
    return etag.removeprefix("W/").strip('"') if etag else None


def download(access: Access) -> Response:
    node = access.node
    if node.data is None:
        raise StoreError(405, "Folders cannot be downloaded")
    headers = {"ETag": f'"{node.etag}"', "OC-ETag": f'"{node.etag}"'}
    return Response(node.data, headers=headers, media_type=node.content_type or "text/plain")


def dav_base(request: Request) -> str:
    """Where WebDAV lies: hrefs are absolute paths, with the path below which Nextcloud lies."""
    return f"{request.scope.get('root_path', '')}{BASE}"


def file_response(entry: Access, uid: str, base: str) -> str:
    node = entry.node
    slash = "/" if node.is_folder and entry.path != "/" else ""
    href = f"{base}/files/{quote(uid)}{quote(entry.path)}{slash}"
    letters = "".join(letter for bit, letter in LETTERS if entry.permissions & bit)
    modified = format_datetime(datetime.fromtimestamp(node.modified, UTC), usegmt=True)
    kind = (
        "<d:resourcetype><d:collection/></d:resourcetype>"
        if node.is_folder
        else (
            f"<d:resourcetype/><d:getcontentlength>{len(node.data or b'')}</d:getcontentlength>"
            f"<d:getcontenttype>{escape(node.content_type or 'text/plain')}</d:getcontenttype>"
        )
    )
    properties = (
        f"{kind}<d:getetag>&quot;{node.etag}&quot;</d:getetag>"
        f"<d:getlastmodified>{modified}</d:getlastmodified>"
        f"<d:displayname>{escape(entry.path.rpartition('/')[2])}</d:displayname>"
        f"<oc:fileid>{node.id}</oc:fileid><oc:id>{node.id:08d}standin</oc:id>"
        f"<oc:permissions>{'S' if entry.share else ''}{letters}</oc:permissions>"
        f"<oc:size>{node.size}</oc:size><oc:favorite>0</oc:favorite>"
        f"<oc:owner-id>{escape(node.owner)}</oc:owner-id>"
    )
    return response(href, properties)


def principal_response(request: Request, uid: str) -> str:
    here = f"{dav_base(request)}/principals/users/{quote(uid)}/"
    principal = f"<d:current-user-principal><d:href>{here}</d:href></d:current-user-principal>"
    return response(quote(request.url.path), f"{principal}<d:resourcetype><d:collection/></d:resourcetype>")


def response(href: str, properties: str) -> str:
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{properties}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def multistatus(responses: list[str]) -> Response:
    body = f'<?xml version="1.0"?>\n<d:multistatus {NAMESPACES}>{"".join(responses)}</d:multistatus>'
    return Response(body, status_code=207, media_type="application/xml; charset=utf-8")


def stranger(refused: Refused) -> Response:
    """Nobody is let in: in Sabre's words, with the challenge that a client waits for."""
    name = "TooManyRequests" if refused.status == 429 else "NotAuthenticated"
    told = sabre_text(name, str(refused), refused.status)
    if refused.status == 401:
        told.headers["WWW-Authenticate"] = refusal(refused).headers["WWW-Authenticate"]
    return told


def sabre_error(error: StoreError) -> Response:
    """An error as Sabre writes it, the library behind Nextcloud's WebDAV."""
    names = {403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict"}
    name = names.get(error.status, "PreconditionFailed" if error.status == 412 else "BadRequest")
    return sabre_text(name, str(error), error.status)


def sabre_text(name: str, text: str, status: int) -> Response:
    body = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<d:error {NAMESPACES}>'
        f"<s:exception>Sabre\\DAV\\Exception\\{name}</s:exception>"
        f"<s:message>{escape(text)}</s:message></d:error>"
    )
    return Response(body, status_code=status, media_type="application/xml; charset=utf-8")
