"""What tests may ask of a stand-in: what is left in it, what it did, and to be otherwise from now on."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import cattrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.faults import FaultBook, FaultSpec
from sim.standin.maintenance import MaintenanceMode

HEADER = "X-Standin-Lever"
Tell = Callable[[], dict[str, Any]]


class Levers:
    """The routes below `/standin`. Each wants the token in the header `X-Standin-Lever`.

    Args:
        holdings, counts: told as JSON.
    """

    def __init__(
        self, token: str, holdings: Tell, counts: Tell, faults: FaultBook, maintenance: MaintenanceMode
    ) -> None:
        self._token = token
        self._holdings = holdings
        self._counts = counts
        self._faults = faults
        self._maintenance = maintenance

    def routes(self) -> list[Route]:
        return [
            Route("/standin/counts", self._guarded(self._tell(self._counts))),
            Route("/standin/holdings", self._guarded(self._tell(self._holdings))),
            Route("/standin/injected", self._guarded(self._tell(self._faults.as_json))),
            Route("/standin/faults", self._guarded(self._change_faults), methods=["POST"]),
            Route("/standin/maintenance", self._guarded(self._change_maintenance), methods=["POST"]),
        ]

    def _guarded(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            given = request.headers.get(HEADER, "")
            if not secrets.compare_digest(given.encode(), self._token.encode()):
                return JSONResponse({"error": f"{HEADER}: not the token of this stand-in"}, status_code=401)
            return await endpoint(request)

        return guarded

    def _tell(self, tell: Tell) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return JSONResponse(tell())

        return endpoint

    async def _change_faults(self, request: Request) -> Response:
        """Commit others from now on: `{"faults": [{"kind": …, "probability": …}], "seed": 1}`."""
        try:
            wanted = await request.json()
            specs = cattrs.structure(wanted["faults"], tuple[FaultSpec, ...])
            seed = int(wanted.get("seed", 1))
        except (KeyError, TypeError, ValueError, AttributeError, cattrs.BaseValidationError) as error:
            return JSONResponse({"error": f"no list of faults: {type(error).__name__}"}, status_code=400)
        self._faults.configure(specs, seed)
        return JSONResponse({"faults": len(specs)})

    async def _change_maintenance(self, request: Request) -> Response:
        """`{"on": true}`: away from now on."""
        try:
            self._maintenance.is_on = bool((await request.json())["on"])
        except (KeyError, TypeError, ValueError):
            return JSONResponse({"error": 'it reads {"on": true}'}, status_code=400)
        return JSONResponse({"on": self._maintenance.is_on})
