"""Servers, gateways and proxies as they are in the field: both clients go on, or say what is the matter."""

from __future__ import annotations

import gzip
import json
import logging
import ssl
from typing import Any

import pytest
import trio

from actors.errors import CallError, Outcome, SessionLost
from actors.login.basic import Nobody
from actors.wire.wire_connector import WireConnector
from tests.conformance.both_clients import PERSON, call, sends, well
from tests.support.raw_server import (
    HELLO,
    TOOLS,
    VALUE,
    Request,
    http_answer,
    http_events,
    http_json,
    raw_server,
    result,
    tool_result,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Stream = trio.SocketStream


SPEAKS_OF_IT = json.dumps(
    {"jsonrpc": "2.0", "id": "x", "error": {"code": -32600, "message": "No valid session ID provided"}}
)
GONE = {
    "404": http_answer(b"", status=404),
    "410": http_answer(b"gone", "text/plain", status=410),
    "400 that speaks of the session": http_answer(SPEAKS_OF_IT.encode(), status=400),
    "400 in plain words": http_answer(b"Unknown Mcp-Session-Id", "text/plain", status=400),
}


@pytest.mark.parametrize("data", GONE.values(), ids=GONE)
async def test_a_session_that_the_server_does_not_know_is_lost(connect: Any, data: bytes) -> None:
    async with raw_server(sends(data)) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(SessionLost):
                await call(session)


async def test_a_bad_request_may_be_the_callers_fault_once_and_is_the_sessions_when_it_repeats(
    connect: Any,
) -> None:
    bad = http_answer(b"no", "text/plain", status=400)
    async with raw_server(sends(bad, bad)) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError) as first:
                await call(session)
            assert not isinstance(first.value, SessionLost)
            with pytest.raises(SessionLost):
                await call(session)


@pytest.mark.parametrize("cursor", ["", "same"])
async def test_a_list_of_tools_that_leads_back_to_itself_is_an_invalid_answer(
    connect: Any, cursor: str
) -> None:
    async def listing(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_json(result(request, {"tools": TOOLS, "nextCursor": cursor})))
        return True

    async with raw_server(well, {"tools/list": listing}) as server:
        with trio.fail_after(60), pytest.raises(CallError, match="leads back") as caught:
            async with connect(server).open_session(PERSON, Nobody()):
                pass
    assert caught.value.outcome is Outcome.PROTOCOL_ERROR


async def test_a_list_of_tools_without_end_is_an_invalid_answer() -> None:
    pages = iter(range(10**6))

    async def listing(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_json(result(request, {"tools": [], "nextCursor": f"c{next(pages)}"})))
        return True

    async with raw_server(well, {"tools/list": listing}) as server:
        with trio.fail_after(60), pytest.raises(CallError, match="more than 1000 pages"):
            async with WireConnector(server.url, 5.0, ssl.create_default_context()).open_session(
                PERSON, Nobody()
            ):
                pass


async def test_answers_are_asked_for_uncompressed_and_taken_compressed(connect: Any) -> None:
    async def packed(stream: Stream, request: Request) -> bool:
        body = gzip.compress(json.dumps(tool_result(request)).encode())
        await stream.send_all(http_answer(body, headers={"Content-Encoding": "gzip"}))
        return True

    async with raw_server(packed) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE
    assert {r.headers.get("accept-encoding") for r in server.requests} == {"identity"}


@pytest.mark.parametrize(
    ("encoding", "said"), [("br", "'br'"), ("zstd", "'zstd'"), ("gzip", "not compressed as it says")]
)
async def test_an_encoding_that_cannot_be_undone_is_named(connect: Any, encoding: str, said: str) -> None:
    odd = http_answer(b"\x1b\x00\x00", headers={"Content-Encoding": encoding})

    async def oddly(stream: Stream, request: Request) -> bool:
        await stream.send_all(odd)
        return True

    async with raw_server(sends(odd), {"DELETE": oddly}) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError, match=said):
                await call(session)
            assert await call(session) == VALUE


@pytest.mark.parametrize("kind", ["Application/JSON", "APPLICATION/json; charset=UTF-8"])
async def test_a_media_type_is_the_same_in_capitals(connect: Any, kind: str) -> None:
    async def shouting(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_answer(json.dumps(tool_result(request)).encode(), kind))
        return True

    async with raw_server(shouting) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE


