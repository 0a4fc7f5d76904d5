"""A reverse proxy on loopback that misbehaves as it is told: what stands between a user and a server.

    with open_front(standin.url, hook) as front:
        simulate(("--url", f"{front.url}/mcp", …), front.environment(standin), tmp_path)

A hook is asked for every request. It returns None (pass it on), an `Answer` of its own, or one of the
ways in which answers go wrong: `Cut`, `Drip`, `Linger`, `Silence`, `Raw`. It may pass the request on itself
first (`request.forward()`), so that the work is done and the answer lost. `Host` is passed on as it
came, so that the addresses which the server names are those of the front.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

import attrs

from tests.support.processes import StandinServer

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})
MAX_SILENCE_S = 120.0
"""No front outlives its test by more than this, whatever a hook says."""


@attrs.frozen
class Answer:
    """What a server says. `headers` may name one header several times."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def is_stream(self) -> bool:
        return any(name.lower() == "content-type" and "event-stream" in value for name, value in self.headers)

    def header(self, name: str) -> str:
        """Its value, "" where there is none."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")

    def with_header(self, name: str, value: str) -> Answer:
        """The same with this header instead of what it had of that name."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return attrs.evolve(self, headers=(*kept, (name, value)))


def page(status: int, text: str, **headers: str) -> Answer:
    """HTML, as proxies and error pages speak it."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    body = f"<!DOCTYPE html><html><body><h1>{text}</h1></body></html>".encode()
    return Answer(status, body, (("Content-Type", "text/html; charset=utf-8"), *named))


@attrs.frozen
class Cut:
    """The connection breaks after `after` bytes of the body; None: before the head."""

    answer: Answer = attrs.Factory(lambda: Answer(200))
    after: int | None = None
    reset: bool = False
    """With RST instead of FIN."""


@attrs.frozen
class Drip:
    """The body comes a byte at a time, with so many seconds between."""

    answer: Answer
    pause_s: float = 0.05


@attrs.frozen
class Linger:
    """A stream of events whose answer is there at once, and which stays open for so long."""

    answer: Answer
    seconds: float


@attrs.frozen
class Silence:
    """Nothing comes for so long, then the connection closes."""

    seconds: float


@attrs.frozen
class Raw:
    """These bytes, head and all, and then the connection closes."""

    data: bytes


Reply = Answer | Cut | Drip | Linger | Silence | Raw


@attrs.define
class Request:
    """A request as it came; `number` counts all that came to this front, from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    number: int
    _backend: str

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def forward(self, target: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """The server's own answer, whole."""
        backend = urlsplit(self._backend)
        connection = http.client.HTTPConnection(backend.hostname or "", backend.port, timeout=60)
        try:
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            sent |= {"Content-Length": str(len(self.body))} if self.body or self.method == "POST" else {}
            connection.request(
                self.method, target or self.target, self.body or None, {**sent, **(headers or {})}
            )
            came = connection.getresponse()
            body = came.read()
            kept = tuple(pair for pair in came.getheaders() if pair[0].lower() not in HOP_BY_HOP)
            return Answer(came.status, body, kept)
        finally:
            connection.close()


Hook = Callable[[Request], "Reply | None"]


@attrs.define
class Front:
    """Where it listens, and what came by."""

    url: str
    requests: list[Request] = attrs.Factory(list)
    hook: Hook | None = None
    """May be exchanged while it runs."""

    def environment(self, standin: StandinServer) -> dict[str, str]:
        """For a `simulate` that reaches Nextcloud through this front."""
        return {**standin.environment, "NEXTCLOUD_HOST": self.url}

    def count(self, method: str, part: str = "") -> int:
        """How many requests of this method had `part` in their target."""
        return sum(request.method == method and part in request.target for request in self.requests)


class _Handler(BaseHTTPRequestHandler):
    """One connection; a request at a time."""

    protocol_version = "HTTP/1.1"
    timeout = MAX_SILENCE_S
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """A front says nothing by itself."""

    def handle_one_request(self) -> None:
        # Whoever hangs up, here or behind, ends this connection and nothing else.
        try:
            super().handle_one_request()
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def answer(self) -> None:
        server = cast("_Server", self.server)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        with server.counting:
            request = Request(
                self.command, self.path, dict(self.headers.items()), body, len(server.front.requests) + 1,
                server.backend,
            )  # fmt: skip
            server.front.requests.append(request)
        reply = server.front.hook(request) if server.front.hook is not None else None
        self._give(request.forward() if reply is None else reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = answer
    do_PROPFIND = do_MKCOL = do_MOVE = do_COPY = do_SEARCH = do_REPORT = do_PROPPATCH = answer

    def _give(self, reply: Reply) -> None:
        match reply:
            case Answer():
                self._write(reply)
            case Cut(answer=answer, after=after, reset=reset):
                if after is not None:
                    self._head(answer, len(answer.body) + 1)
                    self.wfile.write(answer.body[:after])
                    self.wfile.flush()
                self._hang_up(reset)
            case Drip(answer=answer, pause_s=pause_s):
                self._head(answer, len(answer.body))
                for at in range(len(answer.body)):
                    self.wfile.write(answer.body[at : at + 1])
                    self.wfile.flush()
                    time.sleep(pause_s)
            case Linger(answer=answer, seconds=seconds):
                self._head(answer, None)
                self._chunk(answer.body)
                time.sleep(min(seconds, MAX_SILENCE_S))
                self._chunk(b"")
            case Silence(seconds=seconds):
                time.sleep(min(seconds, MAX_SILENCE_S))
                self.close_connection = True
            case Raw(data=data):
                self.wfile.write(data)
                self.close_connection = True

    def _write(self, answer: Answer) -> None:
        if answer.is_stream:
            self._head(answer, None)
            self._chunk(answer.body)
            self._chunk(b"")
            return
        self._head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _head(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        else:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _hang_up(self, reset: bool) -> None:
        self.close_connection = True
        if reset:
            # No lingering: what is not sent is thrown away, and the other side is told so by RST.
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, backend: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend = backend
        self.counting = threading.Lock()
        self.front = Front(f"http://127.0.0.1:{self.server_port}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke; a hook that raised shows as one, and its test fails on that."""


@contextmanager
def open_front(backend: str, hook: Hook | None = None) -> Iterator[Front]:
    """A front before the server at `backend` for as long as the block lasts."""
    server = _Server(backend)
    server.front.hook = hook
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.front
    finally:
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join(10)
