"""Bytes over TCP or TLS, on the socket itself: one task, one send or receive at a time, closed at once.

trio's own streams are made for two tasks and for protocols that say goodbye. Here a request is sent in one
system call where the kernel takes it, and its answer is received in one.
"""

from __future__ import annotations

import select
import socket
import ssl

import trio
from trio.lowlevel import checkpoint_if_cancelled, notify_closing, wait_readable, wait_writable

HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class ByteStream:
    """Made by `open_plain`; `secure` puts TLS into it. Not to be used by two tasks at once.

    Raises OSError (ssl.SSLError among them) for what breaks. When cancelled while sending or shaking hands,
    it is of no use any more; while receiving, nothing is lost.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected.fileno(), HUNG_UP | select.POLLIN)

    @property
    def tls_version(self) -> str | None:
        """Such as `TLSv1.3`; None without TLS."""
        return self._socket.version() if isinstance(self._socket, ssl.SSLSocket) else None

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Shake hands with `host`. Raises OSError, and ValueError for a name that TLS does not take."""
        # It takes the descriptor along, which keeps its number.
        secured = tls.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        self._socket = secured
        while True:
            try:
                secured.do_handshake()
                return
            except ssl.SSLWantReadError:
                await wait_readable(secured)
            except ssl.SSLWantWriteError:
                await wait_writable(secured)

    async def send_all(self, data: bytes) -> None:
        """Send it all. No checkpoint where the kernel takes it, and nothing is sent when cancelled before."""
        await checkpoint_if_cancelled()
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except ssl.SSLWantReadError:
                await wait_readable(self._socket)
            except (BlockingIOError, ssl.SSLWantWriteError):
                await wait_writable(self._socket)

    async def receive_some(self, most: int) -> bytes:
        """What comes next, at most so many bytes; b"" at the end."""
        while True:
            if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
                await wait_readable(self._socket)
            try:
                return self._socket.recv(most)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue  # a part of a record, or what TLS has to say for itself
            except ssl.SSLWantWriteError:
                await wait_writable(self._socket)

    def receive_now(self, most: int) -> bytes | None:
        """What has come by now, at most so many bytes; b"" at the end, None where nothing has."""
        try:
            return self._socket.recv(most)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def is_quiet(self) -> bool:
        """Whether the other side has neither hung up nor sent anything.

        TLS has things of its own to say, such as session tickets (RFC 8446, 4.6.1): they are taken, and count
        as nothing.
        """
        events = self._poll.poll(0)
        if not events:
            return True
        if events[0][1] & HUNG_UP or not isinstance(self._socket, ssl.SSLSocket):
            return False
        try:
            self._socket.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close it at once, without the farewell of TLS: HTTP says where answers end."""
        if self._socket.fileno() >= 0:
            notify_closing(self._socket)
        self._socket.close()


async def open_plain(host: str, port: int) -> ByteStream:
    """Connect. Raises OSError, and UnicodeError for what is no name of a host (IDNA)."""
    stream = await trio.open_tcp_stream(host, port)
    # Connected by trio (RFC 8305), and from here on ours.
    connected = socket.socket(fileno=stream.socket.detach())
    connected.setblocking(False)
    return ByteStream(connected)
