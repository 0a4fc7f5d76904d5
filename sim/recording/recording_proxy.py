"""The recording proxy: connections of clients, from the first to the end of the recording."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import attrs
import trio

from actors.login.trust import Origin
from sim.recording.drafts import Draft, Write, rounded
from sim.recording.listener import Listener
from sim.recording.login_facade import LoginFacade
from sim.recording.passage import Passing
from sim.recording.reading import public
from sim.recording.recorded_lines import VERSION, Head, RecordedEnd
from sim.recording.relay import Relay
from sim.recording.rewriting import Addresses
from sim.recording.server_place import ServerPlace

GRACE_S = 1.0
"""How long calls under way may take to come to their answer at the end."""
MAX_CONNECTIONS = 10_000


@attrs.frozen
class Wanted:
    """What is to be recorded.

    Attributes:
        url: the MCP endpoint.
        made_by: name and version of this program.
        login_origins: where clients' logins may be passed on to, besides the endpoint's own origin.
    """

    url: str
    made_by: str
    tls: ssl.SSLContext = attrs.field(repr=False)
    login_origins: tuple[str, ...] = ()


@attrs.frozen
class Recorded:
    """How much there is in the end. `people`: who called something."""

    calls: int
    people: int


class RecordingProxy:
    """Serves at one address, which was taken before.

    Args:
        write: takes the lines of the recording.
        tell: told what the person at the terminal is to know, a line each.
    """

    def __init__(
        self, wanted: Wanted, taken: socket.socket, write: Write, tell: Callable[[str], None]
    ) -> None:
        server = ServerPlace.of(wanted.url, wanted.tls)
        self._wanted = wanted
        self._taken = taken
        self._write = write
        self._listener = Listener(write, tell)
        self._addresses = Addresses.at(taken.getsockname()[1], server)
        places: dict[Origin, ServerPlace] = {server.origin: server}
        for origin in wanted.login_origins:
            place = ServerPlace.of(origin, wanted.tls)
            places[place.origin] = place
        path = urlsplit(wanted.url).path.rstrip("/").encode("ascii")
        handler = LoginFacade(self._addresses, places, tell).handler
        self._passing = Passing(server, path, self._addresses, self._listener, self.now, handler)
        self._relays: set[Relay] = set()
        self._began = 0.0

    @property
    def url(self) -> str:
        """Where clients are to be pointed at."""
        parts = urlsplit(self._wanted.url)
        return f"{self._addresses.proxy}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def now(self) -> float:
        """Seconds since the recording began."""
        return trio.current_time() - self._began

    @property
    def recorded(self) -> Recorded:
        """How much there is so far."""
        return Recorded(self._listener.shared.made, len(self._listener.shared.callers))

    async def serve(self, stopping: trio.Event) -> Recorded:
        """Until `stopping` is set; then calls under way have `GRACE_S`. Cancelled, it ends at once; the
        recording is complete in either case."""
        self._began = trio.current_time()
        self._write_now(Head(VERSION, self._wanted.made_by, public(self._wanted.url), timestamp()))
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._accept, nursery)
                await stopping.wait()
                with trio.move_on_after(GRACE_S):
                    await self._quiet()
                nursery.cancel_scope.cancel()
        finally:
            at = self.now()
            self._listener.close(at)
            self._write_now(RecordedEnd(rounded(at), self.recorded.calls))
        return self.recorded

    async def _accept(self, nursery: trio.Nursery) -> None:
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(self._taken))

        async def serve(stream: trio.SocketStream) -> None:
            if len(self._relays) >= MAX_CONNECTIONS:
                await stream.aclose()
                return
            relay = Relay(self._passing, stream)
            self._relays.add(relay)
            try:
                await relay.run()
            finally:
                self._relays.discard(relay)

        await trio.serve_listeners(serve, [listener], handler_nursery=nursery)

    async def _quiet(self) -> None:
        """Until no call is under way. Streams that only listen are not waited for."""
        while any(relay.is_calling for relay in self._relays):
            await self._passing.settled.park()

    def _write_now(self, line: Head | RecordedEnd) -> None:
        self._write(Draft(lambda: line))


def timestamp() -> str:
    """Now, in UTC (RFC 3339)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
