"""`python -m tests.bench.toolbox_server [events] [pieces] [schemas] [CERTIFICATE]`: tools alone.

Stories find all that they look for, as in the stand-in itself, and the server does next to nothing besides.
With `pieces` an answer comes as real servers write it: a head, what there is to say once the work is done
(`WORK_S`), the end.
Who calls is the first word of the bearer token. With a file (key and certificate) it speaks TLS.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Coroutine, Iterator
from typing import Any

import httptools
import msgspec

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.toolbox import as_text
from tests.bench.stub import HELLO

USERS = 60
WORK_S = 0.002
SESSION = b"mcp-session-id: bench\r\n"
EVENT = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%sTransfer-Encoding: chunked\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
NOTE_SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "content": {"type": "string"},
        "etag": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "results": {"type": "array", "items": {"type": "object"}},
    },
}


async def no_pause() -> None:
    """Nothing is waited for between a tool's read and its write."""


class ToolServer:
    """The tools, and how answers are written."""

    def __init__(self, *, with_events: bool, with_schemas: bool) -> None:
        self._with_events = with_events
        standin = Standin(StandinOptions(), pause=no_pause)
        for number in range(USERS):
            standin.store.add_account(f"user_{number}", "password")
        self._box = standin.toolbox
        schema = {"outputSchema": NOTE_SCHEMA} if with_schemas else {}
        self._listing = [
            {"name": spec.name, "inputSchema": spec.schema, **schema} for spec in self._box.tools.values()
        ]

    def answer(self, uid: str, body: bytes) -> Iterator[bytes]:
        """The answer to a request, in the pieces that servers write."""
        message = msgspec.json.decode(body) if body else {}
        if "id" not in message:
            yield ACCEPTED
            return
        header = SESSION if message["method"] == "initialize" else b""
        if not self._with_events:
            answer = self._answer(uid, message)
            yield WHOLE % (header, len(answer))
            yield answer
            return
        yield EVENT % header
        event = b"event: message\r\ndata: %s\r\n\r\n" % self._answer(uid, message)
        yield b"%x\r\n%s\r\n" % (len(event), event)
        yield b"0\r\n\r\n"

    def _answer(self, uid: str, message: dict[str, Any]) -> bytes:
        result = self._result(uid, message["method"], message.get("params") or {})
        return msgspec.json.encode({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _result(self, uid: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "tools/call":
            told = finished(self._box.call(uid, params["name"], params["arguments"]))
            content = [{"type": "text", "text": as_text(told)}]
            return {"content": content, "structuredContent": told.structured, "isError": told.is_error}
        if method == "resources/read":
            text = json.dumps(self._box.read(uid, params["uri"]))
            return {"contents": [{"uri": params["uri"], "mimeType": "application/json", "text": text}]}
        return HELLO if method == "initialize" else {"tools": self._listing}


def finished(call: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: ToolServer, *, in_pieces: bool) -> None:
        self._server = server
        self._in_pieces = in_pieces
        self._uid = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._uid = value.decode().removeprefix("Bearer ").partition(".")[0]

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._begin()
        pieces = self._server.answer(self._uid, body)
        if self._in_pieces:
            self._transport.write(next(pieces))
            asyncio.get_running_loop().call_later(WORK_S, self._write_next, pieces)
        else:
            self._transport.write(b"".join(pieces))

    def _write_next(self, pieces: Iterator[bytes]) -> None:
        if (piece := next(pieces, None)) is not None:
            self._transport.write(piece)
            asyncio.get_running_loop().call_soon(self._write_next, pieces)


async def serve(words: list[str]) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    files = [word for word in words if word not in ("events", "pieces", "schemas")]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if files else None
    for file in files:
        assert tls is not None
        tls.load_cert_chain(file)
    tools = ToolServer(with_events="events" in words, with_schemas="schemas" in words)
    address = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{listener.getsockname()[1]}/mcp"
    print(address, flush=True)
    in_pieces = "pieces" in words
    server = await asyncio.get_running_loop().create_server(
        lambda: Caller(tools, in_pieces=in_pieces), sock=listener, ssl=tls
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
