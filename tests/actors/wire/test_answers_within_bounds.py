"""What belongs to an answer and what does not: stray bytes, trailers, ends that come late, sizes."""

from __future__ import annotations

import json
import ssl
import zlib
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast

import pytest
import trio
from trio.testing import assert_no_checkpoints

from actors.errors import CallError, Outcome
from actors.events import Call
from actors.login.basic import Nobody
from actors.messages import Done
from actors.network import Network, Way
from actors.ports import Person
from actors.roster import open_roster
from actors.secret import Secret
from actors.wire import exchange, response
from actors.wire.http_connection import Endpoint
from actors.wire.wire_connector import WireConnector
from tests.support.cast import step
from tests.support.in_process import Facts
from tests.support.raw_server import (
    VALUE,
    RawServer,
    Request,
    http_answer,
    http_events,
    http_json,
    raw_server,
    tool_result,
)

PERSON = Person("ann", Secret("secret"))
Stream = trio.SocketStream
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"


def connector(server: RawServer, **options: Any) -> WireConnector:
    return WireConnector(server.url, 5.0, ssl.create_default_context(), **options)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def body_of(request: Request) -> bytes:
    return json.dumps(tool_result(request)).encode()


async def well(stream: Stream, request: Request) -> bool:
    await stream.send_all(http_json(tool_result(request)))
    return True


STRAY = {
    "another answer": http_answer(b'{"jsonrpc":"2.0","id":4,"result":{"content":[]}}'),
    "half an answer": b"HTTP/1.1 200 OK\r\n",
    "rubbish": b"\x00\x01\x02",
}


@pytest.mark.parametrize("at_once", [True, False], ids=["with the answer", "after it"])
@pytest.mark.parametrize("stray", STRAY.values(), ids=STRAY)
async def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next_request(
    stray: bytes, at_once: bool
) -> None:
    async def and_more(stream: Stream, request: Request) -> bool:
        if request.number > 1:
            return await well(stream, request)
        good = http_json(tool_result(request))
        await stream.send_all(good + stray if at_once else good)
        if not at_once:
            await stream.send_all(stray)
        return True

    async with raw_server(and_more) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            assert await session.call_tool("t", {}) == VALUE
            await trio.sleep(0.05)
            assert await session.call_tool("t", {}) == VALUE
        assert server.connections == 2


async def test_trailers_are_no_headers() -> None:
    async def with_trailers(stream: Stream, request: Request) -> bool:
        trailers = b"0\r\nContent-Type: text/plain\r\nMcp-Session-Id: evil\r\nConnection: close\r\n\r\n"
        await stream.send_all(CHUNKED % b"application/json" + chunk(body_of(request)) + trailers)
        return True

    async with raw_server(with_trailers) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            assert await session.call_tool("t", {}) == VALUE
            assert await session.call_tool("t", {}) == VALUE
    assert {r.headers.get("mcp-session-id") for r in server.requests[1:]} == {"s-1"}


async def endless(stream: Stream, piece: bytes) -> bool:
    """Sends `piece` until nobody takes it any more; far more than any bound."""
    for _ in range(400):
        await stream.send_all(piece)
    return False


ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: %s\r\n" % (b"y" * 100_000)),
    "one header": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 100_000),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n" % (b"y" * 50_000)),
    "trailers": (CHUNKED % b"application/json" + chunk(b"{") + b"0\r\n", b"X: %s\r\n" % (b"y" * 100_000)),
    "one trailer": (CHUNKED % b"application/json" + chunk(b"{") + b"0\r\nX: ", b"y" * 100_000),
    "sizes of chunks": (
        CHUNKED % b"text/event-stream" + chunk(b"data: "),
        b"1;%s\r\nx\r\n" % (b"e" * 100_000),
    ),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 100_000),
    "an event": (CHUNKED % b"text/event-stream", chunk(b"data: %s\n" % (b"x" * 100_000))),
    "events": (CHUNKED % b"text/event-stream", chunk(b": %s\n\n" % (b"x" * 100_000))),
    "a failure": (b"HTTP/1.1 500 X\r\nContent-Type: text/plain\r\n\r\n", b" " * 100_000),
}


@pytest.mark.parametrize(("first", "more"), ENDLESS.values(), ids=ENDLESS)
async def test_an_answer_without_an_end_is_given_up_at_a_bound(
    first: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "MAX_BODY_BYTES", 2**20)
    sent = 0

    async def flood(stream: Stream, request: Request) -> bool:
        nonlocal sent
        if request.number > 1:
            return await well(stream, request)
        await stream.send_all(first)
        for _ in range(400):
            await stream.send_all(more)
            sent += len(more)
        return False

    async with raw_server(flood) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                with pytest.raises(CallError) as caught:
                    await session.call_tool("t", {})
                assert await session.call_tool("t", {}) == VALUE
    assert caught.value.outcome is Outcome.PROTOCOL_ERROR
    assert sent < 400 * len(more)


