"""Small HTTP servers that keep every byte they are sent, and answer as badly as they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import attrs


@attrs.frozen
class Seen:
    """A request as it came; `raw` is all of it."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    raw: str


@attrs.frozen
class Said:
    """What is answered."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "text/html; charset=utf-8"


Answering = Callable[[Seen], Said]
NOTHING_THERE = Said(404, "nothing there", kind="text/plain")


@attrs.define
class Recording:
    """A server: `pages` by path, and what it was sent."""

    url: str
    pages: dict[str, Answering] = attrs.Factory(dict)
    seen: list[Seen] = attrs.Factory(list)

    def on(self, path: str, answer: Answering | Said) -> None:
        """Answer this path so."""
        self.pages[path] = answer if callable(answer) else lambda seen: answer

    @property
    def received(self) -> str:
        """All of it."""
        return "\n".join(one.raw for one in self.seen)


@contextmanager
def recording() -> Iterator[Recording]:
    """A server on loopback that lasts as long as the block."""
    record = Recording("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("latin-1")
            parts = urlsplit(self.path)
            seen = Seen(
                self.command or "",
                parts.path,
                {name: values[0] for name, values in parse_qs(parts.query).items()},
                {name: values[0] for name, values in parse_qs(body).items()},
                {name.lower(): value for name, value in self.headers.items()},
                f"{self.requestline}\n{self.headers}\n{body}",
            )
            record.seen.append(seen)
            said = record.pages.get(parts.path, lambda seen: NOTHING_THERE)(seen)
            content = said.body.encode()
            self.send_response(said.status)
            for name, value in (*said.headers, ("Content-Type", said.kind)):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A browser that hangs up is none."""

    server = Server(("127.0.0.1", 0), Handler)
    record.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield record
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def moved(where: str, status: int = 303, *cookies: str) -> Said:
    """A redirect."""
    return Said(status, headers=(("Location", where), *(("Set-Cookie", cookie) for cookie in cookies)))
