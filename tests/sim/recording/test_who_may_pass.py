"""Nobody gets through the proxy who is not meant to, and nothing goes where nobody sent it."""

from __future__ import annotations

import ssl

import pytest
import trio
import trio.testing
import trustme

from tests.support.bare_server import WELL, post, saying, server
from tests.support.recorder import recording, say


@pytest.mark.parametrize(
    "host",
    [b"evil.example", b"127.0.0.1", b"127.0.0.1:1", b"127.0.0.1.evil.example:%d", b"user@127.0.0.1:%d"],
)
async def test_whoever_calls_it_by_another_name_gets_nothing(host: bytes) -> None:
    heard = bytearray()
    async with server(saying(WELL, heard)) as url, recording(url) as recorder:
        named = host.replace(b"%d", str(recorder.port).encode())
        request = b"POST /mcp HTTP/1.1\r\nHost: %b\r\nContent-Length: 0\r\n\r\n" % named
        assert (await say(recorder.port, request)).startswith(b"HTTP/1.1 403 ")
    assert not heard


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"http://localhost.evil.example:80"])
async def test_pages_of_other_sites_get_nothing(origin: bytes) -> None:
    heard = bytearray()
    async with server(saying(WELL, heard)) as url, recording(url) as recorder:
        got = await say(recorder.port, post(recorder, more=b"Origin: %b\r\n" % origin))
        assert got.startswith(b"HTTP/1.1 403 ")
    assert not heard


@pytest.mark.parametrize(
    "request_text",
    [
        b"nonsense\r\n\r\n",
        b"GET /mcp HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: 127.0.0.1:%d\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: -1\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost : 127.0.0.1:%d\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX: a\r\n b\r\n\r\n",
        b"GET http://evil.example/mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_two_readers_might_read_differently_is_refused(request_text: bytes) -> None:
    heard = bytearray()
    async with server(saying(WELL, heard)) as url, recording(url) as recorder:
        text = request_text.replace(b"%d", str(recorder.port).encode())
        assert (await say(recorder.port, text, until_closed=True)).startswith(b"HTTP/1.1 400 ")
    assert not heard


async def test_redirects_go_to_the_client_and_credentials_nowhere() -> None:
    heard: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        heard.append(bytes(await stream.receive_some(65536)))
        here = b"http://127.0.0.1:%d" % stream.socket.getsockname()[1]
        location = [here + b"/mcp/", b"https://evil.example/mcp"][len(heard) - 1]
        await stream.send_all(b"HTTP/1.1 307 X\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location)

    async with server(serve) as url, recording(url) as recorder:
        mine = await say(recorder.port, post(recorder, more=b"Authorization: Bearer abcdefgh\r\n"))
        others = await say(recorder.port, post(recorder, more=b"Authorization: Bearer abcdefgh\r\n"))
        assert b"Location: http://127.0.0.1:%d/mcp/\r\n" % recorder.port in mine
    assert b"Location: https://evil.example/mcp\r\n" in others
    assert len(heard) == 2


async def test_certificates_are_checked() -> None:
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(theirs)
    mine = ssl.create_default_context()
    heard = bytearray()
    async with server(saying(WELL, heard), theirs) as url:
        async with recording(url) as recorder:
            got = await say(recorder.port, post(recorder), until_closed=True)
        assert got.startswith(b"HTTP/1.1 502 ")
        assert b"certificate" in got
        assert not heard
        authority.configure_trust(mine)
        async with recording(url, tls=mine) as recorder:
            assert await say(recorder.port, post(recorder)) == WELL
    assert b"Host: localhost:" in heard
