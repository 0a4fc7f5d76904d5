"""What our own transport does with its connections."""

from __future__ import annotations

import ssl
from random import Random
from typing import Any

import pytest
import trio

from actors.errors import CallError
from actors.login.basic import Nobody
from actors.network import Network, Way
from actors.ports import Person
from actors.secret import Secret
from actors.wire.exchange import Exchanger
from actors.wire.wire_connector import WireConnector
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


def connector(server: RawServer, **options: Any) -> WireConnector:
    return WireConnector(server.url, 5.0, ssl.create_default_context(), **options)


async def well(stream: Stream, request: Request) -> bool:
    good = tool_result(request)
    await stream.send_all(http_events(good) if request.number % 2 else http_json(good))
    return True


async def test_one_connection_carries_all_calls_of_a_session() -> None:
    async with raw_server(well) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            for _ in range(20):
                assert await session.call_tool("t", {}) == VALUE
        assert server.connections == 1
        assert server.requests[-1].method == "DELETE"
        assert {r.headers.get("mcp-session-id") for r in server.requests[1:]} == {"s-1"}
        versions = {r.headers.get("mcp-protocol-version") for r in server.requests[2:-1]}
        assert versions == {"2025-06-18"}


async def test_a_connection_that_was_closed_meanwhile_is_replaced_before_anything_is_sent() -> None:
    async def and_close(stream: Stream, request: Request) -> bool:
        await well(stream, request)
        return False

    async with raw_server(and_close) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            for _ in range(5):
                assert await session.call_tool("t", {}) == VALUE
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert sum(r.message.get("method") == "tools/call" for r in server.requests) == 5


async def test_a_tool_call_that_the_server_may_have_seen_is_not_sent_twice() -> None:
    async def swallow(stream: Stream, request: Request) -> bool:
        return False if request.number == 2 else await well(stream, request)

    async with raw_server(swallow) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            assert await session.call_tool("t", {}) == VALUE
            with pytest.raises(CallError) as caught:
                await session.call_tool("t", {})
            assert (caught.value.reason, caught.value.answered) == ("cut", False)
        assert sum(r.message.get("method") == "tools/call" for r in server.requests) == 2


async def test_calls_at_the_same_time_take_a_connection_each_and_keep_two() -> None:
    arrived, go = [], trio.Event()

    async def together(stream: Stream, request: Request) -> bool:
        arrived.append(request)
        if len(arrived) == 4:
            go.set()
        await go.wait()
        return await well(stream, request)

    async with raw_server(together) as server:
        async with (
            connector(server).open_session(PERSON, Nobody()) as session,
            trio.open_nursery() as nursery,
        ):
            for _ in range(4):
                nursery.start_soon(session.call_tool, "t", {})
        assert 4 <= server.connections <= 5


@pytest.mark.parametrize(("status", "asked"), [(307, 4), (308, 3)])
async def test_a_redirect_on_the_same_server_is_followed_and_kept_when_it_is_for_good(
    status: int, asked: int
) -> None:
    targets: list[str] = []

    async def moved(stream: Stream, request: Request) -> bool:
        targets.append(request.target)
        if request.target == "/mcp":
            await stream.send_all(http_answer(b"", status=status, headers={"Location": "/mcp/"}))
            return True
        return await well(stream, request)

    async with raw_server(moved) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            assert await session.call_tool("t", {}) == VALUE
            assert await session.call_tool("t", {}) == VALUE
        assert len(targets) == asked
        assert server.connections == 1


async def test_a_redirect_to_another_server_gets_no_credentials() -> None:
    async def elsewhere(stream: Stream, request: Request) -> bool:
        head = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/mcp\r\nContent-Length: 0\r\n\r\n"
        await stream.send_all(head)
        return True

    async with raw_server(elsewhere) as server:
        async with connector(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError, match=r"to another server, http://127\.0\.0\.1:9"):
                await session.call_tool("t", {})


async def test_a_user_far_away_waits_for_the_handshake_once_and_for_a_round_trip_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    sleep = trio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    async with raw_server(well) as server:
        monkeypatch.setattr(trio, "sleep", note)
        networks = {"": Network(rtt_s=0.4)}
        async with connector(server, networks=networks).open_session(PERSON, Nobody()) as session:
            slept.clear()
            await session.call_tool("t", {})
        # The call, and the farewell.
        assert slept == [0.2] * 4
    exchanger = Exchanger(server.url, ssl.create_default_context(), Way(Network(rtt_s=0.4), Random(1)))
    slept.clear()
    with pytest.raises(CallError, match="no connection"):
        await exchanger.ask("GET", b"", b"", repeatable=True)
    assert slept == [0.4]


async def test_a_server_that_is_not_there_is_a_failure_to_connect() -> None:
    with trio.socket.socket() as taken:
        await taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/mcp"
        absent = WireConnector(url, 5.0, ssl.create_default_context())
        with pytest.raises(CallError) as caught:
            async with absent.open_session(PERSON, Nobody()):
                pass
    assert (caught.value.reason, caught.value.answered) == ("connect", True)
