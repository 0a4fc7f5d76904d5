"""Server-sent events, as far as MCP uses them: the `data` of each event (WHATWG HTML, 9.2.5 and 9.2.6)."""

from __future__ import annotations


class EventParser:
    """Takes a stream apart, however it is cut into pieces. Other fields than `data` are left out."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._after_cr = False
        self.size = 0
        """Bytes that are kept for an event which is not complete."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that is complete with `piece`; several lines are joined by newlines."""
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
        if not line:
            event, self._data = b"\n".join(self._data), []
            return event or None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        return None
