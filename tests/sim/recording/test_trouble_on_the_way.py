"""Servers that go, clients that hang up: what the other side sees, and what the recording says."""

from __future__ import annotations

import json
import ssl

import pytest
import trio
import trio.testing
import trustme

from sim.recording.recorded_lines import Gap, RecordedEnd
from tests.support.bare_server import ANSWER, CALL, OK, WELL, post, server
from tests.support.recorder import recording, say

HALF = OK + b"Content-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER[:20])


@pytest.mark.parametrize(
    ("said", "outcome", "seen"),
    [
        (b"", "unanswered", b""),
        (HALF, "cut", HALF),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "cut", b"5\r\nabc"),
        (b"no HTTP at all\r\n\r\n", "unanswered", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "unanswered", b""),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", "cut", b""),
    ],
)
async def test_an_answer_that_breaks_breaks_for_the_client_as_well(
    said: bytes, outcome: str, seen: bytes
) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(said)

    async with server(serve) as url, recording(url) as recorder:
        got = await say(recorder.port, post(recorder), until_closed=True)
    assert got.endswith(seen)
    assert [call.outcome for call in recorder.calls] == [outcome]
    assert len(recorder.of(Gap)) == 1
    assert len(recorder.told) == 1


async def test_a_server_that_comes_back_is_reached_again_and_the_gap_is_said() -> None:
    async def once(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(WELL)

    async def ask_twice(port: int) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as client:
            for _ in range(2):
                await client.send_all(post(recorder))
                with trio.fail_after(60):
                    assert await client.receive_some(65536) == WELL
                # The server closes after each answer, and the client's connection goes on.
                await trio.testing.wait_all_tasks_blocked(0.01)

    async with server(once) as url:
        place = int(url.split(":")[2].removesuffix("/mcp"))
    async with recording(url) as recorder:
        async with server(once, port=place):
            await ask_twice(recorder.port)
        down = await say(recorder.port, post(recorder), until_closed=True)
        async with server(once, port=place):
            await ask_twice(recorder.port)
    assert down.startswith(b"HTTP/1.1 502 ")
    assert [call.outcome for call in recorder.calls] == ["ok", "ok", "unanswered", "ok", "ok"]
    assert [gap.reason for gap in recorder.of(Gap)] == ["the server could not be reached"]


async def ask_again_and_again(port: int, request: bytes, answer: bytes) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", port) as client:
        for _ in range(3):
            await client.send_all(request)
            with trio.fail_after(60):
                assert await client.receive_some(65536) == answer
            await trio.testing.wait_all_tasks_blocked(0.02)


async def test_a_connection_that_the_server_has_done_with_is_not_used_again() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(WELL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        await ask_again_and_again(recorder.port, post(recorder), WELL)
    assert len(recorder.calls) == 3


async def test_a_connection_with_tls_that_was_closed_is_not_used_again() -> None:
    authority = trustme.CA()
    theirs, mine = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(theirs)
    authority.configure_trust(mine)

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(WELL)

    async with server(serve, theirs) as url, recording(url, tls=mine) as recorder:
        await ask_again_and_again(recorder.port, post(recorder), WELL)
    assert [call.outcome for call in recorder.calls] == ["ok"] * 3


async def test_a_client_that_breaks_off_is_seen_by_the_server_at_once() -> None:
    gone = trio.Event()

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        if not await stream.receive_some(65536):
            gone.set()

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder))
            await trio.testing.wait_all_tasks_blocked(0.01)
        with trio.fail_after(60):
            await gone.wait()
    assert [call.outcome for call in recorder.calls] == ["unanswered"]
    assert recorder.told == ["p1: the client broke off"]


async def test_a_client_that_has_its_answer_may_hang_up() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        event = b"data: " + ANSWER + b"\n\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        await stream.send_all(head + b"%x\r\n%b\r\n" % (len(event), event))
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder))
            with trio.fail_after(60):
                while ANSWER not in (await client.receive_some(65536)):
                    pass
                await trio.testing.wait_all_tasks_blocked(0.01)
    assert [call.outcome for call in recorder.calls] == ["ok"]
    assert not recorder.told


async def test_a_client_that_does_not_read_holds_up_nobody_else() -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 50000000\r\n\r\n"

    async def serve(stream: trio.SocketStream) -> None:
        if b"/big" in bytes(await stream.receive_some(65536)):
            await stream.send_all(big + b"x" * 50_000_000)
        await stream.send_all(WELL)
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder, target=b"/big"))
            for _ in range(3):
                assert await say(recorder.port, post(recorder)) == WELL
    assert [call.outcome for call in recorder.calls] == ["ok"] * 3


async def test_the_end_awaits_calls_under_way_and_says_what_did_not_come() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        request = bytes(await stream.receive_some(65536))
        await trio.sleep(0.1 if b"quick" in request else 60)
        await stream.send_all(WELL)

    async with trio.open_nursery() as nursery, server(serve) as url:
        async with recording(url) as recorder:
            for name in ("quick", "never"):
                body = json.dumps(CALL).replace('"t"', f'"{name}"').encode()
                nursery.start_soon(say, recorder.port, post(recorder, body))  # noqa: ASYNC111
            await trio.testing.wait_all_tasks_blocked(0.02)
        nursery.cancel_scope.cancel()
    assert {call.name: call.outcome for call in recorder.calls} == {"quick": "ok", "never": "unanswered"}
    (end,) = recorder.of(RecordedEnd)
    assert recorder.lines[-1] is end
    assert end.calls == 2
