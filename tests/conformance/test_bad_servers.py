"""A server that answers badly in every way: no client hangs, mixes answers up, or breaks for good."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
import trio

from actors.errors import CallError, Outcome
from actors.login.basic import Nobody
from actors.wire.wire_connector import WireConnector
from tests.conformance.both_clients import PERSON, call
from tests.support.raw_server import (
    VALUE,
    Request,
    http_events,
    http_json,
    raw_server,
    tool_result,
)

# The SDK's client leaves its event streams to the garbage collector, and trio warns of each.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Stream = trio.SocketStream


async def first_badly(
    bad: Callable[[Stream, Request], Awaitable[bool]], stream: Stream, request: Request
) -> bool:
    """The first call is answered by `bad`, all others well."""
    if request.number == 1:
        return await bad(stream, request)
    await stream.send_all(http_json(tool_result(request)))
    return True


async def drip(stream: Stream, data: bytes, size: int) -> bool:
    for at in range(0, len(data), size):
        await stream.send_all(data[at : at + size])
        await trio.lowlevel.checkpoint()
    return True


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
async def test_an_answer_may_come_in_pieces_of_any_size(connect: Any, size: int, gap: str) -> None:
    async def answer(stream: Stream, request: Request) -> bool:
        good = tool_result(request)
        data = http_events(good, gap=gap) if request.number % 2 else http_json(good)
        return await drip(stream, data, size)

    async with raw_server(answer) as server:
        async with connect(server, 15.0).open_session(PERSON, Nobody()) as session:
            for _ in range(4):
                assert await call(session) == VALUE


def ping(number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": f"ping-{number}", "method": "ping"}


def note(text: str) -> dict[str, Any]:
    params = {"level": "info", "data": text}
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": params}


async def test_what_a_server_says_before_its_answer_is_heard_and_answered(connect: Any) -> None:
    async def answer(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_events(note("a"), ping(1), note("b"), ping(2), tool_result(request)))
        return True

    async with raw_server(answer) as server:
        async with connect(server, 15.0).open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE
            assert await call(session) == VALUE
            with trio.fail_after(60):
                while sum("result" in r.message for r in server.requests) < 4:  # noqa: ASYNC110
                    await trio.sleep(0.01)
    replies = [r.message for r in server.requests if "result" in r.message]
    assert sorted(reply["id"] for reply in replies) == ["ping-1", "ping-1", "ping-2", "ping-2"]


async def test_our_client_takes_no_answer_that_belongs_to_another_request() -> None:
    """The SDK's takes whatever response the stream of its request brings."""

    async def answer(stream: Stream, request: Request) -> bool:
        other = {"jsonrpc": "2.0", "id": 999_999, "result": {"content": []}}
        await stream.send_all(http_events(other, tool_result(request)))
        return True

    async with raw_server(answer) as server:
        wire = WireConnector(server.url, 15.0, ssl.create_default_context())
        async with wire.open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE


def ok(kind: str, framing: str, body: str = "") -> bytes:
    """An answer with status 200, framed as said."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n{body}".encode()


JSON, EVENTS, CHUNKED = "application/json", "text/event-stream", "Transfer-Encoding: chunked"
BAD: dict[str, bytes] = {
    "garbage": b"\x00\xff\x16\x03garbage\r\n\r\n",
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status line alone": b"HTTP/1.1 200 OK\r\n",
    "no status": b"HTTP/1.1 xyz OK\r\n\r\n",
    "json that is none": ok(JSON, "Content-Length: 5", "{oops"),
    "json that is no message": ok(JSON, "Content-Length: 3", "[1]"),
    "too short a body": ok(JSON, "Content-Length: 500", "{}"),
    "a bad chunk": ok(JSON, CHUNKED, "zz\r\n"),
    "a chunk cut off": ok(EVENTS, CHUNKED, "40\r\nda"),
    "events without an answer": ok(EVENTS, "Content-Length: 9", "data: 1\n\n"),
    "a page": ok("text/html", "Content-Length: 6", "<html>"),
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000,
    "nothing": b"",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
async def test_nonsense_is_a_failed_call_and_the_next_one_is_good(connect: Any, data: bytes) -> None:
    async def bad(stream: Stream, request: Request) -> bool:
        await stream.send_all(data)
        return False

    async with raw_server(lambda stream, request: first_badly(bad, stream, request)) as server:
        async with connect(server, 3.0).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as caught:
                await call(session)
            assert caught.value.outcome in (Outcome.PROTOCOL_ERROR, Outcome.TRANSPORT_ERROR)
            assert await call(session) == VALUE


STATUSES = {
    401: ("authorization", ""),
    403: ("authorization", ""),
    404: ("transport_error", "forgotten"),
    405: ("transport_error", ""),
    429: ("transport_error", ""),
    500: ("transport_error", ""),
    502: ("transport_error", ""),
    503: ("transport_error", ""),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_is_told_with_what_the_server_asks_to_wait(connect: Any, status: int) -> None:
    async def bad(stream: Stream, request: Request) -> bool:
        head = f"HTTP/1.1 {status} No\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{{}}"
        await stream.send_all(head.encode())
        return True

    async with raw_server(lambda stream, request: first_badly(bad, stream, request)) as server:
        async with connect(server, 5.0).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as caught:
                await call(session)
    assert (caught.value.outcome.value, caught.value.status) == (STATUSES[status][0], status)
    assert STATUSES[status][1] in str(caught.value)
    if status in (429, 503):
        assert caught.value.retry_after_s == 7


async def test_a_call_without_an_answer_ends_at_its_deadline_and_the_next_one_is_good(connect: Any) -> None:
    async def bad(stream: Stream, request: Request) -> bool:
        await trio.sleep_forever()
        return False

    async with raw_server(lambda stream, request: first_badly(bad, stream, request)) as server:
        async with connect(server, 0.5).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as caught:
                await call(session)
            assert (caught.value.reason, caught.value.answered) == ("timeout", False)
            assert await call(session) == VALUE


async def test_answers_cut_anywhere_never_become_the_answers_of_other_calls(connect: Any) -> None:
    """Each call is answered with its own number; a third of the answers is cut at a random byte."""
    random = Random(5)

    async def answer(stream: Stream, request: Request) -> bool:
        text = request.message["params"]["arguments"]["text"]
        good = {**tool_result(request), "result": {"content": [{"type": "text", "text": f'"{text}"'}]}}
        data = http_events(good) if random.random() < 0.5 else http_json(good)
        if random.random() < 0.33:
            await stream.send_all(data[: random.randrange(len(data))])
            return False
        await stream.send_all(data)
        return True

    good = 0
    async with raw_server(answer) as server:
        async with connect(server, 5.0).open_session(PERSON, Nobody()) as session:
            for number in range(60):
                try:
                    with trio.fail_after(60):
                        assert await session.call_tool("some_tool", {"text": f"n{number}"}) == f"n{number}"
                    good += 1
                except CallError as error:
                    assert error.outcome in (Outcome.PROTOCOL_ERROR, Outcome.TRANSPORT_ERROR)
    assert 25 < good < 55


async def test_a_cancelled_call_leaves_the_session_good_and_the_server_is_told(connect: Any) -> None:
    begun = trio.Event()

    async def bad(stream: Stream, request: Request) -> bool:
        begun.set()
        await trio.sleep_forever()
        return False

    async with raw_server(lambda stream, request: first_badly(bad, stream, request)) as server:
        async with connect(server, 30.0).open_session(PERSON, Nobody()) as session:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call, session)
                with trio.fail_after(60):
                    await begun.wait()
                nursery.cancel_scope.cancel()
            assert await call(session) == VALUE
    names = [r.message.get("method") for r in server.requests]
    assert "notifications/cancelled" in names
    assert server.requests[-1].method == "DELETE"
