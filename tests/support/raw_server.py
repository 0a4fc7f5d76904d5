"""A TCP server that answers HTTP requests with whatever bytes it is told, as badly as it is told."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio

JSON = "application/json"
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "raw", "version": "1"},
}
TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("t", "some_tool")]
VALUE = {"answer": "ünïcödé", "list": list(range(50))}


@attrs.define
class Request:
    """A request as it came. `number` counts those that call a tool, from 1."""

    method: str
    headers: dict[str, str]
    message: dict[str, Any]
    number: int = 0
    target: str = ""


Answering = Callable[[trio.SocketStream, Request], Awaitable[bool]]
"""Answers one request; whether the connection goes on."""


@attrs.define
class RawServer:
    """Where it listens, and what it was asked."""

    url: str
    requests: list[Request] = attrs.Factory(list)
    connections: int = 0


@asynccontextmanager
async def raw_server(
    answer: Answering,
    instead: Mapping[str, Answering] | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[RawServer]:
    """Handshakes are answered well; every tool call by `answer`.

    Args:
        tls: the server's side of https, on `localhost`.
        instead: what answers other requests, by method of JSON-RPC, or of HTTP where there is no message.
    """
    others = instead or {}
    async with trio.open_nursery() as nursery:
        server: RawServer

        async def serve(stream: trio.SocketStream) -> None:
            server.connections += 1
            try:
                while (request := await read_request(stream)) is not None:
                    if not await respond(stream, request):
                        return
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return  # it hung up, or never shook hands

        async def respond(stream: trio.SocketStream, request: Request) -> bool:
            server.requests.append(request)
            name = request.message.get("method")
            if name == "tools/call":
                request.number = sum(r.message.get("method") == "tools/call" for r in server.requests)
                return await answer(stream, request)
            other = others.get(str(name) if name else request.method)
            if other is not None:
                return await other(stream, request)
            if name == "initialize":
                await stream.send_all(http_json(result(request, HELLO), session="s-1"))
            elif name == "tools/list":
                await stream.send_all(http_json(result(request, {"tools": TOOLS})))
            else:
                await stream.send_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            return True

        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        server = RawServer(f"https://localhost:{port}/mcp" if tls else f"http://127.0.0.1:{port}/mcp")
        secured = [trio.SSLListener(plain, tls, https_compatible=True) for plain in listeners] if tls else []
        await nursery.start(trio.serve_listeners, serve, secured or listeners)
        yield server
        nursery.cancel_scope.cancel()


async def read_request(stream: trio.SocketStream) -> Request | None:
    """The next request, None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive_some(65536)
    method, target, _ = first.split()
    return Request(method, headers, json.loads(body) if body else {}, target=target)


def http_answer(
    body: bytes,
    kind: str = JSON,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """An answer with this body, whatever it is."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode() + body


def result(request: Request, value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request.message["id"], "result": value}


def tool_result(request: Request) -> dict[str, Any]:
    """A good answer to a tool call."""
    return result(request, {"content": [{"type": "text", "text": json.dumps(VALUE)}]})


def http_json(message: Any, *, session: str = "") -> bytes:
    body = json.dumps(message).encode()
    named = f"mcp-session-id: {session}\r\n" if session else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{named}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def http_events(*messages: Any, gap: str = "\n") -> bytes:
    """The messages as events in a chunked body, two chunks for each."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    events = [f"event: message{gap}data: {json.dumps(m)}{gap}{gap}".encode() for m in messages]
    pieces = [piece for event in events for piece in (event[: len(event) // 2], event[len(event) // 2 :])]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
