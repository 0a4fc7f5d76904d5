"""`python -m tests.bench.stub [events]`: an MCP server that does nothing, so that it is not the limit.

Answers are canned; only the number of the request is put in. One process, asyncio and httptools.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys

import httptools

NUMBER = re.compile(rb'"id":\s*(\d+)')
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "stub", "version": "1"},
}
NOTE = {"id": 1, "title": "Note", "content": "# Note\n\nSome text.\n" * 8, "category": "", "etag": "0" * 32}
TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}}
    for name in ("nc_notes_get_note", "nc_notes_search_notes")
]


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self, with_events: bool) -> None:
        self._with_events = with_events

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        body = self._body
        self._begin()
        if b'"tools/call"' in body:
            text = {"type": "text", "text": json.dumps(NOTE)}
            self._answer(body, {"content": [text], "structuredContent": NOTE, "isError": False})
        elif b'"initialize"' in body:
            self._answer(body, HELLO, b"mcp-session-id: stub\r\n")
        elif b'"tools/list"' in body:
            self._answer(body, {"tools": TOOLS})
        else:
            self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def _answer(self, body: bytes, result: object, header: bytes = b"") -> None:
        number = NUMBER.search(body)
        message = b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (
            number[1] if number else b"0",
            json.dumps(result).encode(),
        )
        if self._with_events:
            kind, message = b"text/event-stream", b"event: message\r\ndata: %s\r\n\r\n" % message
        else:
            kind = b"application/json"
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n%s"
            % (kind, header, len(message), message)
        )


async def serve(with_events: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    server = await asyncio.get_running_loop().create_server(lambda: Stub(with_events), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve("events" in sys.argv[1:]))
