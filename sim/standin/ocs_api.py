"""Nextcloud's OCS API, put together: every answer is an envelope, errors too."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim.standin.access import Doorkeeper, Part, Refused
from sim.standin.identity.web import Endpoint, basic_credentials
from sim.standin.ocs_envelope import (
    NOT_FOUND,
    UNAUTHORIZED,
    Handler,
    Handlers,
    OcsError,
    respond,
    wrong_password,
)
from sim.standin.store_errors import StoreError

CHANGING_METHODS = ("POST", "PUT", "DELETE")
VERSIONS = ("v1.php", "v2.php")


class OcsApi:
    """The routes below `/ocs/v1.php` and `/ocs/v2.php`."""

    def __init__(self, doorkeeper: Doorkeeper, handlers: Handlers) -> None:
        self._doorkeeper = doorkeeper
        self._handlers = handlers

    def routes(self) -> list[Route]:
        known = [
            Route(f"/ocs/{version}{path}", self._endpoint(handler), methods=[method])
            for version in VERSIONS
            for path, handler, method in self._handlers
        ]
        unknown = [
            Route(f"/ocs/{version}/{{path:path}}", no_such_query, methods=["GET", *CHANGING_METHODS])
            for version in VERSIONS
        ]
        return [*known, *unknown]

    def _endpoint(self, handler: Handler) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                if request.method in CHANGING_METHODS and "ocs-apirequest" not in request.headers:
                    raise OcsError(412, "CSRF check failed")
                visit = await self._doorkeeper.admit(request, Part.OCS)
            except OcsError as error:
                return respond(request, error.code, str(error), [])
            except Refused as refused:
                if refused.status == 401 and basic_credentials(request):
                    return wrong_password()
                return respond(request, UNAUTHORIZED if refused.status == 401 else 429, str(refused), [])
            try:
                response = respond(request, 200, "OK", await handler(request, visit.account))
            except OcsError as error:
                response = respond(request, error.code, str(error), [])
            except StoreError as error:
                response = respond(request, error.status, str(error), [])
            except (ValueError, KeyError):
                response = respond(request, 400, "Wrong or no parameter given", [])
            return visit.leave(request, response)

        return endpoint


async def no_such_query(request: Request) -> Response:
    """An address that OCS does not know."""
    return respond(request, NOT_FOUND, "Invalid query, please check the syntax.", [])
