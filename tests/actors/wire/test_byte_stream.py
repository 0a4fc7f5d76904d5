"""What comes and goes over TCP and TLS, however slowly, and what becomes of it when somebody hangs up."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trustme

from actors.errors import CallError, Outcome
from actors.login.basic import Nobody
from actors.ports import Person
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import VALUE, Request, http_json, raw_server, result, tool_result

PERSON = Person("ann", Secret("secret"))
Stream = trio.abc.Stream
AUTHORITY = trustme.CA()
LARGE = "x" * 3_000_000


def server_side(version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str = "localhost") -> ssl.SSLContext:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.minimum_version = tls.maximum_version = version
    AUTHORITY.issue_cert(name).configure_cert(tls)
    return tls


def connector(server: Any, timeout_s: float = 5.0) -> WireConnector:
    tls = ssl.create_default_context()
    AUTHORITY.configure_trust(tls)
    return WireConnector(server.url, timeout_s, tls)


async def well(stream: Stream, request: Request) -> bool:
    await stream.send_all(http_json(tool_result(request)))
    return True


WAYS: dict[str, Callable[[], ssl.SSLContext | None]] = {
    "tcp": lambda: None,
    "TLS 1.2": lambda: server_side(ssl.TLSVersion.TLSv1_2),
    "TLS 1.3": server_side,
}
OVER = pytest.mark.parametrize("way", WAYS)


@OVER
async def test_one_connection_carries_all_calls(way: str) -> None:
    async with raw_server(well, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                for _ in range(20):
                    assert await session.call_tool("t", {}) == VALUE
    assert server.connections == 1


@OVER
async def test_what_is_larger_than_all_buffers_goes_both_ways(way: str) -> None:
    async def echo(stream: Stream, request: Request) -> bool:
        text = request.message["params"]["arguments"]["text"]
        await stream.send_all(http_json(result(request, {"content": [{"type": "text", "text": text}]})))
        return True

    async with raw_server(echo, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server, 20.0).open_session(PERSON, Nobody()) as session:
                assert await session.call_tool("t", {"text": LARGE}) == LARGE


@OVER
async def test_a_connection_that_was_closed_between_requests_is_replaced(way: str) -> None:
    async def once(stream: Stream, request: Request) -> bool:
        await well(stream, request)
        return False

    async with raw_server(once, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                for _ in range(3):
                    assert await session.call_tool("t", {}) == VALUE
                    await trio.sleep(0.05)
    assert server.connections == 4  # the greetings' one is closed with the first call


@OVER
async def test_bytes_that_nobody_asked_for_are_not_taken_for_the_next_answer(way: str) -> None:
    async def twice(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_json(tool_result(request)))
        await stream.send_all(http_json(result(request, {"content": [{"type": "text", "text": "false"}]})))
        return True

    async with raw_server(twice, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                for _ in range(3):
                    assert await session.call_tool("t", {}) == VALUE
                    await trio.sleep(0.05)


@OVER
@pytest.mark.parametrize("after", ["nothing", "half an answer"])
async def test_a_server_that_hangs_up_within_a_call_leaves_its_fate_open(way: str, after: str) -> None:
    async def hangs_up(stream: Stream, request: Request) -> bool:
        if request.number > 1:
            return await well(stream, request)
        if after != "nothing":
            await stream.send_all(http_json(tool_result(request))[:-10])
        return False

    async with raw_server(hangs_up, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                with pytest.raises(CallError) as caught:
                    await session.call_tool("t", {})
                assert (caught.value.reason, caught.value.answered) == ("cut", False)
                assert await session.call_tool("t", {}) == VALUE


@OVER
async def test_a_call_ends_at_its_deadline_although_the_server_does_not_read(way: str) -> None:
    stuck = trio.Event()

    async def reads_no_more(stream: Stream, request: Request) -> bool:
        await stuck.wait()
        return False

    async with raw_server(reads_no_more, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server, 1.0).open_session(PERSON, Nobody()) as session:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(ends_in_time, session, {})
                    nursery.start_soon(ends_in_time, session, {"text": LARGE * 4})
                stuck.set()


async def ends_in_time(session: Any, arguments: dict[str, str]) -> None:
    with pytest.raises(CallError) as caught:
        await session.call_tool("t", arguments)
    assert (caught.value.reason, caught.value.answered) == ("timeout", False)


@OVER
async def test_a_call_that_was_cancelled_before_it_began_is_not_sent(way: str) -> None:
    async with raw_server(well, tls=WAYS[way]()) as server:
        with trio.fail_after(60):
            async with connector(server).open_session(PERSON, Nobody()) as session:
                await session.prepare()
                with trio.CancelScope() as scope:
                    scope.cancel()
                    await session.call_tool("t", {})
                assert scope.cancelled_caught
                assert await session.call_tool("t", {}) == VALUE
    assert [r.number for r in server.requests if r.message.get("method") == "tools/call"] == [1]


@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
async def test_a_server_that_cannot_be_trusted_gets_nothing(name: str) -> None:
    async with raw_server(well, tls=server_side(name=name)) as server:
        trusting = connector(server)
        strict = WireConnector(server.url, 5.0, ssl.create_default_context())
        with trio.fail_after(60), pytest.raises(CallError, match="certificate is not trusted") as caught:
            async with (strict if name == "localhost" else trusting).open_session(PERSON, Nobody()):
                pass
    assert (caught.value.outcome, caught.value.reason) == (Outcome.TRANSPORT_ERROR, "connect")
    assert server.requests == []


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 X\r\n\r\n", None], ids=["end", "http", "nothing"])
async def test_a_handshake_that_comes_to_nothing_is_a_failure_to_connect_in_time(says: bytes | None) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        if says is None:
            await trio.sleep_forever()
        await stream.receive_some(1000)
        await stream.send_all(says or b"")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, answer, 0)
        url = f"https://localhost:{listeners[0].socket.getsockname()[1]}/mcp"
        bound_s = 0.5 if says is None else 60.0
        with trio.fail_after(90), pytest.raises(CallError) as caught:
            async with WireConnector(url, bound_s, ssl.create_default_context()).open_session(
                PERSON, Nobody()
            ):
                pass
        assert caught.value.reason == ("timeout" if says is None else "connect")
        nursery.cancel_scope.cancel()
