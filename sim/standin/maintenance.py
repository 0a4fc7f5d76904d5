"""Maintenance mode: the whole Nextcloud is away for a while, and says for how long."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sim.standin.dav import sabre_text
from sim.standin.identity.web import route_path
from sim.standin.ocs_envelope import respond

HEADERS = {"X-Nextcloud-Maintenance-Mode": "1", "Retry-After": "120"}
TEXT = "System is in maintenance mode."
STATUS = "/status.php"


class MaintenanceMode:
    """An ASGI application around Nextcloud's routes; `status.php` alone goes on answering.

    Attributes:
        is_on: whether it is away.
    """

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on

    def before(self, inner: ASGIApp) -> ASGIApp:
        """`inner`, or a 503."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            if self.is_on and scope["type"] == "http":
                request = Request(scope)
                if route_path(request) != STATUS:
                    await refusal(request)(scope, receive, send)
                    return
            await inner(scope, receive, send)

        return application


def refusal(request: Request) -> Response:
    """In the words of whichever part was asked."""
    path = route_path(request)
    if path.startswith("/ocs/"):
        response = respond(request, 503, "Service unavailable", [])
        response.status_code = 503
    elif path.startswith("/remote.php/"):
        response = sabre_text("ServiceUnavailable", TEXT, 503)
    else:
        response = HTMLResponse(f"<!DOCTYPE html><title>Nextcloud</title><h2>{TEXT}</h2>", 503)
    response.headers.update(HEADERS)
    return response
