"""Heads of requests and answers (RFC 9112): read strictly, changed where a proxy must, else kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

Header = tuple[bytes, bytes]

HOP_BY_HOP = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization"),
        *(b"te", b"upgrade", b"alt-svc"),
    )
)
"""What is between two neighbours (RFC 9110, 7.6.1), and what would lead a client past the proxy (RFC 7838).

`Transfer-Encoding` and `Trailer` stay: chunks are passed on as they come."""
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[!-~]*) HTTP/1\.([01])")
_ANSWER = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: ([^\r\n\0]*))?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")


class BadHead(ValueError):
    """No head of HTTP/1.1, or one that two readers might understand differently."""


@attrs.frozen
class Framing:
    """Where a body ends (RFC 9112, 6.3): after `length` bytes, its last chunk, or with the connection."""

    length: int = 0
    is_chunked: bool = False
    until_close: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.length or self.is_chunked or self.until_close)


@attrs.frozen
class RequestHead:
    """The first line of a request, and its headers in their order."""

    method: bytes
    target: bytes
    headers: tuple[Header, ...]
    keeps_alive: bool
    framing: Framing

    def value(self, name: bytes) -> bytes:
        """Of the header `name` (lower case); b"" for none."""
        return value_in(self.headers, name)


@attrs.frozen
class AnswerHead:
    """The first line of an answer, and its headers in their order."""

    status: int
    reason: bytes
    headers: tuple[Header, ...]
    keeps_alive: bool
    framing: Framing

    @property
    def is_interim(self) -> bool:
        """Whether another one follows (RFC 9110, 15.2)."""
        return self.status < 200


def read_request(head: bytes) -> RequestHead:
    """`head` without the empty line at its end. Raises BadHead."""
    first, headers = _lines(head)
    if not (found := _REQUEST.fullmatch(first)):
        raise BadHead("no request line of HTTP/1.1")
    if found[3] == b"0":
        raise BadHead("HTTP/1.0 is not spoken here")
    hosts = [value for name, value in headers if name.lower() == b"host"]
    if len(hosts) != 1:
        raise BadHead("not one Host header")
    framing = _framing(headers) or Framing()
    return RequestHead(found[1], found[2], headers, not _closes(headers), framing)


def read_answer(head: bytes, method: bytes) -> AnswerHead:
    """The same for an answer to a request with this method. Raises BadHead."""
    first, headers = _lines(head)
    if not (found := _ANSWER.fullmatch(first)):
        raise BadHead("no status line of HTTP/1.1")
    status = int(found[1])
    if status == 101:
        raise BadHead("it changes the protocol unasked")
    if method == b"HEAD" or status < 200 or status in (204, 304):
        framing = Framing()
    else:
        framing = _framing(headers) or Framing(until_close=True)
    keeps = not _closes(headers) and not framing.until_close and first.startswith(b"HTTP/1.1")
    return AnswerHead(status, found[2] or b"", headers, keeps, framing)


def end_to_end(headers: Iterable[Header]) -> list[Header]:
    """Those that are meant for whoever is at the other end."""
    every = list(headers)
    named = {
        token.strip().lower()
        for name, value in every
        if name.lower() == b"connection"
        for token in value.split(b",")
    } - {b"transfer-encoding", b"content-length", b"host"}
    return [
        (name, value)
        for name, value in every
        if (lower := name.lower()) not in HOP_BY_HOP and lower not in named
    ]


def written_head(first: bytes, headers: Iterable[Header]) -> bytes:
    """As it is sent."""
    return b"\r\n".join((first, *(name + b": " + value for name, value in headers), b"", b""))


def value_in(headers: Sequence[Header], name: bytes) -> bytes:
    """The first value of a header, by its name in lower case; b"" for none."""
    return next((value for each, value in headers if each.lower() == name), b"")


def _lines(head: bytes) -> tuple[bytes, tuple[Header, ...]]:
    first, *rest = head.split(b"\r\n")
    headers = []
    for line in rest:
        if not (found := _HEADER.fullmatch(line)):
            raise BadHead("a line that is no header")
        headers.append((found[1], found[2]))
    return first, tuple(headers)


def _framing(headers: Sequence[Header]) -> Framing | None:
    """None where nothing is said. Raises BadHead for what is said twice, and differently."""
    lengths = {value for name, value in headers if name.lower() == b"content-length"}
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    if codings:
        if lengths or codings != [b"chunked"]:
            raise BadHead("a body of no clear length")
        return Framing(is_chunked=True)
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise BadHead("a body of no clear length")
    return Framing(length=int(length))


def _closes(headers: Sequence[Header]) -> bool:
    values = (value for name, value in headers if name.lower() == b"connection")
    return any(b"close" in [token.strip().lower() for token in value.split(b",")] for value in values)
