"""Where app passwords are made, listed and revoked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity import html_pages as pages
from sim.standin.identity.app_password_book import AppPassword, AppPasswords
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.looks import Looks
from sim.standin.identity.sessions import Session, Sessions, csrf_refusal, login_refusal, passes_csrf
from sim.standin.identity.user_directory import UserDirectory
from sim.standin.identity.web import basic_credentials, both_ways, random_text, read_form

_PERMANENT = 1


class AppPasswordEndpoints:
    """Two ways in: a program's own, over OCS, and the user's security settings in the browser."""

    def __init__(
        self,
        options: IdentityOptions,
        users: UserDirectory,
        sessions: Sessions,
        passwords: AppPasswords,
        counts: Counter[str],
    ) -> None:
        self._looks = Looks(options)
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._counts = counts

    def routes(self) -> list[Route]:
        tokens = "/settings/personal/authtokens"
        return [
            *(
                route
                for version in ("v1.php", "v2.php")
                for route in (
                    Route(f"/ocs/{version}/core/apppassword", self.revoke_own, methods=["DELETE"]),
                    Route(f"/ocs/{version}/core/getapppassword", self.convert, methods=["GET"]),
                )
            ),
            *both_ways("/settings/user/security", self.show, "GET"),
            *both_ways(tokens, self.create, "POST"),
            *both_ways(f"{tokens}/{{id:int}}", self.delete, "DELETE"),
        ]

    async def revoke_own(self, request: Request) -> Response:
        """A program gives its app password back; it proves who it is with just that."""
        given = basic_credentials(request)
        if given is None:
            return _ocs(request, 401, 997, "Current user is not logged in")
        own = self._passwords.find(self._users.resolve(given.name) or "", given.password)
        if own is not None:
            self._delete(own)
            return _ocs(request, 200, 200, "OK")
        if self._users.authenticate(given.name, given.password):
            return _ocs(request, 403, 403, "no app password in use")
        return _ocs(request, 401, 997, "Current user is not logged in")

    async def convert(self, request: Request) -> Response:
        """A password buys an app password; an app password buys none."""
        given = basic_credentials(request)
        if given and (uid := self._users.authenticate(given.name, given.password)):
            made = self._passwords.create(uid, request.headers.get("user-agent", ""))
            self._counts["app_passwords"] += 1
            return _ocs(request, 200, 200, "OK", {"apppassword": made.token})
        if given and self._passwords.find(self._users.resolve(given.name) or "", given.password):
            return _ocs(request, 403, 403, "You cannot request an new apppassword with an apppassword")
        return _ocs(request, 401, 997, "Current user is not logged in")

    async def show(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        tokens = [_described(one) for one in self._passwords.of(session.uid)]
        look = self._looks.of(request)
        html = pages.security(look, session.request_token(), self._users.display_name(session.uid), tokens)
        return pages.answer(html)

    async def create(self, request: Request) -> Response:
        session, form = self._sessions.of(request), await read_form(request)
        uid = session.uid
        if uid is None:
            return login_refusal(request)
        if not passes_csrf(request, session, form):
            return csrf_refusal(request)
        token = "-".join(random_text(5) for _ in range(5))
        made = self._passwords.create(uid, form.get("name", ""), token)
        self._counts["app_passwords"] += 1
        return JSONResponse(
            {"token": made.token, "loginName": session.login_name, "deviceToken": _described(made)}
        )

    async def delete(self, request: Request) -> Response:
        session = self._sessions.of(request)
        if session.uid is None:
            return login_refusal(request)
        if not passes_csrf(request, session, {}):
            return csrf_refusal(request)
        doomed = self._owned(session, request.path_params["id"])
        if doomed is None:
            return JSONResponse([], status_code=404)
        self._delete(doomed)
        return JSONResponse([])

    def _owned(self, session: Session, id: int) -> AppPassword | None:
        return next((one for one in self._passwords.of(session.uid or "") if one.id == id), None)

    def _delete(self, password: AppPassword) -> None:
        self._passwords.delete(password)
        self._counts["revoked_app_passwords"] += 1


def _described(password: AppPassword) -> dict[str, object]:
    return {
        "id": password.id,
        "name": password.name,
        "lastActivity": math.floor(password.created_at),
        "type": _PERMANENT,
        "scope": {"filesystem": True},
        "canDelete": True,
        "canRename": True,
    }


def _ocs(
    request: Request, status: int, code: int, message: str, data: Mapping[str, str] | None = None
) -> Response:
    """An OCS answer, in JSON or XML; v1.php says 100 where v2.php says 200, and is always HTTP 200."""
    if "/v1.php/" in request.url.path:
        status, code = (200 if status != 401 else 401), (100 if code == 200 else code)
    word = "ok" if code in (100, 200) else "failure"
    as_json = request.query_params.get("format") == "json" or "json" in request.headers.get("accept", "")
    if as_json:
        meta = {"status": word, "statuscode": code, "message": message}
        return JSONResponse({"ocs": {"meta": meta, "data": data or []}}, status_code=status)
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (data or {}).items())
    body = (
        f'<?xml version="1.0"?>\n<ocs><meta><status>{word}</status><statuscode>{code}</statuscode>'
        f"<message>{escape(message)}</message></meta><data>{fields}</data></ocs>"
    )
    return Response(body, status_code=status, media_type="application/xml")
