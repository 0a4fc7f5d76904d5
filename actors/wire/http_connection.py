"""One HTTP/1.1 connection (RFC 9112): a request at a time, kept alive between them."""

from __future__ import annotations

import re
import select
import ssl
from urllib.parse import urlsplit

import attrs
import trio

from actors.call_errors import connection_broke, no_connection, reason_of
from actors.wire.response import BodyRoom, Response

FAREWELL_S = 0.001
"""How long what TLS itself has to say on an idle connection may take to be read."""
HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR
TARGET = re.compile(r"[\x21-\x7e]+")


@attrs.frozen
class Endpoint:
    """Where requests go: an http or https URL, taken apart."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query (RFC 9112, 3.2.1)."""

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Raises ValueError for what is no URL, or cannot be asked for."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not TARGET.fullmatch(target):
            raise ValueError("a path with characters that no request line may hold")
        return cls(parts.scheme, parts.hostname or "", port, target)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of `Host` (RFC 9110, 7.2)."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


class Connection:
    """Made by `open_connection`. Not to be used by two tasks at once."""

    def __init__(self, stream: trio.abc.Stream, fileno: int) -> None:
        self._stream = stream
        self._poll = select.poll()
        self._poll.register(fileno, HUNG_UP | select.POLLIN)
        self.last: Response | None = None
        """The answer to the last request."""
        self.waits = 0
        """How often the end of its last answer has been waited for in vain."""

    @property
    def tls_round_trips(self) -> int:
        """What shaking hands cost: one round trip in TLS 1.3 (RFC 8446, 2), two before (RFC 5246, 7.3)."""
        if not isinstance(self._stream, trio.SSLStream):
            return 0
        return 1 if self._stream.version() == "TLSv1.3" else 2

    async def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer was complete: no end, and no stray bytes.

        What comes unasked would be read as the answer to the next request.
        """
        events = self._poll.poll(0)
        if not events:
            return True
        if events[0][1] & HUNG_UP or not isinstance(self._stream, trio.SSLStream):
            return False
        # TLS has things of its own to say, such as session tickets; they yield no bytes.
        with trio.move_on_after(FAREWELL_S) as scope:
            try:
                await self._stream.receive_some(1)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return False
        return scope.cancelled_caught

    async def finish(self, patience_s: float, look_s: float) -> bool:
        """Read what is left of the last answer; whether it is complete now. Raises CallError.

        Args:
            patience_s: how long to wait for what has not come yet.
            look_s: how long reading may take where something has come.
        """
        assert self.last is not None
        bound_s = look_s if self._poll.poll(0) else patience_s
        if bound_s:
            with trio.move_on_after(bound_s):
                await self.last.drain()
        self.waits += 1
        return self.last.is_complete

    async def send(self, request: bytes, room: BodyRoom) -> Response:
        """Send a request; the response has its status and headers. Raises CallError.

        After an error the connection is of no use. When cancelled, part of the request may be out and
        an answer may still come: close the connection.
        """
        response = self.last = Response(self._stream, room)
        self.waits = 0
        try:
            await self._stream.send_all(request)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise connection_broke(error.__cause__ or "closed while sending") from None
        await response.receive_head()
        return response

    @property
    def got_bytes(self) -> bool:
        """Whether anything has come of the last answer."""
        return self.last is not None and self.last.got_bytes

    async def aclose(self) -> None:
        """Close it at once, without the farewell of TLS: HTTP says where answers end."""
        await trio.aclose_forcefully(self._stream)


async def open_connection(endpoint: Endpoint, tls: ssl.SSLContext) -> Connection:
    """Connect, and shake hands where it is https. Raises CallError."""
    try:
        plain = await trio.open_tcp_stream(endpoint.host, endpoint.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that is none (IDNA)
        raise no_connection(reason_of(error)) from None
    if endpoint.scheme != "https":
        return Connection(plain, plain.socket.fileno())
    secure = trio.SSLStream(plain, tls, server_hostname=endpoint.host, https_compatible=True)
    try:
        await secure.do_handshake()
    except (trio.BrokenResourceError, ValueError) as error:  # ValueError: a name that TLS does not take
        await trio.aclose_forcefully(secure)
        raise no_connection(reason_of(error.__cause__ or error)) from None
    except BaseException:
        await trio.aclose_forcefully(secure)
        raise
    return Connection(secure, plain.socket.fileno())
