"""One HTTP/1.1 connection (RFC 9112): a request at a time, kept alive between them."""

from __future__ import annotations

import re
import ssl
from urllib.parse import urlsplit

import attrs
import trio

from actors.call_errors import connection_broke, no_connection, reason_of, unsendable
from actors.wire.byte_stream import ByteStream, open_plain
from actors.wire.response import BodyRoom, Response

TARGET = re.compile(r"[\x21-\x7e]+")


@attrs.frozen
class Endpoint:
    """Where requests go: an http or https URL, taken apart."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query (RFC 9112, 3.2.1)."""
    _heads: dict[str, bytes] = attrs.field(factory=dict, init=False, eq=False, repr=False)

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

    def head(self, method: str) -> bytes:
        """The first lines of a request, the same each time. Raises CallError for a name it cannot bear."""
        if method in self._heads:
            return self._heads[method]
        text = f"{method} {self.target} HTTP/1.1\r\nHost: {self.authority}\r\nAccept-Encoding: identity\r\n"
        try:
            return self._heads.setdefault(method, text.encode("latin-1"))
        except UnicodeEncodeError:
            raise unsendable("the name of the host") from None


class Connection:
    """Made by `open_connection`. Not to be used by two tasks at once."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.last: Response | None = None
        """The answer to the last request; None once it has been taken."""
        self.waits = 0
        """How often the end of its last answer has been waited for in vain."""

    @property
    def tls_round_trips(self) -> int:
        """What shaking hands cost: one round trip in TLS 1.3 (RFC 8446, 2), two before (RFC 5246, 7.3)."""
        version = self._stream.tls_version
        if version is None:
            return 0
        return 1 if version == "TLSv1.3" else 2

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer was complete: no end, and no stray bytes.

        What comes unasked would be read as the answer to the next request.
        """
        return self._stream.is_quiet()

    async def finish(self, patience_s: float, look_s: float) -> bool:
        """Read what is left of the last answer; whether it is complete now. Raises CallError.

        No checkpoint where the end has come, as it nearly always has.

        Args:
            patience_s: how long to wait for what has not come yet.
            look_s: how long reading may take where something has come.
        """
        assert self.last is not None
        bound_s = look_s if self.last.drain_now() else patience_s
        if bound_s and not self.last.is_complete:
            with trio.move_on_after(bound_s):
                await self.last.drain()
        self.waits += 1
        return self.last.is_complete

    async def send(self, request: bytes, room: BodyRoom) -> Response:
        """Send a request; the response has its status and headers. Raises CallError.

        After an error the connection is of no use, and when cancelled, part of the request may be out and an
        answer may still come: it is closed.
        """
        response = self.last = Response(self._stream, room)
        self.waits = 0
        try:
            await self._stream.send_all(request)
            await response.receive_head()
            return response
        except OSError as error:
            self.close()
            raise connection_broke(error) from None
        except BaseException:
            self.close()
            raise

    @property
    def got_bytes(self) -> bool:
        """Whether anything has come of the last answer."""
        return self.last is not None and self.last.got_bytes

    def close(self) -> None:
        """Close it at once."""
        self._stream.close()


async def open_connection(endpoint: Endpoint, tls: ssl.SSLContext) -> Connection:
    """Connect, and shake hands where it is https. Raises CallError."""
    try:
        stream = await open_plain(endpoint.host, endpoint.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that is none (IDNA)
        raise no_connection(reason_of(error)) from None
    if endpoint.scheme == "https":
        try:
            await stream.secure(tls, endpoint.host)
        except (OSError, ValueError) as error:  # ValueError: a name that TLS does not take
            stream.close()
            raise no_connection(reason_of(error)) from None
        except BaseException:
            stream.close()
            raise
    return Connection(stream)
