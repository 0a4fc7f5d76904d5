"""A transport that fails on purpose: an ASGI application around the MCP endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sim.standin.faults.book import FaultBook, Injected
from sim.standin.faults.spec import FaultKind

LATENCY = "sim.standin.latency"
"""Key of the scope: how many seconds later the call is to be carried out."""
CALLS = ("tools/call", "resources/read")
STATUSES = {FaultKind.HTTP_500: 500, FaultKind.HTTP_503: 503, FaultKind.RATE_LIMIT: 429}


class FaultyWire:
    """Spoils requests that call a tool or read a resource; everything else is passed on.

    Args:
        inner: the endpoint.
        who: the user id behind a request, "" for nobody.
        revoke: makes the request's access token worthless.
    """

    def __init__(
        self,
        inner: ASGIApp,
        book: FaultBook,
        who: Callable[[Request], str],
        revoke: Callable[[Request], None],
    ) -> None:
        self._inner = inner
        self._book = book
        self._who = who
        self._revoke = revoke

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._book or scope["method"] != "POST":
            await self._inner(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        called, uid = called_by(body), self._who(request)
        again = Replay(body, receive)
        if not called or not uid:
            await self._inner(scope, again, send)
            return
        draw = partial(self._book.draw, uid=uid, tool=called)
        if fault := draw(FaultKind.LATENCY):
            # What is called waits, not its wire: it is carried out also when its caller leaves.
            scope = {**scope, LATENCY: fault.seconds}
        if (fault := draw(FaultKind.HANG)) and await again.is_left_within(fault.seconds):
            return
        for kind, status in STATUSES.items():
            if fault := draw(kind):
                await refusal(status, fault)(scope, again, send)
                return
        if draw(FaultKind.REVOKE_TOKEN):
            self._revoke(request)
        elif draw(FaultKind.FORGET_SESSION):
            await self._forget(scope)
        elif draw(FaultKind.CUT):
            send = Cut(send)
        await self._inner(scope, again, send)

    async def _forget(self, scope: Scope) -> None:
        """End the request's session as if its client had asked for it; the endpoint then knows it no more."""

        async def nothing_more() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def nobody(message: Message) -> None:
            await anyio.lowlevel.checkpoint()

        await self._inner({**scope, "method": "DELETE"}, nothing_more, nobody)


class Replay:
    """`receive` for a request whose body has been read already."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive
        self._left = False

    async def __call__(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return {"type": "http.disconnect"} if self._left else await self._receive()

    async def is_left_within(self, seconds: float) -> bool:
        """Wait so long, and no longer than the client does: whether that has gone."""
        with anyio.move_on_after(seconds):
            while not self._left:
                self._left = (await self._receive())["type"] == "http.disconnect"
        return self._left


class Cut:
    """`send` that lets half of the first piece of the body through, and then nothing: not even its end.

    A server closes the connection of an application that returns without having ended its answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_cut = False

    async def __call__(self, message: Message) -> None:
        if self._is_cut:
            return
        if message["type"] == "http.response.body" and (body := message.get("body", b"")):
            self._is_cut = True
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await self._send(message)


def called_by(body: bytes) -> str:
    """The tool or resource that a message asks for, "" for any other message."""
    try:
        message: Any = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(message, dict) or message.get("method") not in CALLS:
        return ""
    params = message.get("params") or {}
    return str(params.get("name") or params.get("uri") or "")


def refusal(status: int, fault: Injected) -> JSONResponse:
    headers = {"Retry-After": f"{fault.seconds:.0f}"} if status == 429 else None
    return JSONResponse({"error": f"injected fault {fault.number}"}, status_code=status, headers=headers)
