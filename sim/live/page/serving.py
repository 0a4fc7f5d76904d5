"""Serving a site within a nursery, at an address that was taken before anything else was done.

By hypercorn's trio worker, connection by connection. Its own `serve` waits at the end for whoever does not
read, for it shields what it sends; here such a connection is shut down, so that a run ends when it ends.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

GRACE_S = 0.2
"""How long connections may take to end once all has been sent."""
STUCK_S = 30.0
"""Whoever takes nothing for so long is let go: they can come again."""
MAX_REQUEST_BYTES = 16_384
MAX_CONNECTIONS = 64
BACKLOG = 64


class CannotListen(Exception):
    """The address is not to be had; the text says why."""


def listen(host: str, port: int) -> socket.socket:
    """Take an address; port 0 for any. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Else a port that was used a moment ago is not to be had (TIME-WAIT, RFC 9293 3.6.1).
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        raise CannotListen((error.strerror or str(error)).lower()) from error
    taken.setblocking(False)
    return taken


@asynccontextmanager
async def serving(app: Any, taken: socket.socket, stuck_s: float = STUCK_S) -> AsyncIterator[None]:
    """`app` (ASGI) is served at `taken` while the block lasts; then connections have `GRACE_S` to end."""
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(taken))
    connections = Connections(app, stuck_s)
    async with trio.open_nursery() as nursery:
        accepting = trio.CancelScope()
        nursery.start_soon(connections.accept, listener, accepting)
        try:
            yield
        finally:
            accepting.cancel()
            with trio.CancelScope(shield=True):
                await connections.end(GRACE_S)
            nursery.cancel_scope.cancel()


class Connections:
    """Those that are open, at most `MAX_CONNECTIONS`: beyond, the newest is closed at once."""

    def __init__(self, app: Any, stuck_s: float) -> None:
        self._stuck_s = stuck_s
        config = silent_config()
        self._context = WorkerContext(None)
        self._make = partial(
            TCPServer, wrap_app(app, config.wsgi_max_body_size, "asgi"), config, self._context
        )
        self._open: set[trio.SocketStream] = set()
        self._changed = trio.Event()

    async def accept(self, listener: trio.SocketListener, accepting: trio.CancelScope) -> None:
        """Serve who comes, until `accepting` is cancelled; those who are there are served on."""
        async with trio.open_nursery() as nursery:
            with accepting:
                await trio.serve_listeners(self._serve, [listener], handler_nursery=nursery)

    async def end(self, grace_s: float) -> None:
        """Let them end within so many seconds, then shut them down."""
        await self._context.terminated.set()
        with trio.move_on_after(grace_s):
            while self._open:
                self._changed = trio.Event()
                await self._changed.wait()
        for stream in self._open:
            with suppress(OSError):
                # Whoever waits for room to write to it wakes up.
                stream.socket.shutdown(socket.SHUT_RDWR)

    async def _serve(self, stream: trio.SocketStream) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            await stream.aclose()
            return
        self._open.add(stream)
        try:
            # Its type speaks of encrypted streams; it takes plain ones as well.
            await self._make(ConnectionState({}), Impatient(stream, self._stuck_s))  # type: ignore[arg-type]
        finally:
            self._open.discard(stream)
            self._changed.set()


class Impatient:
    """A stream that is closed when nothing of what is sent was taken for `stuck_s`. Hypercorn shields what it
    sends, so that no deadline of an application's could end it.
    """

    def __init__(self, stream: trio.SocketStream, stuck_s: float) -> None:
        self._stream = stream
        self._stuck_s = stuck_s
        self.socket = stream.socket
        self.receive_some, self.send_eof, self.aclose = stream.receive_some, stream.send_eof, stream.aclose

    async def send_all(self, data: bytes) -> None:
        """Raises BrokenResourceError where it is not taken."""
        with trio.move_on_after(self._stuck_s) as waiting:
            await self._stream.send_all(data)
        if waiting.cancelled_caught:
            await trio.aclose_forcefully(self._stream)
            raise trio.BrokenResourceError("nothing is taken")


def silent_config() -> Config:
    """It logs nothing: not who comes, and never an address with its token."""
    config = Config()
    config.graceful_timeout = GRACE_S
    config.accesslog = None
    silent = logging.getLogger("simulate.page")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    config.errorlog = silent
    config.h11_max_incomplete_size = MAX_REQUEST_BYTES
    config.include_server_header = False
    return config