async def test_a_stream_that_ends_early_is_taken_up_again_where_it_named_its_events(connect: Any) -> None:
    """SEP-1699, MCP 2025-11-25: an event with an id and no data, the end, then GET with Last-Event-ID."""
    waiting: list[Request] = []

    async def prime(stream: Stream, request: Request) -> bool:
        waiting.append(request)
        await stream.send_all(http_answer(b"id: e-1\nretry: 10\ndata:\n\n", "text/event-stream"))
        return True

    async def rest(stream: Stream, request: Request) -> bool:
        if request.headers.get("last-event-id") == "e-1":  # again nothing but a new place
            await stream.send_all(http_answer(b"id: e-2\nretry: 5\ndata:\n\n", "text/event-stream"))
        else:
            assert request.headers.get("last-event-id") == "e-2"
            await stream.send_all(http_events(tool_result(waiting[0])))
        return True

    async with raw_server(prime, {"GET": rest}) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE


async def test_a_stream_that_cannot_be_taken_up_again_is_a_call_without_an_answer(connect: Any) -> None:
    async def no(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_answer(b"", status=405))
        return True

    primed = http_answer(b"id: e-1\nretry: 1\ndata:\n\n", "text/event-stream")
    async with raw_server(sends(primed), {"GET": no}) as server:
        async with connect(server).open_session(PERSON, Nobody()) as session:
            with pytest.raises(CallError):
                await call(session)
            assert await call(session) == VALUE


async def test_where_both_greetings_fail_the_reason_of_the_first_is_told(connect: Any) -> None:
    async def from_the_future(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_json(result(request, HELLO | {"protocolVersion": "2099-01-01"})))
        return True

    async def unknown(stream: Stream, request: Request) -> bool:
        error = {"code": -32601, "message": "Method not found"}
        await stream.send_all(http_json({"jsonrpc": "2.0", "id": request.message["id"], "error": error}))
        return True

    instead = {"initialize": from_the_future, "server/discover": unknown}
    async with raw_server(well, instead) as server:
        with pytest.raises(CallError, match="2099-01-01"):
            async with connect(server).open_session(PERSON, Nobody()):
                pass


NO_TOOLS: list[Any] = [
    {"name": "odd", "inputSchema": True},
    {"name": None, "inputSchema": {"type": "object"}},
    {"inputSchema": {"type": "object"}},
    "a text",
    None,
]


@pytest.mark.parametrize("odd", NO_TOOLS, ids=map(repr, NO_TOOLS))
async def test_a_tool_that_is_none_does_not_hide_the_others(odd: Any) -> None:
    async def listing(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_json(result(request, {"tools": [*TOOLS, odd]})))
        return True

    async with raw_server(well, {"tools/list": listing}) as server:
        wire = WireConnector(server.url, 5.0, ssl.create_default_context())
        async with wire.open_session(PERSON, Nobody()) as session:
            assert set(await session.list_tools()) == {"t", "some_tool"}


async def test_members_that_are_null_count_as_absent() -> None:
    async def nulls(stream: Stream, request: Request) -> bool:
        content = tool_result(request)["result"]["content"]
        value = {"content": content, "isError": None, "structuredContent": None, "_meta": None}
        await stream.send_all(http_json(result(request, value)))
        return True

    async with raw_server(nulls) as server:
        wire = WireConnector(server.url, 5.0, ssl.create_default_context())
        async with wire.open_session(PERSON, Nobody()) as session:
            assert await call(session) == VALUE


PROGRESS = "notifications/progress"
ODD_NOTIFICATIONS: list[dict[str, Any]] = [
    {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": 7}},
    {
        "jsonrpc": "2.0",
        "method": PROGRESS,
        "params": {"progressToken": 1, "progress": 10**400},
    },
    {"jsonrpc": "2.0", "method": PROGRESS, "params": {}},
    {"jsonrpc": "2.0", "method": "notifications/nobody/knows"},
    {"jsonrpc": "2.0", "method": "notifications/message", "params": [1]},
    {"jsonrpc": "2.0", "method": 5},
    {"jsonrpc": "2.0"},
]


async def test_notifications_that_are_none_are_left_out_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def noisy(stream: Stream, request: Request) -> bool:
        await stream.send_all(http_events(*ODD_NOTIFICATIONS, tool_result(request)))
        return True

    with caplog.at_level(logging.INFO):
        async with raw_server(noisy) as server:
            wire = WireConnector(server.url, 5.0, ssl.create_default_context())
            async with wire.open_session(PERSON, Nobody()) as session:
                for _ in range(3):
                    assert await call(session) == VALUE
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING and "notif" in r.getMessage()]
