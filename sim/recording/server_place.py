"""Places that a proxy may send to, and connections to them."""

from __future__ import annotations

import select
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import attrs
import trio

from actors.login.trust import Origin, origin_of
from sim.recording.byte_source import Body, ByteSource, CutOff
from sim.recording.http_heads import (
    AnswerHead,
    Header,
    RequestHead,
    end_to_end,
    read_answer,
    written_head,
)

CONNECT_S = 30.0
ANSWER_S = 60.0
MAX_DOCUMENT_BYTES = 2**20
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR

ByteStream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class Unreachable(Exception):
    """No connection, or no answer of use. `str()` says why."""


@attrs.frozen
class ServerPlace:
    """An origin, and how its certificate is checked."""

    origin: Origin
    tls: ssl.SSLContext = attrs.field(repr=False)

    @classmethod
    def of(cls, url: str, tls: ssl.SSLContext) -> ServerPlace:
        """Raises ValueError for what is no http(s) address."""
        origin = origin_of(url)
        if origin is None:
            raise ValueError("no plain http or https address")
        return cls(origin, tls)

    @property
    def authority(self) -> bytes:
        """The value of Host (RFC 9110, 7.2)."""
        return self.text.partition("://")[2].encode("ascii")

    @property
    def text(self) -> str:
        """As an address without a path."""
        scheme, host, port = self.origin
        usual = {"http": 80, "https": 443}[scheme]
        return f"{scheme}://{host}" + ("" if port == usual else f":{port}")

    async def connect(self) -> Connected:
        """Raises Unreachable."""
        scheme, host, port = self.origin
        bare = host.strip("[]")
        try:
            with trio.fail_after(CONNECT_S):
                plain = await trio.open_tcp_stream(bare, port)
                stream = await self._secured(plain, bare) if scheme == "https" else plain
        except trio.TooSlowError:
            raise Unreachable(f"no connection within {CONNECT_S:g} s") from None
        except (OSError, UnicodeError, trio.BrokenResourceError) as error:
            raise Unreachable(_reason(error)) from None
        return Connected(stream)

    async def _secured(self, stream: trio.SocketStream, host: str) -> ByteStream:
        secured = trio.SSLStream(stream, self.tls, server_hostname=host, https_compatible=True)
        try:
            await secured.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return secured


class Connected:
    """A connection to a server.

    Attributes:
        source: what comes from it.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.source = ByteSource(stream)
        self._poll = select.poll()
        plain = stream if isinstance(stream, trio.SocketStream) else stream.transport_stream
        self._poll.register(plain.socket.fileno(), GONE | select.POLLIN)
        self._is_plain = plain is stream

    async def send_all(self, data: bytes) -> None:
        """Raises trio.BrokenResourceError."""
        await self._stream.send_all(data)

    @property
    def is_quiet(self) -> bool:
        """Whether another request may be sent on it: it has neither ended nor said anything unasked."""
        events = self._poll.poll(0)
        if self.source.has_bytes or (events and events[0][1] & GONE):
            return False
        # What TLS says for itself (session tickets) is nothing of the server's.
        return not (events and self._is_plain)

    async def answer_head(self, method: bytes) -> AnswerHead | None:
        """The next one; None where the server has closed.

        Raises CutOff, BadHead, trio.BrokenResourceError.
        """
        head = await self.source.head()
        return None if head is None else read_answer(head, method)

    async def close(self) -> None:
        """At once."""
        plain = self._stream if isinstance(self._stream, trio.SocketStream) else self._stream.transport_stream
        await trio.aclose_forcefully(plain)


@attrs.frozen
class WholeAnswer:
    """A whole answer, its coding undone."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


Instead = Callable[[RequestHead, bytes], Awaitable[WholeAnswer]]
"""Answers a request with this body in a server's stead."""


@attrs.frozen
class Order:
    """A request for a document."""

    method: bytes
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""


async def fetch(place: ServerPlace, order: Order) -> WholeAnswer:
    """Ask `place`; redirects are not followed. Raises Unreachable."""
    unsaid = (b"host", b"accept-encoding", b"content-length", b"transfer-encoding", b"expect", b"origin")
    headers = [(name, value) for name, value in end_to_end(order.headers) if name.lower() not in unsaid]
    head = written_head(
        order.method + b" " + order.target + b" HTTP/1.1",
        [
            *((b"Host", place.authority), (b"Accept-Encoding", b"identity")),
            *headers,
            *((b"Content-Length", b"%d" % len(order.body)), (b"Connection", b"close")),
        ],
    )
    connection = await place.connect()
    try:
        with trio.fail_after(ANSWER_S):
            await connection.send_all(head + order.body)
            return await _document(connection, order.method)
    except trio.TooSlowError:
        raise Unreachable(f"no answer within {ANSWER_S:g} s") from None
    except CutOff:
        raise Unreachable("it cut its answer off") from None
    except (trio.BrokenResourceError, ValueError) as error:
        raise Unreachable(_reason(error)) from None
    finally:
        with trio.CancelScope(shield=True):
            await connection.close()


async def _document(connection: Connected, method: bytes) -> WholeAnswer:
    head = await connection.answer_head(method)
    while head is not None and head.is_interim:
        head = await connection.answer_head(method)
    if head is None:
        raise Unreachable("it closed the connection without an answer")
    body, coming = bytearray(), Body(connection.source, head.framing)
    while (piece := await coming.piece()) is not None:
        body += piece.content
        if len(body) > MAX_DOCUMENT_BYTES:
            raise Unreachable(f"an answer of more than {MAX_DOCUMENT_BYTES >> 20} MiB")
    return WholeAnswer(head.status, head.headers, bytes(body))


def path_of(url: str) -> bytes:
    """The request target of an address."""
    parts = urlsplit(url)
    return ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii")


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message}); see --ca-file and --insecure"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__).lower()