async def test_a_small_body_that_unpacks_into_a_large_one_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response, "MAX_BODY_BYTES", 2**20)
    bomb = http_answer(zlib.compress(b" " * 2**24), headers={"Content-Encoding": "deflate"})

    async def sends(stream: Stream, request: Request) -> bool:
        await stream.send_all(bomb)
        return True

    async with raw_server(sends) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError, match="an unpacked body of more than"):
                await session.call_tool("t", {})


async def test_large_answers_at_the_same_time_share_one_room_and_give_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response, "SMALL_BODY_BYTES", 1000)
    size, go = 300_000, trio.Event()

    async def large(stream: Stream, request: Request) -> bool:
        content = {"content": [{"type": "text", "text": "x" * size}]}
        data = http_json({**tool_result(request), "result": content})
        await stream.send_all(data[:-10])
        await go.wait()
        await stream.send_all(data[-10:])
        return True

    async with raw_server(large) as server:
        wire = connector(server)
        wire._room.left = 2 * size + 100_000
        outcomes: list[str] = []

        async def call(session: Any) -> None:
            try:
                await session.call_tool("t", {})
                outcomes.append("ok")
            except CallError as error:
                outcomes.append(error.reason)

        async with wire.open_session(PERSON, Nobody()) as session:
            with trio.fail_after(60):
                async with trio.open_nursery() as nursery:
                    for _ in range(3):
                        nursery.start_soon(call, session)
                    while not outcomes:  # noqa: ASYNC110
                        await trio.sleep(0.01)
                    go.set()
                await call(session)
        assert outcomes == ["too_long", "ok", "ok", "ok"]
        assert wire._room.left == 2 * size + 100_000


def lingering(end_s: float) -> Callable[[Stream, Request], Awaitable[bool]]:
    """Answers at once with an event; the stream ends later."""

    async def answer(stream: Stream, request: Request) -> bool:
        whole = http_events(tool_result(request))
        end = b"0\r\n\r\n"
        await stream.send_all(whole.removesuffix(end))
        with trio.move_on_after(end_s):
            await trio.sleep_forever()
        await stream.send_all(end)
        return True

    return answer


@pytest.mark.parametrize("end_s", [0.005, 60.0])
async def test_a_stream_that_stays_open_costs_neither_time_nor_any_number_of_connections(
    end_s: float,
) -> None:
    """The user waits outside of the clock for a moment; then a server is known for it."""
    facts = Facts()
    async with raw_server(lingering(end_s)) as server:
        async with open_roster(connector(server), facts, seed=1) as roster:
            ann = roster.enter(PERSON, Nobody())
            with trio.fail_after(120):
                for _ in range(20):
                    assert isinstance(await ann.ask(step("t")), Done)
    calls = [fact for fact in facts if isinstance(fact, Call)]
    assert len(calls) == 20
    if end_s < 0.1:
        # The end comes in time for the next call, unless this machine is slow just then.
        assert server.connections <= 10
    else:
        # Nobody waits for the ends, let alone within a call.
        assert sum(call.inbox_wait_s + call.finished - call.started for call in calls) < end_s


async def test_nobody_gives_way_for_the_end_of_an_answer_that_has_come() -> None:
    """It comes after the answer, often; before the next call it is taken, and costs no turn of the loop."""
    taken = trio.Event()

    async def answer(stream: Stream, request: Request) -> bool:
        whole = http_events(tool_result(request))
        end = b"0\r\n\r\n"
        await stream.send_all(whole.removesuffix(end))
        await taken.wait()
        await stream.send_all(end)
        return True

    async with raw_server(answer) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                assert await session.call_tool("t", {}) == VALUE
                exchanger = cast("Any", session)._transport._exchanger
                (connection,) = exchanger._lingering
                taken.set()
                await trio.lowlevel.wait_readable(connection._stream._socket)
                with assert_no_checkpoints():
                    await exchanger.prepare()
                assert (exchanger._idle, exchanger._lingering) == ([connection], [])


@pytest.mark.parametrize(("scheme", "trips"), [("http", 1), ("https", 2)])
async def test_a_connection_to_a_far_server_costs_the_handshakes_of_tcp_and_of_tls(
    scheme: str, trips: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    class Opened:
        tls_round_trips = 1 if scheme == "https" else 0

    async def opens(endpoint: Endpoint, tls: ssl.SSLContext) -> Opened:
        return Opened()

    monkeypatch.setattr(exchange, "open_connection", opens)
    monkeypatch.setattr(trio, "sleep", note)
    tls = ssl.create_default_context()
    exchanger = exchange.Exchanger(f"{scheme}://there/mcp", tls, Way(Network(rtt_s=0.4), Random(1)))
    await exchanger._open(Endpoint.of(f"{scheme}://there/mcp"))
    assert slept == [0.4] * trips
