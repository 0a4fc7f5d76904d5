"""Servers that are after something: both clients send nothing astray, and show nothing raw."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.errors import CallError, Outcome
from actors.login.basic import Nobody
from actors.version import CLIENT_NAME
from tests.conformance.both_clients import PERSON, call, sends, well
from tests.support.raw_server import (
    VALUE,
    Request,
    http_answer,
    http_json,
    raw_server,
    result,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Stream = trio.SocketStream


class Bearer(Nobody):
    def __init__(self, token: str) -> None:
        self._token = token

    async def authorization(self) -> str:
        return f"Bearer {self._token}"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "ä", "€", "a\x7fb"])
async def test_credentials_that_would_break_out_of_their_header_are_not_sent(
    connect: Any, token: str
) -> None:
    async with raw_server(well) as server:
        with pytest.raises(CallError, match="not sent") as caught:
            async with connect(server).open_session(PERSON, Bearer(token)):
                pass
        assert caught.value.outcome is Outcome.AUTHORIZATION
        assert token not in str(caught.value)
    assert server.requests == []


ELSEWHERE = [
    "http://127.0.0.1:9/mcp",
    "https://127.0.0.1/mcp",
    "//evil.example/mcp",
    "http://127.0.0.1:99999/mcp",
    "http://[::1/mcp",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_that_is_refused_gets_nothing_and_changes_nothing(
    connect: Any, status: int, location: str
) -> None:
    moved = http_answer(b"", status=status, headers={"Location": location})
    async with raw_server(sends(moved)) as server:
        async with connect(server).open_session(PERSON, Bearer("secret-token")) as session:
            with pytest.raises(CallError, match="redirects to"):
                await call(session)
            assert await call(session) == VALUE


@pytest.mark.parametrize("location", ["http://127.0.0.1:99999/", "http://[/", "/else where"])
async def test_a_farewell_that_is_redirected_into_nowhere_ends_the_session_all_the_same(
    connect: Any, location: str
) -> None:
    async def moved(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_answer(b"", status=307, headers={"Location": location}))
        return True

    async with raw_server(well, {"DELETE": moved}) as server:
        with trio.fail_after(60):
            async with connect(server).open_session(PERSON, Nobody()) as session:
                assert await call(session) == VALUE


async def test_a_server_that_answers_another_protocol_is_refused_at_once(connect: Any) -> None:
    odd = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\x00\x00"
    async with raw_server(sends(odd)) as server:
        async with connect(server, 3.0).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as caught:
                await call(session)
            assert caught.value.reason != "timeout"
            assert await call(session) == VALUE


async def test_the_client_introduces_itself_with_its_own_name_and_version(connect: Any) -> None:
    async with raw_server(well) as server:
        async with connect(server).open_session(PERSON, Nobody()):
            pass
    info = server.requests[0].message["params"]["clientInfo"]
    assert info["name"] == CLIENT_NAME
    assert info["version"] not in ("", "1", "unknown")


async def test_every_text_of_a_server_is_harmless(connect: Any) -> None:
    async def evil(stream: Stream, request: Request) -> bool:
        text = "\x1b]0;owned\x07 [/x]\r\nnext\u202e line"
        content = [{"type": "text", "text": text}]
        await stream.send_all(http_json(result(request, {"content": content, "isError": True})))
        return True

    async with raw_server(evil) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as caught:
                await call(session)
    assert str(caught.value).isprintable()
