"""HTTP exchanges of one user with one endpoint: connections kept and replaced, redirects, delays."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random
from urllib.parse import urljoin

import trio

from actors.errors import CallError, Outcome
from actors.network import Network
from actors.wire.http import Connection, Endpoint, Response, open_connection

MOST_REDIRECTS = 5
MOST_IDLE = 2
"""Connections that are kept: one is enough, unless the server asks something within an answer."""


class Exchanger:
    """Sends requests to one URL.

    Args:
        network: what the way to the server costs; put into connections and requests as they happen.
        random: draws those costs.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, network: Network, random: Random) -> None:
        self._url = url
        self._endpoint = Endpoint.of(url)
        self._tls = tls
        self._network = network
        self._random = random
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def exchange(
        self, method: str, headers: Mapping[str, str], body: bytes, *, repeatable: bool
    ) -> AsyncIterator[Response]:
        """Send a request; the block takes its answer. Raises CallError.

        Leaving the block before the answer is complete, by an exception or by cancellation, closes
        the connection.

        Args:
            repeatable: it may be sent again when a kept connection turns out to be closed, although
                the server may have seen it (RFC 9110, 9.2.2).
        """
        connection, response = await self._follow(method, headers, body, repeatable)
        try:
            yield response
        except Exception as error:
            # An answer that was understood leaves a good connection, also where it said no.
            spoiled = isinstance(error, CallError) and error.outcome is Outcome.PROTOCOL_ERROR
            if response.is_complete and response.keep_alive and not spoiled:
                self._idle.append(connection)
            else:
                await connection.aclose()
            raise
        except BaseException:
            await connection.aclose()
            raise
        if len(self._idle) < MOST_IDLE and (response.keep_alive or not response.is_complete):
            self._idle.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        """Close what is kept."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _follow(
        self, method: str, headers: Mapping[str, str], body: bytes, repeatable: bool
    ) -> tuple[Connection, Response]:
        """Send it, and again where the server redirects to, if that is of the same origin.

        Only 307 and 308 keep the method (RFC 9110, 15.4). Another origin gets nothing: the request
        bears credentials.
        """
        for _ in range(MOST_REDIRECTS):
            connection, response = await self._send(method, headers, body, repeatable)
            location = response.headers.get("location")
            if response.status not in (307, 308) or location is None:
                return connection, response
            await connection.aclose()
            self._url = urljoin(self._url, location)
            target = Endpoint.of(self._url)
            if target.origin != self._endpoint.origin:
                raise redirected(response.status, f"to another server, {target.authority}: name that one")
            self._endpoint = target
        raise redirected(307, f"more than {MOST_REDIRECTS} times")

    async def _send(
        self, method: str, headers: Mapping[str, str], body: bytes, repeatable: bool
    ) -> tuple[Connection, Response]:
        request = self._head(method, headers, len(body)) + body
        kept = await self._take_kept()
        if kept is not None:
            try:
                return kept, await self._ask(kept, request)
            except CallError as error:
                if not repeatable or error.reason != "cut" or kept.got_bytes:
                    raise
        connection = await self._open()
        return connection, await self._ask(connection, request)

    async def _ask(self, connection: Connection, request: bytes) -> Response:
        try:
            if self._network.is_instant:
                return await connection.send(request)
            trip_s = self._network.round_trip(self._random)
            await trio.sleep(trip_s / 2)
            response = await connection.send(request)
            await trio.sleep(trip_s / 2)
            return response
        except BaseException:
            await connection.aclose()
            raise

    async def _take_kept(self) -> Connection | None:
        """A connection that can be used again; others are closed on the way."""
        while self._idle:
            connection = self._idle.pop()
            try:
                if await connection.is_ready():
                    return connection
            except CallError:
                pass  # it is closed below; nothing was sent yet
            except BaseException:
                await connection.aclose()
                raise
            await connection.aclose()
        return None

    async def _open(self) -> Connection:
        if not self._network.is_instant:
            await trio.sleep(self._network.handshake(self._random))
        return await open_connection(self._endpoint, self._tls)

    def _head(self, method: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        first = f"{method} {self._endpoint.target} HTTP/1.1\r\nHost: {self._endpoint.authority}\r\n"
        return f"{first}{lines}Content-Length: {length}\r\n\r\n".encode("latin-1")


def redirected(status: int, why: str) -> CallError:
    return CallError(Outcome.TRANSPORT_ERROR, f"the MCP server redirects {why}", status=status)
