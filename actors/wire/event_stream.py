"""Server-sent events, as far as MCP uses them (WHATWG HTML, 9.2.5 and 9.2.6)."""

from __future__ import annotations

import re

BOM = b"\xef\xbb\xbf"
OPENING = re.compile(rb"(?:event: message\r?\n)?data: ")
DEFAULT_RETRY_S = 1.0
PLAIN = re.compile(rb"[\x21-\x7e]{1,1000}")
"""Ids that can stand in a header (`Last-Event-ID`)."""


class EventParser:
    """Takes a stream apart, however it is cut into pieces: `data`, `id` and `retry`.

    Attributes:
        last_id: of the last event that was complete; "" where none has one that a header can hold.
        retry_s: how long the server wants a client to wait before it asks for the rest of the stream.
    """

    def __init__(self, last_id: str = "", retry_s: float = DEFAULT_RETRY_S) -> None:
        self.last_id = last_id
        self.retry_s = retry_s
        self._next_id = last_id
        self._is_first_line = True
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._after_cr = False
        self.size = 0
        """Bytes that are kept for an event which is not complete."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that is complete with `piece`; several lines are joined by newlines."""
        if not (self._rest or self._data or self._after_cr) and (event := whole_event(piece)):
            self._is_first_line, self.last_id = False, self._next_id
            return [event]
        if self._after_cr and piece:
            # A carriage return has ended its line already; a line feed right after belongs to it.
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        self.size += len(piece)
        if b"\n" not in piece and b"\r" not in piece:
            # Long lines come in many pieces: each is looked at once.
            self._rest.append(piece)
            return []
        self._rest.append(piece)
        lines = b"".join(self._rest).splitlines(keepends=True)
        self._after_cr = lines[-1].endswith(b"\r")
        self._rest = [] if lines[-1].endswith((b"\n", b"\r")) else [lines.pop()]
        events = [event for line in lines if (event := self._take(line.rstrip(b"\r\n"))) is not None]
        self.size = sum(map(len, self._rest)) + sum(map(len, self._data))
        return events

    def _take(self, line: bytes) -> bytes | None:
        """One line; the data of the event that it ends."""
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(BOM)
        if not line:
            self.last_id = self._next_id
            event, self._data = b"\n".join(self._data), []
            return event or None
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"id":
            self._next_id = value.decode("ascii") if PLAIN.fullmatch(value) else ""
        elif name == b"retry" and value.isdigit() and len(value) < 10:
            self.retry_s = int(value) / 1000
        return None


def whole_event(piece: bytes) -> bytes | None:
    """The data of a piece that is one event, as nearly all answers come; None where it is not plainly one."""
    opening = OPENING.match(piece)
    if opening is None:
        return None
    line, _, rest = piece[opening.end() :].partition(b"\n")
    if rest == b"\r\n" and line.endswith(b"\r"):
        line = line[:-1]
    elif rest != b"\n":
        return None
    return line if b"\r" not in line else None
