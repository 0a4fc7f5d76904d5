"""One HTTP/1.1 connection (RFC 9112): a request at a time, kept alive between them."""

from __future__ import annotations

import select
import ssl
from urllib.parse import urlsplit

import attrs
import httptools
import trio

from actors.failures import connection_broke, invalid_answer, no_connection, reason_of

MOST_HEADER_BYTES = 65_536
RECEIVE_BYTES = 65_536
DRAIN_S = 0.2
"""How long the end of an answer may keep the next request waiting, before that takes a new connection."""
HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


@attrs.frozen
class Endpoint:
    """Where requests go: an http or https URL, taken apart."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query (RFC 9112, 3.2.1)."""

    @classmethod
    def of(cls, url: str) -> Endpoint:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname or "", port, target)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of `Host` (RFC 9110, 7.2)."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


class Connection:
    """Made by `open_connection`. Not to be used by two tasks at once."""

    def __init__(self, stream: trio.abc.Stream, fileno: int) -> None:
        self._stream = stream
        self._poll = select.poll()
        self._poll.register(fileno, HUNG_UP)
        self._last: Response | None = None

    async def is_ready(self) -> bool:
        """Whether another request may be sent: reads the rest of the last answer, where there is one.

        A server ends the stream of events with the answer (MCP 2025-06-18, Streamable HTTP), so that
        rest is a few bytes, and mostly here already. Raises CallError when the connection breaks.
        """
        if self._last is not None and not self._last.is_complete:
            with trio.move_on_after(DRAIN_S):
                await self._last.drain()
            if not self._last.is_complete:
                return False
        return (self._last is None or self._last.keep_alive) and not self._poll.poll(0)

    async def send(self, request: bytes) -> Response:
        """Send a whole request and receive the head of its answer.

        Raises CallError when the connection breaks, or the answer is none of HTTP. When cancelled,
        an answer may still come: close the connection.
        """
        response = self._last = Response(self._stream)
        try:
            await self._stream.send_all(request)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise connection_broke(error.__cause__ or "closed while sending") from None
        await response.receive_head()
        return response

    @property
    def got_bytes(self) -> bool:
        """Whether anything has come of the last answer."""
        return self._last is not None and self._last.got_bytes

    async def aclose(self) -> None:
        """Close it at once, without the farewell of TLS: HTTP says where answers end."""
        await trio.aclose_forcefully(self._stream)


class Response:
    """One answer, while it is received.

    Attributes:
        status: the status code.
        headers: by lower-case name; of several of one name the last.
        got_bytes: whether anything of it has come.
        is_complete: whether all of it has.
        keep_alive: once it is complete: whether another request may follow it (RFC 9112, 9.3).
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_head = False
        self.is_complete = False
        self._header_bytes = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.got_bytes = False
        self.keep_alive = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:  # before that it is interim: the answer is still to come (RFC 9110, 15.2)
            self.status, self._has_head = status, True

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        if not self._has_head:
            self.headers = {}
            return
        self.is_complete = True
        self.keep_alive = self._parser.should_keep_alive()

    async def receive_head(self) -> None:
        while not self._has_head:
            await self._receive()
            if not self._has_head and self._header_bytes > MOST_HEADER_BYTES:
                raise invalid_answer(f"more than {MOST_HEADER_BYTES} bytes of headers")

    async def next_piece(self) -> bytes:
        """The body as it comes; b"" at its end. The next request reads what is left of it."""
        while not self._body:
            if self.is_complete:
                return b""
            await self._receive()
        return self._body.pop(0)

    async def read(self, most: int) -> bytes:
        """The whole body. Raises CallError when it is longer than `most` bytes."""
        size = 0
        seen = 0
        while not self.is_complete:
            await self._receive()
            size += sum(map(len, self._body[seen:]))
            seen = len(self._body)
            if size > most:
                raise invalid_answer(f"more than {most} bytes")
        return b"".join(self._body)

    async def drain(self) -> None:
        """Read what is left of it."""
        while not self.is_complete:
            self._body.clear()
            await self._receive()

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive_some(RECEIVE_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise connection_broke(error.__cause__ or "closed while receiving") from None
        if not data:
            self._end()
            return
        self.got_bytes = True
        if not self._has_head:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise invalid_answer(f"no HTTP: {error}") from None

    def _end(self) -> None:
        """The server has closed: that ends a body without a length, and breaks off any other."""
        self.keep_alive = False
        has_length = "content-length" in self.headers or "transfer-encoding" in self.headers
        if not self._has_head or has_length:
            raise connection_broke("closed by the server before the answer was complete")
        self.is_complete = True  # RFC 9112, 6.3, rule 8


async def open_connection(endpoint: Endpoint, tls: ssl.SSLContext) -> Connection:
    """Connect, and shake hands where it is https. Raises CallError."""
    try:
        plain = await trio.open_tcp_stream(endpoint.host, endpoint.port)
    except OSError as error:
        raise no_connection(reason_of(error)) from None
    if endpoint.scheme != "https":
        return Connection(plain, plain.socket.fileno())
    secure = trio.SSLStream(plain, tls, server_hostname=endpoint.host, https_compatible=True)
    try:
        await secure.do_handshake()
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(secure)
        raise no_connection(reason_of(error.__cause__ or error)) from None
    except BaseException:
        await trio.aclose_forcefully(secure)
        raise
    return Connection(secure, plain.socket.fileno())
