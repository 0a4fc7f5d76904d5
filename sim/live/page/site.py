"""The page over HTTP: the document, the events, and what is asked of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sim.live.page.broadcast import Broadcast
from sim.live.page.gate import HEADERS, METRICS, Gate
from sim.live.page.orders import MAX_BYTES, BadOrder, command_of
from sim.measure.metric_family import CONTENT_TYPE
from sim.runtime.commands import Command, NotDone

MAX_LOOKERS = 8
"""Who follow the events at the same time."""
PIECE_BYTES = 16_384
"""Of a page that is sent at a time."""
RETRY = b"retry: 1000\n\n"

Page = Callable[[], Awaitable[bytes]]
Order = Callable[[Command], str]


class Site:
    """Of one run, or of one that is over.

    Args:
        page: makes the document, in UTF-8; the same one as the same bytes, of which lookers hold no copy.
        broadcast: None: nothing is going on.
        metrics: the figures so far as Prometheus reads them; None: there are none.
        order: carries a command out, and says in words what was done; None: nobody may ask for anything.

    Attributes:
        lookers: how many follow the events.
    """

    def __init__(
        self,
        gate: Gate,
        page: Page,
        broadcast: Broadcast | None = None,
        order: Order | None = None,
        metrics: Callable[[], str] | None = None,
    ) -> None:
        self._gate = gate
        self._page = page
        self._broadcast = broadcast
        self._order = order
        self._metrics = metrics
        self.lookers = 0
        self._alone = trio.Event()

    async def is_alone(self) -> None:
        """Return when nobody follows the events any more."""
        while self.lookers:
            self._alone = trio.Event()
            await self._alone.wait()

    def left(self) -> None:
        """One of those who followed them has gone."""
        self.lookers -= 1
        self._alone.set()

    def app(self) -> ASGIApp:
        """For a server."""
        routes = [
            Route("/", self._document),
            Route("/events", self._events),
            Route(METRICS, self._figures),
            Route("/orders", self._orders, methods=["POST"]),
        ]
        return Guarded(Starlette(routes=routes), self._gate)

    async def _document(self, request: Request) -> Response:
        if "t" in request.query_params:
            # The token leaves the address bar, and with it what is kept of visits.
            return RedirectResponse("/", 303, {"set-cookie": self._gate.cookie})
        return PageInPieces(await self._page())

    async def _events(self, request: Request) -> Response:
        if self._broadcast is None:
            return PlainTextResponse("nothing is going on", 404)
        if self.lookers >= MAX_LOOKERS:
            return PlainTextResponse(f"{MAX_LOOKERS} look on already", 503)
        said = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else 0
        return EventStream(self, self._broadcast, after)

    async def _figures(self, request: Request) -> Response:
        if self._metrics is None:
            return PlainTextResponse("nothing is going on", 404)
        return Response(self._metrics(), headers={"content-type": CONTENT_TYPE})

    async def _orders(self, request: Request) -> Response:
        if self._order is None:
            return JSONResponse({"problem": "this page only shows"}, 403)
        try:
            text = self._order(command_of(await short_body(request)))
        except BadOrder as error:
            return JSONResponse({"problem": str(error)}, 400)
        except NotDone as error:
            return JSONResponse({"problem": str(error)}, 409)
        return JSONResponse({"text": text})


async def short_body(request: Request) -> bytes:
    """Raises BadOrder where it is longer than any order."""
    body = b""
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_BYTES:
                raise BadOrder("too long")
    return body


class PageInPieces(Response):
    """A page, given as it is taken: of whoever does not read, no more than a piece is in memory."""

    media_type = "text/html"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        whole = bytes(self.body)
        for begin in range(0, len(whole), PIECE_BYTES):
            await more(send, whole[begin : begin + PIECE_BYTES])
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventStream(Response):
    """Server-sent events (HTML 9.2). It counts as a looker while it lasts."""

    def __init__(self, site: Site, broadcast: Broadcast, after: int) -> None:
        super().__init__(media_type="text/event-stream")
        self._site = site
        self._broadcast = broadcast
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._site.lookers += 1
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(until_gone, receive, nursery.cancel_scope)
                await self._tell(send)
                nursery.cancel_scope.cancel()
        finally:
            self._site.left()

    async def _tell(self, send: Send) -> None:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await more(send, RETRY)
        async with aclosing(self._broadcast.events(self._after)) as events:
            async for event in events:
                await more(send, str(event).encode())
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_gone(receive: Receive, whole: trio.CancelScope) -> None:
    """End the stream when the looker goes."""
    while (await receive())["type"] != "http.disconnect":
        pass
    whole.cancel()


async def more(send: Send, piece: bytes) -> None:
    """Of a body; returns when it has been taken."""
    await send({"type": "http.response.body", "body": piece, "more_body": True})


class Guarded:
    """Lets in whom the gate lets in, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope)
        headers = dict(request.headers)
        if len(request.headers.getlist("host")) > 1:
            headers.pop("host")
        refusal = self._gate.check(
            request.method,
            scope["path"],
            headers,
            request.query_params.get("t", ""),
            request.cookies.get(self._gate.cookie_name, ""),
        )
        app = self._app if refusal is None else PlainTextResponse(refusal.text, refusal.status)
        await app(scope, receive, partial(with_headers, send))


async def with_headers(send: Send, message: Message) -> None:
    if message["type"] == "http.response.start":
        ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        message = {**message, "headers": [*message["headers"], *ours]}
    await send(message)
