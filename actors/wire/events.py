"""Server-sent events, as far as MCP uses them: the `data` of each event (WHATWG HTML, 9.2.5 and 9.2.6)."""

from __future__ import annotations

import re

LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n)")


class EventParser:
    """Takes a stream apart, however it is cut into pieces. Other fields than `data` are left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that is complete with `piece`; several lines are joined by newlines."""
        text = self._rest + piece
        events: list[bytes] = []
        end = 0
        for match in LINE.finditer(text):
            if match[2] == b"\r" and match.end() == len(text):
                # Its line feed may still be to come.
                break
            end = match.end()
            line = match[1]
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data))
                    self._data = []
            elif line.startswith(b"data"):
                name, _, value = line.partition(b":")
                if name == b"data":
                    self._data.append(value.removeprefix(b" "))
        self._rest = text[end:]
        return events

    @property
    def size(self) -> int:
        """Bytes that are kept for an event which is not complete."""
        return len(self._rest) + sum(map(len, self._data))
