"""One request on its way through the proxy, and its answer. Bodies pass byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from sim.recording.byte_source import Body, BodyPiece, ByteSource, CutOff
from sim.recording.http_heads import AnswerHead, BadHead, RequestHead, written_head
from sim.recording.listener import ExchangeEnd, Listener
from sim.recording.rewriting import Addresses
from sim.recording.server_place import Connected, Instead, ServerPlace
from sim.recording.tap import Tap

NOTHING = BodyPiece(b"", b"")
BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, CutOff, BadHead)


@attrs.frozen
class Passing:
    """What connections share.

    Attributes:
        endpoint: path of the MCP endpoint.
        now: seconds since the recording began.
        instead: who answers a request with this target in the server's stead; None for the server.
        settled: those who wait until something has come to its end.
    """

    server: ServerPlace
    endpoint: bytes
    addresses: Addresses
    listener: Listener
    now: Callable[[], float]
    instead: Callable[[RequestHead], Instead | None]
    settled: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def called(self, host: bytes) -> Passing:
        """For a client that calls the proxy by this name."""
        addresses = self.addresses.called(host.lower())
        return self if addresses is self.addresses else attrs.evolve(self, addresses=addresses)

    def is_endpoint(self, target: bytes) -> bool:
        return target.partition(b"?")[0].rstrip(b"/") == self.endpoint

    def why_not(self, request: RequestHead) -> str:
        """Why this request goes no further; "" where it does.

        A page of another site may have made its name point here, or send requests from a browser
        (DNS rebinding; MCP 2025-11-25, transports, security warning).
        """
        if request.value(b"host").lower() not in self.addresses.names:
            return "this proxy answers to its own address alone"
        origin = request.value(b"origin").lower()
        host = origin.partition(b"://")[2].rpartition(b":")[0] or origin.partition(b"://")[2]
        if origin and host not in (b"127.0.0.1", b"localhost", b"[::1]"):
            return "this proxy is for programs and pages of this machine"
        return ""


class Passage:
    """One request on its way to the server, and its answer on its way back.

    Attributes:
        keeps_client, keeps_server: whether another one may follow on these connections.
    """

    def __init__(
        self,
        passing: Passing,
        client: trio.SocketStream,
        source: ByteSource,
        request: RequestHead,
        tap: Tap | None,
    ) -> None:
        self._passing = passing
        self._client = client
        self._source = source
        self._request = request
        self._tap = tap
        self.keeps_client = request.keeps_alive
        self.keeps_server = False

    async def go(self, server: Connected) -> ExchangeEnd:
        """There and back. When cancelled, both connections are of no use."""
        request = self._request
        first = request.method + b" " + request.target + b" HTTP/1.1"
        head = written_head(first, self._passing.addresses.request_headers(request.headers))
        whole = self._source.at_hand(request.framing)
        if whole is not None:
            at = self._passing.now()
            try:
                await server.send_all(head + whole.raw)
            except trio.BrokenResourceError:
                return ExchangeEnd.SERVER_CUT
            self._asked(whole.content, at)
            return await self._back(server)
        async with trio.open_nursery() as nursery:
            # A server may answer before it has all, or only after it was asked whether it wants any.
            nursery.start_soon(self._send_body, server, head)
            ending = await self._back(server)
            nursery.cancel_scope.cancel()
        return ending

    def come_to_nothing(self) -> None:
        """There is no server: what would have been sent is known all the same, if it has come."""
        whole = self._source.at_hand(self._request.framing)
        if whole is not None:
            self._asked(whole.content, self._passing.now())

    async def _send_body(self, server: Connected, head: bytes) -> None:
        at, content = self._passing.now(), bytearray()
        try:
            await server.send_all(head)
            body = Body(self._source, self._request.framing)
            while (piece := await body.piece()) is not None:
                await server.send_all(piece.raw)
                content += piece.content
        except BROKEN:
            # What the server makes of it is seen in its answer.
            self.keeps_client = False
            return
        self._asked(bytes(content), at)

    async def _back(self, server: Connected) -> ExchangeEnd:
        try:
            head = await server.answer_head(self._request.method)
            while head is not None and head.is_interim:
                await self._client.send_all(self._written(head))
                head = await server.answer_head(self._request.method)
        except BROKEN:
            head = None
        if head is None:
            return ExchangeEnd.SERVER_CUT
        self.keeps_server = head.keeps_alive
        self.keeps_client = self.keeps_client and not head.framing.until_close
        try:
            return await self._send_answer(server, head)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return ExchangeEnd.CLIENT_GONE

    async def _send_answer(self, server: Connected, head: AnswerHead) -> ExchangeEnd:
        first, source = self._written(head), server.source
        whole = source.at_hand(head.framing)
        if whole is not None:
            await self._client.send_all(first + whole.raw)
            self._answered(head, whole)
            return ExchangeEnd.WHOLE
        if not source.has_bytes:
            await self._client.send_all(first)
            first = b""
        body = Body(source, head.framing)
        told = False
        while True:
            try:
                piece = await body.piece()
            except BROKEN:
                if not told:
                    await self._client.send_all(first)
                    self._answered(head, NOTHING)
                return ExchangeEnd.SERVER_CUT
            if piece is None:
                return ExchangeEnd.WHOLE
            await self._client.send_all(first + piece.raw)
            first = b""
            self._answered(None if told else head, piece)
            told = True

    def _written(self, head: AnswerHead) -> bytes:
        headers = self._passing.addresses.answer_headers(head.headers)
        if not head.is_interim and not self.keeps_client:
            headers.append((b"Connection", b"close"))
        return written_head(b"HTTP/1.1 %d %b" % (head.status, head.reason), headers)

    def _asked(self, content: bytes, at: float) -> None:
        if self._tap is not None:
            self._tap.asked(content, at)

    def _answered(self, head: AnswerHead | None, piece: BodyPiece) -> None:
        if self._tap is None:
            return
        at = self._passing.now()
        if head is not None:
            self._tap.answered(at, head.status, head.headers)
        self._tap.piece(piece.content, at)
