"""One answer over HTTP/1.1 while it is received (RFC 9112), within bounds."""

from __future__ import annotations

import zlib

import attrs
import httptools

from actors.call_errors import connection_broke, invalid_answer, too_long, unknown_encoding
from actors.errors import CallError, Outcome
from actors.wire.byte_stream import ByteStream

MAX_OVERHEAD_BYTES = 65_536
"""Of headers, interim answers, sizes of chunks and trailers; and so much more for each byte of a body:"""
MAX_OVERHEAD_PER_BYTE = 16
MAX_BODY_BYTES = 16 * 2**20
"""Of one answer, also when it is a stream of events. A parsed answer takes several times its size."""
SMALL_BODY_BYTES = 256 * 2**10
"""Up to here a body takes nothing from the `BodyRoom` that all share."""
RECEIVE_BYTES = 65_536
INFLATABLE = frozenset({"gzip", "x-gzip", "deflate"})


@attrs.define
class BodyRoom:
    """How many bytes of large answers all users of a connector may hold at once."""

    left: int = 256 * 2**20


class Response:
    """One answer, while it is received.

    Attributes:
        status: the status code.
        headers: by lower-case name; of several of one name the last. Trailers are left out (RFC 9110,
            6.5.1: they must not be taken for headers).
        got_bytes: whether anything of it has come.
        is_complete: whether all of it has.
        keep_alive: once it is complete: whether another request may follow it (RFC 9112, 9.3).
    """

    def __init__(self, stream: ByteStream, room: BodyRoom) -> None:
        self._stream = stream
        self._room: BodyRoom | None = room
        self._taken = 0
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._inflater: Inflater | None = None
        self._has_head = False
        self._received = 0
        self._body_bytes = 0
        self.is_complete = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.got_bytes = False
        self.keep_alive = True

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self.is_complete:
            self.keep_alive = False  # bytes that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self._has_head:  # before that it is interim (RFC 9110, 15.2)
            self.status, self._has_head = status, True

    def on_body(self, piece: bytes) -> None:
        if not self.is_complete:
            self._body_bytes += len(piece)
            self._body.append(piece)

    def on_message_complete(self) -> None:
        if not self._has_head:
            self.headers = {}
            return
        if not self.is_complete:
            self.is_complete = True
            self.keep_alive = self._parser.should_keep_alive()

    async def receive_head(self) -> None:
        while not self._has_head:
            await self._receive()
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding in INFLATABLE:
            self._inflater = Inflater()
            self._body = self._inflater.inflate(self._body)
        elif encoding not in ("", "identity"):
            raise unknown_encoding(encoding)

    async def next_piece(self) -> bytes:
        """The body as it comes; b"" at its end. What is left of it has to be read before the next request."""
        while not self._body:
            if self.is_complete:
                return b""
            await self._receive()
        return self._body.pop(0)

    async def read(self) -> bytes:
        """The whole body. Raises CallError when it is longer than `MAX_BODY_BYTES`."""
        while not self.is_complete:
            await self._receive()
        return b"".join(self._body)

    async def drain(self) -> None:
        """Read what is left of it."""
        while not self.is_complete:
            self._body.clear()
            await self._receive()

    def drain_now(self) -> bool:
        """The same with what has come by now; whether anything has. One piece: more may come without end."""
        self._body.clear()
        try:
            data = self._stream.receive_now(RECEIVE_BYTES)
        except OSError as error:
            raise connection_broke(error) from None
        if data is not None:
            self._take_all(data)
        return data is not None

    def release(self) -> None:
        """Give back the room that its body took: nobody holds it any longer."""
        if self._room is not None:
            self._room.left += self._taken
            self._room = None

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive_some(RECEIVE_BYTES)
        except OSError as error:
            raise connection_broke(error) from None
        self._take_all(data)

    def _take_all(self, data: bytes) -> None:
        if data:
            self._take(data)
        else:
            self._end()
        if self.is_complete:
            # Two that know each other would stay until the collector finds them.
            del self._parser

    def _take(self, data: bytes) -> None:
        self.got_bytes = True
        self._received += len(data)
        before = len(self._body)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise invalid_answer("it wants to go on in another protocol than HTTP") from None
        except httptools.HttpParserError as error:
            self.keep_alive = False
            if not self.is_complete:
                raise invalid_answer(f"no HTTP: {error}") from None
        if self._inflater is not None:
            self._body[before:] = self._inflater.inflate(self._body[before:])
        self._check_size()

    def _check_size(self) -> None:
        size = self._body_bytes
        if self._received - size > MAX_OVERHEAD_BYTES + MAX_OVERHEAD_PER_BYTE * size:
            raise too_long("headers or trailers", MAX_OVERHEAD_BYTES)
        if size <= SMALL_BODY_BYTES or self._room is None:
            return
        if size > MAX_BODY_BYTES:
            raise too_long("a body", MAX_BODY_BYTES)
        self._room.left -= size - self._taken
        self._taken = size
        if self._room.left < 0:
            text = "no room for it: the answers that are being received together are too long"
            raise CallError(Outcome.PROTOCOL_ERROR, text, reason="too_long", answered=False)

    def _end(self) -> None:
        """The server has closed: that ends a body without a length, and breaks off any other."""
        self.keep_alive = False
        has_length = "content-length" in self.headers or "transfer-encoding" in self.headers
        if not self._has_head or has_length:
            raise connection_broke("closed by the server before the answer was complete")
        self.is_complete = True  # RFC 9112, 6.3, rule 8


class Inflater:
    """Unpacks a body that was compressed although nobody had asked for it (RFC 9110, 8.4.1)."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(32 + zlib.MAX_WBITS)
        self._size = 0

    def inflate(self, pieces: list[bytes]) -> list[bytes]:
        """Raises CallError for what cannot be unpacked, or becomes longer than `MAX_BODY_BYTES`."""
        try:
            plain = [self._unpacking.decompress(piece, MAX_BODY_BYTES - self._size + 1) for piece in pieces]
        except zlib.error:
            raise invalid_answer("its content is not compressed as it says") from None
        self._size += sum(map(len, plain))
        if self._size > MAX_BODY_BYTES:
            raise too_long("an unpacked body", MAX_BODY_BYTES)
        return [piece for piece in plain if piece]


def media_type(response: Response) -> str:
    """Without parameters, in lower case, as it is compared (RFC 9110, 8.3.1)."""
    said = response.headers.get("content-type", "")
    return said if said == "application/json" else said.partition(";")[0].strip().lower()
