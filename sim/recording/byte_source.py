"""Bytes of one side of a connection: heads, and bodies as they come, each byte as it was sent."""

from __future__ import annotations

import re
from typing import Protocol

import attrs

from sim.recording.http_heads import BadHead, Framing

MAX_HEAD_BYTES = 65_536
MAX_CHUNK_LINE = 4096
RECEIVE_BYTES = 65_536
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?")
HEAD_END = b"\r\n\r\n"


class ByteReceiver(Protocol):
    """Gives bytes as they come; b"" at the end."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray: ...


class CutOff(Exception):
    """The other side has closed in the middle of something."""


@attrs.frozen
class BodyPiece:
    """Some of a body: `raw` as it was sent, and `content` without the frames of chunks."""

    raw: bytes
    content: bytes


class ByteSource:
    """Reads one side, for one task at a time. Raises trio.BrokenResourceError for what breaks."""

    def __init__(self, receiver: ByteReceiver) -> None:
        self._receiver = receiver
        self._buffer = bytearray()
        self._is_over = False

    @property
    def has_bytes(self) -> bool:
        """Whether something has come that nobody has read."""
        return bool(self._buffer)

    async def head(self) -> bytes | None:
        """The next head, without its empty line; None at a proper end. Raises CutOff, BadHead."""
        while (end := self._buffer.find(HEAD_END)) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadHead(f"a head of more than {MAX_HEAD_BYTES} bytes")
            if not await self._more():
                if not self._buffer.strip():
                    return None
                raise CutOff
        if end > MAX_HEAD_BYTES:
            raise BadHead(f"a head of more than {MAX_HEAD_BYTES} bytes")
        head = bytes(self._buffer[:end])
        del self._buffer[: end + len(HEAD_END)]
        # Empty lines before a request are let pass (RFC 9112, 2.2).
        return head.lstrip(b"\r\n")

    def at_hand(self, framing: Framing) -> BodyPiece | None:
        """The whole body, where it has come already; None where it has not, or nobody knows where it ends."""
        if framing.is_empty:
            return BodyPiece(b"", b"")
        if framing.length and len(self._buffer) >= framing.length:
            raw = self._take(framing.length)
            return BodyPiece(raw, raw)
        return None

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come."""
        return self._buffer.find(b"\r\n") >= 0

    async def line(self) -> bytes:
        """A line of a chunked body, its end included. Raises CutOff, BadHead."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_CHUNK_LINE:
                raise BadHead("the size of a chunk is longer than it may be")
            if not await self._more():
                raise CutOff
        return self._take(end + 2)

    async def some(self, most: int) -> bytes:
        """What has come, at most so many bytes, or what comes next. Raises CutOff at the end."""
        raw = await self.rest(most)
        if not raw:
            raise CutOff
        return raw

    async def rest(self, most: int) -> bytes:
        """The same; b"" at the end."""
        if not self._buffer:
            await self._more()
        return self._take(min(most, len(self._buffer)))

    async def _more(self) -> bool:
        if not self._is_over:
            data = await self._receiver.receive_some(RECEIVE_BYTES)
            self._buffer += data
            self._is_over = not data
        return not self._is_over

    def _take(self, number: int) -> bytes:
        taken = bytes(self._buffer[:number])
        del self._buffer[:number]
        return taken


class Body:
    """A body, piece by piece, as it comes."""

    def __init__(self, source: ByteSource, framing: Framing) -> None:
        self._source = source
        self._framing = framing
        self._left = framing.length
        self._is_over = framing.is_empty
        self._in_trailers = False

    async def piece(self) -> BodyPiece | None:
        """What has come of it, or what comes next; None at its end. Raises CutOff, BadHead."""
        if self._is_over:
            return None
        if self._framing.is_chunked:
            return await self._chunks()
        if self._framing.until_close:
            raw = await self._source.rest(RECEIVE_BYTES)
            self._is_over = not raw
            return BodyPiece(raw, raw) if raw else None
        raw = await self._source.some(self._left)
        self._left -= len(raw)
        self._is_over = not self._left
        return BodyPiece(raw, raw)

    async def _chunks(self) -> BodyPiece:
        """Chunks, and the trailers after the last (RFC 9112, 7.1): as many as have come."""
        raw, content = bytearray(), bytearray()
        while not self._is_over:
            if raw and not (self._source.has_bytes if self._left else self._source.has_line):
                break
            if self._left:
                part = await self._source.some(self._left)
                # Its last two bytes end the line, and may come one by one.
                content += part[: max(0, self._left - 2)]
                self._left -= len(part)
                if not self._left and not part.endswith(b"\n"):
                    raise BadHead("a chunk that is longer than it says")
                raw += part
            else:
                raw += self._begin(await self._source.line())
        return BodyPiece(bytes(raw), bytes(content))

    def _begin(self, line: bytes) -> bytes:
        """A chunk begins with this line, or it is one of the trailers."""
        if self._in_trailers:
            self._is_over = len(line) == 2
            return line
        if not (found := _CHUNK_SIZE.fullmatch(line, 0, len(line) - 2)):
            raise BadHead("no size of a chunk")
        size = int(found[1], 16)
        self._left = size + 2 if size else 0
        self._in_trailers = not size
        return line
