"""A recording proxy in the test's own process, and the lines that it writes."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import attrs
import trio

from sim.recording.drafts import written_now
from sim.recording.recorded_lines import RecordedCall, RecordedLine
from sim.recording.recording_proxy import RecordingProxy, Wanted

L = TypeVar("L", bound=RecordedLine)


@attrs.define
class Recorder:
    """`lines` are complete once the block has ended; `told`: what stood on the terminal."""

    url: str
    lines: list[RecordedLine]
    told: list[str]

    def of(self, kind: type[L]) -> list[L]:
        return [line for line in self.lines if isinstance(line, kind)]

    @property
    def calls(self) -> list[RecordedCall]:
        return sorted(self.of(RecordedCall), key=lambda call: call.n)

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])


@asynccontextmanager
async def recording(
    url: str, *login_origins: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Recorder]:
    """A proxy before the endpoint `url`, which ends in order with the block."""
    taken = socket.create_server(("127.0.0.1", 0), backlog=128)
    taken.setblocking(False)
    lines: list[RecordedLine] = []
    told: list[str] = []
    wanted = Wanted(url, "simulate test", tls or ssl.create_default_context(), login_origins)
    proxy = RecordingProxy(wanted, taken, written_now(lines), told.append)
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(proxy.serve, stopping)  # noqa: ASYNC113 (it listens already)
        try:
            yield Recorder(proxy.url, lines, told)
        finally:
            stopping.set()


async def say(port: int, data: bytes, *, until_closed: bool = False) -> bytes:
    """Send these bytes, and give what comes back: to the end, or as much as one answer of known length."""
    with trio.fail_after(60):
        return await _say(port, data, until_closed)


async def _say(port: int, data: bytes, until_closed: bool) -> bytes:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(data)
        got = b""
        while not is_whole(got) or until_closed:
            more = await stream.receive_some(65536)
            if not more:
                break
            got += more
        return got


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    lower = head.lower()
    if b"chunked" in lower:
        return b"\r\n0\r\n" in body and body.endswith(b"\r\n\r\n")
    length = lower.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    return len(body) >= int(length or 0)
