"""One connection to the null server: HTTP/1.1 (RFC 9112) on bare asyncio, one answer after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

import attrs
import httptools

MAX_REQUEST_BYTES = 16 * 2**20
NOTHING: Mapping[str, str] = {}


@attrs.define
class NullRequest:
    """A request as it came. Names of headers are in lower case."""

    method: str = ""
    path: str = ""
    headers: dict[bytes, bytes] = attrs.Factory(dict)
    body: bytes = b""

    def header(self, name: bytes) -> str:
        """Its value, "" where it is absent."""
        return self.headers.get(name, b"").decode("latin-1")


@attrs.frozen
class NullReply:
    """An answer. With `is_stream` its body comes in chunks of unknown number, as events do."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = NOTHING
    is_stream: bool = False

    def as_bytes(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        body = self.body
        if self.is_stream:
            lines.append("transfer-encoding: chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join((*lines, "\r\n")).encode("latin-1") + body


class NullConnection(asyncio.Protocol):
    """Reads requests, and writes what `answer` says to each. Whoever does not read is not read from."""

    def __init__(self, answer: Callable[[NullRequest], NullReply]) -> None:
        self._answer = answer
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._request = NullRequest()
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MAX_REQUEST_BYTES:
            self._end(NullReply(413))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end(NullReply(400))

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    # The parser's, as it gets on.

    def on_url(self, url: bytes) -> None:
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.lower()] = value

    def on_body(self, piece: bytes) -> None:
        self._request.body += piece

    def on_message_complete(self) -> None:
        request, parser = self._request, self._parser
        request.method = parser.get_method().decode("latin-1")
        self._request, self._size = NullRequest(), 0
        reply = self._answer(request)
        if parser.should_keep_alive():
            self._transport.write(reply.as_bytes())
        else:
            self._end(reply)

    def _end(self, reply: NullReply) -> None:
        """The last answer here."""
        self._transport.write(
            attrs.evolve(reply, headers={**reply.headers, "connection": "close"}).as_bytes()
        )
        self._transport.close()
