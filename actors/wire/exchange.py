"""HTTP exchanges of one user with one endpoint: connections kept and replaced, redirects, delays."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Mapping
from types import TracebackType
from urllib.parse import urljoin

import trio
from mcp.shared.exceptions import MCPError

from actors.call_errors import redirected, unsendable
from actors.errors import CallError, Outcome
from actors.network import Way
from actors.wire.http_connection import Connection, Endpoint, open_connection
from actors.wire.response import BodyRoom, Response

MAX_REDIRECTS = 5
MAX_IDLE = 2
"""Connections that are kept: one is enough, unless the server asks something within an answer."""
MAX_LINGERING = 2
"""Connections that are kept although the end of their last answer has not come."""
DRAIN_S = 0.02
"""How long the end of an answer is waited for, once, before the next request takes another connection."""
MAX_WAITS = 3
"""So often a connection is looked at before it is given up."""


class Exchanger:
    """Sends requests to one URL.

    What belongs to us and not to the server is done in `prepare`, before the clock of a call starts.
    Opening a connection is part of the exchange that needs it: accepting and shaking hands is work of
    the server, and an overloaded one is slow at it. (So a server that closes after each answer is
    measured with a handshake a call; k6 would leave it out, Locust would not.)

    Args:
        way: what the way to the server costs, put into connections and requests as they happen; None where
            it costs nothing.
        room: for large answers, shared by all users.
    """

    def __init__(
        self, url: str, tls: ssl.SSLContext, way: Way | None = None, room: BodyRoom | None = None
    ) -> None:
        self._url = url
        self._endpoint = Endpoint.of(url)
        self._tls = tls
        self._way = way
        self._room = room or BodyRoom()
        self._idle: list[Connection] = []
        self._lingering: list[Connection] = []
        self._is_patient = True

    async def prepare(self) -> None:
        """See to the connections whose last answer had no end yet: now, since no call is being measured.

        An end is given a moment. Where one has not come by then, the server is taken for one that leaves
        its streams open, and nobody waits, until an end is seen again.
        """
        for connection in tuple(self._lingering):
            patience_s = DRAIN_S if self._is_patient and not self._idle else 0.0
            try:
                is_over = await connection.finish(patience_s, DRAIN_S)
                self._is_patient = is_over or (self._is_patient and not patience_s)
            except CallError:
                is_over = True  # it broke
            if is_over or connection.waits >= MAX_WAITS:
                self._lingering.remove(connection)
                last = connection.last
                if last is None or not last.is_complete or not self._keeps(connection, last):
                    connection.close()

    async def ask(self, method: str, lines: bytes, body: bytes, *, repeatable: bool) -> Exchange:
        """Send a request; the answer is taken in the block of what is returned. Raises CallError.

        It is sent again where the server redirects to, if that is of the same origin. Only 307 and 308 keep
        the method, and only 308 is for good (RFC 9110, 15.4). Another origin gets nothing: the request
        bears credentials.

        Args:
            lines: its headers (`header_lines`).
            repeatable: it may be sent again when a kept connection turns out to be closed, although
                the server may have seen it (RFC 9110, 9.2.2).
        """
        url, endpoint, is_for_good = self._url, self._endpoint, True
        for _ in range(MAX_REDIRECTS):
            connection, response = await self._send(endpoint, method, lines, body, repeatable)
            location = response.headers.get("location") if response.status in (307, 308) else None
            if location is None:
                return Exchange(self, connection, response)
            if not (response.is_complete and self._keeps(connection, response)):
                connection.close()
            url, endpoint = self._target(response.status, url, location)
            is_for_good = is_for_good and response.status == 308
            if is_for_good:
                self._url, self._endpoint = url, endpoint
        raise redirected(307, f"more than {MAX_REDIRECTS} times")

    def close(self) -> None:
        """Close what is kept."""
        for kept in (self._idle, self._lingering):
            while kept:
                kept.pop().close()

    def settle(self, connection: Connection, response: Response, *, understood: bool) -> None:
        """An answer has been taken: keep its connection, or close it."""
        response.release()
        if not (understood and self._keeps(connection, response)):
            connection.close()

    def _keeps(self, connection: Connection, response: Response) -> bool:
        """Put a connection aside for the next requests; false where it is to be closed.

        The one rule: it is kept when another request may follow its answer, or when nothing but the end
        of that is missing; and of either kind only so many.
        """
        kept, most = (self._idle, MAX_IDLE) if response.is_complete else (self._lingering, MAX_LINGERING)
        if (response.is_complete and not response.keep_alive) or len(kept) >= most:
            return False
        if response.is_complete:
            connection.last = None  # a kibibyte a user, that nobody asks for any more
        kept.append(connection)
        return True

    def _target(self, status: int, url: str, location: str) -> tuple[str, Endpoint]:
        """Where a redirect leads. Raises CallError for another origin, and for what is no address."""
        try:
            url = urljoin(url, location)
            target = Endpoint.of(url)
        except ValueError:
            raise redirected(status, f"to what is no address: {location}") from None
        if target.origin != self._endpoint.origin:
            where = f"{target.scheme}://{target.authority}"
            raise redirected(status, f"to another server, {where}: name that one")
        return url, target

    async def _send(
        self, endpoint: Endpoint, method: str, lines: bytes, body: bytes, repeatable: bool
    ) -> tuple[Connection, Response]:
        request = b"%s%sContent-Length: %d\r\n\r\n%s" % (endpoint.head(method), lines, len(body), body)
        kept = self._take_kept()
        if kept is not None:
            try:
                return kept, await self._ask(kept, request)
            except CallError as error:
                if not repeatable or error.reason != "cut" or kept.got_bytes:
                    raise
        connection = await self._open(endpoint)
        return connection, await self._ask(connection, request)

    def _ask(self, connection: Connection, request: bytes) -> Awaitable[Response]:
        """Its answer. When that fails, or is cancelled, the connection is closed. Raises CallError."""
        if self._way is None:
            return connection.send(request, self._room)
        return self._ask_from_afar(connection, request, self._way.round_trip())

    async def _ask_from_afar(self, connection: Connection, request: bytes, trip_s: float) -> Response:
        try:
            await trio.sleep(trip_s / 2)
            response = await connection.send(request, self._room)
            await trio.sleep(trip_s / 2)
            return response
        except BaseException:
            connection.close()
            raise

    def _take_kept(self) -> Connection | None:
        """A connection that can be used again; others are closed on the way."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_quiet:
                return connection
            connection.close()
        return None

    async def _open(self, endpoint: Endpoint) -> Connection:
        if self._way is None:
            return await open_connection(endpoint, self._tls)
        await trio.sleep(self._way.handshake())
        connection = await open_connection(endpoint, self._tls)
        try:
            for _ in range(connection.tls_round_trips):
                await trio.sleep(self._way.round_trip())
        except BaseException:
            connection.close()
            raise
        return connection


class Exchange:
    """A request that is being answered; in its block the answer is taken.

    The connection is kept when the answer was understood, also where that said no. Any other exception, and
    cancellation, closes it.
    """

    def __init__(self, exchanger: Exchanger, connection: Connection, response: Response) -> None:
        self._exchanger = exchanger
        self._connection = connection
        self._response = response

    def __enter__(self) -> Response:
        return self._response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CallError):
            understood = error.outcome is not Outcome.PROTOCOL_ERROR and self._response.is_complete
        else:
            understood = error is None or isinstance(error, MCPError)
        self._exchanger.settle(self._connection, self._response, understood=understood)


def header_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they are sent. Raises CallError for a value that would break out of its line."""
    text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    # One carriage return and one line feed a line: any other came with a value.
    if text.count("\r") != len(headers) or text.count("\n") != len(headers) or "\0" in text:
        raise unsendable("a header with a line break")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise unsendable("a header with characters outside of Latin-1") from None
