"""How OCS answers.

The two versions differ in how they report: under `v1.php` the HTTP status is 200 (but for 401) and
success is 100 in the body; under `v2.php` the body repeats the HTTP status.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sim.standin.identity.web import route_path
from sim.standin.nodes import StoredAccount

SERVER_ERROR, UNAUTHORIZED, NOT_FOUND = 996, 997, 998
INVALID, USER_EXISTS, BAD_PASSWORD = 101, 102, 107
HTTP_OF = {
    INVALID: 400,
    USER_EXISTS: 400,
    BAD_PASSWORD: 400,
    SERVER_ERROR: 500,
    UNAUTHORIZED: 401,
    NOT_FOUND: 404,
}


Handler = Callable[[Request, StoredAccount], Awaitable[Any]]
Handlers = tuple[tuple[str, Handler, str], ...]
"""Path below the version, what answers with the data, and the method."""


class OcsError(Exception):
    """A request that OCS refuses: its own status code, and the text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


async def fields(request: Request) -> dict[str, str]:
    """What was sent, in the query, as a form or as JSON."""
    sent = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await request.json()
        return sent | {key: str(value) for key, value in body.items()}
    form = await request.form()
    return sent | {key: str(value) for key, value in form.items()}


def respond(request: Request, code: int, text: str, data: Any) -> Response:
    """An OCS answer, in JSON where it is asked for and in XML otherwise.

    Args:
        code: a HTTP status, or one of OCS' own.
    """
    v1 = route_path(request).startswith("/ocs/v1.php")
    http = HTTP_OF.get(code, code)
    status = http if not v1 or http == 401 else 200
    shown = (100 if code == 200 else code) if v1 else http if code < 900 and code not in HTTP_OF else code
    meta = {"status": "ok" if code == 200 else "failure", "statuscode": shown, "message": text}
    wants_json = request.query_params.get("format") == "json" or "json" in request.headers.get("accept", "")
    if wants_json:
        return JSONResponse({"ocs": {"meta": meta, "data": data}}, status_code=status)
    body = f'<?xml version="1.0"?>\n<ocs><meta>{xml(meta)}</meta><data>{xml(data)}</data></ocs>\n'
    return Response(body, status_code=status, media_type="application/xml")


def wrong_password() -> Response:
    """What a password gets that is not taken: it is looked at before the format is, so this is always XML."""
    body = (
        '<?xml version="1.0"?>\n<ocs>\n <meta>\n  <status>failure</status>\n  <statuscode>997</statuscode>\n'
        "  <message>Unauthorised</message>\n </meta>\n <data/>\n</ocs>\n"
    )
    headers = {"WWW-Authenticate": 'Basic realm="Authorisation Required"'}
    return Response(body, status_code=401, headers=headers, media_type="text/xml")


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
