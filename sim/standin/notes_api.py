"""The REST API of Nextcloud's Notes app."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.access import Doorkeeper, Part, Refused, refusal
from sim.standin.changes import Changes
from sim.standin.nodes import StoredAccount
from sim.standin.note_store import Notes, StoredNote
from sim.standin.store import NOTE_SUFFIX, NOTES_FOLDER
from sim.standin.store_errors import StoreError

BASES = ("/index.php/apps/notes/api/v1", "/apps/notes/api/v1")


class NotesApi:
    """The routes below `/index.php/apps/notes/api/v1`."""

    def __init__(self, notes: Notes, doorkeeper: Doorkeeper, changes: Changes) -> None:
        self._notes = notes
        self._changes = changes
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        table = (
            ("/notes", self._list, ["GET"]),
            ("/notes", self._create, ["POST"]),
            ("/notes/{note_id:int}", self._get, ["GET"]),
            ("/notes/{note_id:int}", self._update, ["PUT"]),
            ("/notes/{note_id:int}", self._delete, ["DELETE"]),
            ("/settings", self._settings, ["GET"]),
        )
        return [
            Route(f"{base}{path}", self._endpoint(handler), methods=methods)
            for base in BASES
            for path, handler, methods in table
        ]

    def _endpoint(self, handler: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                visit = await self._doorkeeper.admit(request, Part.NOTES)
            except Refused as refused:
                return refusal(refused)
            try:
                response: Response = await handler(request, visit.account)
            except StoreError as error:
                response = JSONResponse({"errorType": "NoteError", "message": str(error)}, error.status)
            except (ValueError, KeyError, AttributeError):
                response = JSONResponse({"errorType": "NoteError", "message": "Bad request"}, 400)
            return visit.leave(request, response)

        return endpoint

    async def _list(self, request: Request, account: StoredAccount) -> Response:
        left_out = set(request.query_params.get("exclude", "").split(","))
        notes = [
            {key: value for key, value in note.as_json().items() if key not in left_out}
            for note in self._notes.all_of(account.uid)
        ]
        return JSONResponse(notes)

    async def _create(self, request: Request, account: StoredAccount) -> Response:
        field = await request.json()
        text = [field.get(key, "") for key in ("title", "content", "category")]

        async def create() -> Response:
            return reply(self._notes.create(account.uid, *text))

        return await self._changes.change(account.uid, create, leaves_home=True)

    async def _get(self, request: Request, account: StoredAccount) -> Response:
        return reply(self._notes.get(account.uid, request.path_params["note_id"]))

    async def _update(self, request: Request, account: StoredAccount) -> Response:
        field = await request.json()
        changes = {key: field[key] for key in ("title", "content", "category") if field.get(key) is not None}
        number, etag = request.path_params["note_id"], request.headers.get("if-match")

        async def update() -> Response:
            return reply(self._notes.update(account.uid, number, etag, **changes))

        return await self._changes.change(account.uid, update, leaves_home=True)

    async def _delete(self, request: Request, account: StoredAccount) -> Response:
        async def delete() -> Response:
            self._notes.delete(account.uid, request.path_params["note_id"])
            return JSONResponse([])

        return await self._changes.change(account.uid, delete, leaves_home=False)

    async def _settings(self, request: Request, account: StoredAccount) -> Response:
        return JSONResponse({"notesPath": NOTES_FOLDER, "fileSuffix": NOTE_SUFFIX, "noteMode": "rich"})


def reply(note: StoredNote) -> Response:
    return JSONResponse(note.as_json(), headers={"ETag": f'"{note.etag}"'})
