"""A server on bare sockets, for whoever wants to see or say every byte; and a call to it through a proxy."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
import trio.testing

from tests.support.recorder import Recorder

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {"a": "ü"}}}
RESULT = {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "isError": False}}
BODY = json.dumps(CALL).encode()
ANSWER = json.dumps(RESULT).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WELL = OK + b"Content-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)

Serve = Callable[[trio.SocketStream], Awaitable[None]]


def post(recorder: Recorder, body: bytes = BODY, more: bytes = b"", target: bytes = b"/mcp") -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%bContent-Length: %d\r\n\r\n"
    return head % (target, recorder.port, more, len(body)) + body


@asynccontextmanager
async def server(serve: Serve, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[str]:
    async def served(stream: trio.SocketStream) -> None:
        try:
            await serve(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        plain = await trio.open_tcp_listeners(port, host="127.0.0.1")
        port = plain[0].socket.getsockname()[1]
        listeners = [trio.SSLListener(each, tls, https_compatible=True) for each in plain] if tls else plain
        await nursery.start(trio.serve_listeners, served, listeners)
        yield f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{port}/mcp"
        nursery.cancel_scope.cancel()
        for each in plain:
            await each.aclose()


def saying(answer: bytes, heard: bytearray, *, until: bytes = b"") -> Serve:
    """Takes a request, up to these bytes, and says this."""

    async def serve(stream: trio.SocketStream) -> None:
        while True:
            data = await stream.receive_some(65536)
            heard.extend(data)
            if not data:
                return
            if bytes(heard).endswith(until):
                await stream.send_all(answer)

    return serve
