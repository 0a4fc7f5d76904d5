"""One connection of a client, and the one to the server behind it: what one says the other hears, at once.

Bodies pass byte for byte. A copy of what belongs to the MCP endpoint goes to the listener, after it has
been passed on.
"""

from __future__ import annotations

import trio

from sim.recording.byte_source import Body, ByteSource
from sim.recording.http_heads import (
    BadHead,
    RequestHead,
    read_request,
)
from sim.recording.incoming import Incoming
from sim.recording.listener import ExchangeEnd
from sim.recording.own_answers import as_bytes, plain
from sim.recording.passage import BROKEN, Passage, Passing
from sim.recording.server_place import MAX_DOCUMENT_BYTES, Connected, Unreachable
from sim.recording.tap import Tap


class Relay:
    """One client's connection."""

    def __init__(self, passing: Passing, stream: trio.SocketStream) -> None:
        self._passing = passing
        self._stream = stream
        self._incoming = Incoming(stream)
        self._source = ByteSource(self._incoming)
        self._server: Connected | None = None
        self.is_calling = False

    async def run(self) -> None:
        """To its end; both connections are closed then."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._incoming.run)
                await self._serve()
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(self._stream)
                await self._drop_server()
            self._settle()

    def _settle(self) -> None:
        self.is_calling = False
        self._passing.settled.unpark_all()

    async def _serve(self) -> None:
        try:
            while (head := await self._source.head()) is not None:
                request = read_request(head)
                self.is_calling = request.method == b"POST"
                if not await self._answer(request):
                    return
                self._settle()
        except BadHead as error:
            await self._say(400, str(error))
        except BROKEN:
            return

    async def _answer(self, request: RequestHead) -> bool:
        """Whether the connection goes on."""
        if why := self._passing.why_not(request):
            await self._say(403, why)
            return False
        instead = self._passing.instead(request)
        if instead is None:
            return await self._pass_on(request)
        body, coming = bytearray(), Body(self._source, request.framing)
        while (piece := await coming.piece()) is not None:
            body += piece.content
            if len(body) > MAX_DOCUMENT_BYTES:
                await self._say(413, "more than such a request needs")
                return False
        with trio.CancelScope() as scope:
            self._incoming.end_with_it(scope)
            try:
                document = await instead(request, bytes(body))
            except Unreachable as error:
                document = plain(502, f"{self._passing.server.text}: {error}")
            await self._stream.send_all(as_bytes(document, is_head=request.method == b"HEAD"))
        self._incoming.end_with_it(None)
        return request.keeps_alive and not scope.cancelled_caught

    async def _pass_on(self, request: RequestHead) -> bool:
        passing, tap = self._passing.called(request.value(b"host")), None
        if passing.is_endpoint(request.target):
            tap = Tap(passing.listener, passing.now(), request)
        passage = Passage(passing, self._stream, self._source, request, tap)
        ending = ExchangeEnd.STOPPED
        try:
            with trio.CancelScope() as scope:
                self._incoming.end_with_it(scope)
                ending = await self._through(passage)
            if scope.cancelled_caught:
                ending = ExchangeEnd.CLIENT_GONE
        finally:
            self._incoming.end_with_it(None)
            if tap is not None:
                tap.end(passing.now(), ending)
        if ending is not ExchangeEnd.WHOLE or not passage.keeps_server:
            await self._drop_server()
        return ending is ExchangeEnd.WHOLE and passage.keeps_client

    async def _through(self, passage: Passage) -> ExchangeEnd:
        try:
            server = await self._open_server()
        except Unreachable as error:
            await self._say(502, f"{self._passing.server.text}: {error}")
            passage.come_to_nothing()
            return ExchangeEnd.NO_ANSWER
        return await passage.go(server)

    async def _open_server(self) -> Connected:
        """The connection that is there, or another one. Raises Unreachable."""
        if self._server is not None and not self._server.is_quiet:
            await self._drop_server()
        if self._server is None:
            self._server = await self._passing.server.connect()
        return self._server

    async def _drop_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _say(self, status: int, text: str) -> None:
        """The proxy's own word, which is the last on this connection."""
        with trio.move_on_after(1):
            try:
                await self._stream.send_all(as_bytes(plain(status, f"simulate record: {text}")))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
