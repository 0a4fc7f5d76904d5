"""What a client sends, received ahead of its use, so that its hanging up is seen at once."""

from __future__ import annotations

import trio

from sim.recording.byte_source import RECEIVE_BYTES

MAX_AHEAD_BYTES = 4 * RECEIVE_BYTES


class Incoming:
    """Receives in a task of its own (`run`)."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._ahead = bytearray()
        self._is_over = False
        self._changed = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()
        self._ended_by_it: trio.CancelScope | None = None

    def end_with_it(self, scope: trio.CancelScope | None) -> None:
        """This is of no use once the client has hung up; None for nothing."""
        self._ended_by_it = scope
        if scope is not None and self._is_over:
            scope.cancel()

    async def run(self) -> None:
        """Receive to the end."""
        while not self._is_over:
            try:
                data = await self._stream.receive_some(RECEIVE_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                data = b""
            self._ahead += data
            self._is_over = not data
            self._changed.unpark_all()
            while len(self._ahead) > MAX_AHEAD_BYTES:
                await self._room.park()
        if self._ended_by_it is not None:
            self._ended_by_it.cancel()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has come; b"" at the end."""
        while not self._ahead:
            if self._is_over:
                return b""
            await self._changed.park()
        data = bytes(self._ahead)
        self._ahead.clear()
        self._room.unpark_all()
        return data
