"""A server whose calls take a given time."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from tests.support.raw_server import Request, http_json, raw_server, tool_result


@asynccontextmanager
async def slow_server(seconds: float) -> AsyncIterator[str]:
    async def answer(stream: trio.SocketStream, request: Request) -> bool:
        await trio.sleep(seconds)
        await stream.send_all(http_json(tool_result(request)))
        return True

    async with raw_server(answer) as server:
        yield server.url


def tls() -> ssl.SSLContext:
    return ssl.create_default_context()
