"""What passes through the proxy passes as it is: byte for byte, and at once."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from sim.recording.recorded_lines import Gap
from tests.support.bare_server import ANSWER, BODY, OK, RESULT, WELL, post, saying, server
from tests.support.recorder import recording, say


async def test_a_request_arrives_as_it_was_sent_but_for_the_way() -> None:
    heard = bytearray()
    async with server(saying(WELL, heard)) as url, recording(url) as recorder:
        more = (
            b"X-Odd:  two  words \r\nx-ODD: again\r\nConnection: keep-alive, x-mine\r\nX-Mine: hop\r\n"
            b"Accept-Encoding: br, gzip;q=0.5, zstd\r\nAuthorization: Bearer abcdefgh\r\n"
            b"Origin: http://localhost:%d\r\n" % recorder.port
        )
        await say(recorder.port, post(recorder, more=more, target=b"/mcp?a=%20&b"))
    place = url.partition("://")[2].removesuffix("/mcp")
    assert bytes(heard) == (
        b"POST /mcp?a=%%20&b HTTP/1.1\r\nHost: %b\r\nX-Odd: two  words\r\nx-ODD: again\r\n"
        b"Accept-Encoding: gzip;q=0.5\r\nAuthorization: Bearer abcdefgh\r\nOrigin: http://%b\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (place.encode(), place.encode(), len(BODY), BODY)
    )
    assert [call.arguments for call in recorder.calls] == [{"a": "ü"}]


CHUNKED = (
    b"5\r\n"
    + ANSWER[:5]
    + b"\r\n"
    + b"%X;ext=1\r\n" % len(ANSWER[5:])
    + ANSWER[5:]
    + b"\r\n0\r\nT: x\r\n\r\n"
)
BODIES = [
    (b"Content-Length: %d\r\n" % len(ANSWER), ANSWER),
    (b"Transfer-Encoding: chunked\r\nTrailer: T\r\n", CHUNKED),
    (b"X-Any: \xe9\r\nMCP-Session-ID: s\r\nContent-Length: %d\r\n" % len(ANSWER), ANSWER),
]


@pytest.mark.parametrize(("headers", "body"), BODIES)
@pytest.mark.parametrize("cut", [1, 3, 100_000])
async def test_an_answer_arrives_as_it_was_said_however_it_is_cut(
    headers: bytes, body: bytes, cut: int
) -> None:
    answer = OK + headers + b"\r\n" + body

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        for start in range(0, len(answer), cut):
            await stream.send_all(answer[start : start + cut])
            await trio.lowlevel.checkpoint()
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        assert await say(recorder.port, post(recorder)) == answer
    assert [call.result for call in recorder.calls] == [RESULT["result"]]


async def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(OK + b"\r\n" + ANSWER)

    async with server(serve) as url, recording(url) as recorder:
        got = await say(recorder.port, post(recorder), until_closed=True)
    assert got == OK + b"Connection: close\r\n\r\n" + ANSWER
    assert recorder.calls[0].outcome == "ok"


async def test_events_pass_while_the_stream_goes_on() -> None:
    go_on = trio.Event()

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await stream.send_all(b"7\r\n: ping\n\r\n")
        await go_on.wait()
        event = b"data: " + ANSWER + b"\n\n"
        await stream.send_all(b"%x\r\n%b\r\n0\r\n\r\n" % (len(event), event))
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder))
            got = b""
            with trio.fail_after(60):
                while b"ping" not in got:
                    got += await client.receive_some(65536)
                assert not recorder.calls
                go_on.set()
                while not got.endswith(b"0\r\n\r\n"):
                    got += await client.receive_some(65536)
                await trio.testing.wait_all_tasks_blocked(0.01)
            assert recorder.calls[0].outcome == "ok"


async def test_a_body_may_be_long_and_a_server_may_answer_before_it_has_all() -> None:
    big = b'{"id":1,"method":"x","params":"' + b"y" * 3_000_000 + b'"}'
    heard = bytearray()
    async with server(saying(WELL, heard, until=b'"}')) as url, recording(url) as recorder:
        assert await say(recorder.port, post(recorder, big)) == WELL
        assert bytes(heard).endswith(big)
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

    async def early(stream: trio.SocketStream) -> None:
        await stream.receive_some(1000)
        await stream.send_all(refusal)
        await trio.sleep_forever()

    async with server(early) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder, big)[:2000])
            with trio.fail_after(60):
                assert (await client.receive_some(1000)).startswith(b"HTTP/1.1 413")


async def test_who_asks_before_sending_is_answered_first() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        assert b"Expect: 100-continue" in bytes(await stream.receive_some(65536))
        await stream.send_all(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await stream.receive_some(65536) == BODY
        await stream.send_all(WELL)
        await trio.sleep_forever()

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            request = post(recorder, more=b"Expect: 100-continue\r\n")
            await client.send_all(request.removesuffix(BODY))
            with trio.fail_after(60):
                assert await client.receive_some(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
                await client.send_all(BODY)
                assert await client.receive_some(100_000) == WELL
    assert recorder.calls[0].outcome == "ok"


async def test_connections_are_kept_and_requests_may_come_in_one_go() -> None:
    heard, count = bytearray(), [0]

    async def serve(stream: trio.SocketStream) -> None:
        count[0] += 1
        await saying(WELL, heard)(stream)

    async with server(serve) as url, recording(url) as recorder:
        async with await trio.open_tcp_stream("127.0.0.1", recorder.port) as client:
            await client.send_all(post(recorder) * 3)
            got = b""
            with trio.fail_after(60):
                while got != WELL * 3:
                    got += await client.receive_some(65536)
    assert count == [1]
    assert len(recorder.calls) == 3


async def test_a_bug_in_what_listens_breaks_no_passage(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.recording.listener import Hearing

    def broken(*_: object) -> None:
        raise ZeroDivisionError("with what was said in it")

    for method in ("asked", "answered", "end"):
        monkeypatch.setattr(Hearing, method, broken)
    heard = bytearray()
    async with server(saying(WELL, heard)) as url, recording(url) as recorder:
        assert await say(recorder.port, post(recorder)) == WELL
    (gap,) = recorder.of(Gap)
    assert "ZeroDivisionError" in gap.reason
    assert "said in it" not in gap.reason
