"""Both clients send the same requests, and see the same in answers that are odd."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trio

from actors.errors import CallError
from actors.login.basic import Nobody
from actors.ports import Person
from actors.protocol import ProtocolChoice
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import Request, http_events, http_json, raw_server, result

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PERSON = Person("ann", Secret("secret"))
HEADER = {"type": "string", "x-mcp-header": "Region"}
SCHEMA = {"type": "object", "properties": {"region": HEADER, "inner": {"type": "object"}}}
COMPLETE = {"resultType": "complete"}
CACHED = {"ttlMs": 0, "cacheScope": "public", **COMPLETE}
GREETING = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, **CACHED}
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "server", "version": "1"},
}
TEXT = {"type": "text", "text": '{"answer": 1}'}
ARGUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("t", {}),
    ("t", {"region": "eu", "inner": {"a": [1, 2.5, None, True]}, "text": "ünïcödé — 日本語\n\x7f\u2028"}),
    ("t", {"region": "überall", "large": 2**70, "nothing": None}),
    ("ein Werkzeug mit Ümlaut", {"region": None}),
    ("t", {"tuple": (1, 2), "set": {3}, "numbered": {True: 1, None: 2, 5: 3}}),
    ("t", {"infinite": float("inf")}),
]
BEARS = ("mcp-", "accept", "content-type", "authorization")


def serving(answers: Callable[[Request], dict[str, Any]], *, as_events: bool = False) -> Any:
    """Answers calls with what `answers` gives, and greetings and listings of either generation."""
    greetings = {
        "initialize": HELLO,
        "server/discover": GREETING,
        "tools/list": {"tools": [{"name": "t", "inputSchema": SCHEMA}], **CACHED},
    }

    async def serve(stream: trio.SocketStream, request: Request) -> bool:
        message = result(request, greetings.get(request.message.get("method", "")) or answers(request))
        await stream.send_all(http_events(message) if as_events else http_json(message))
        return True

    return raw_server(serve, dict.fromkeys([*greetings, "resources/read"], serve))


def connecting(kind: Any, url: str, protocol: ProtocolChoice) -> Any:
    return kind(url, 5.0, ssl.create_default_context(), protocol=protocol)


PROTOCOLS = pytest.mark.parametrize("protocol", [ProtocolChoice.OLD, ProtocolChoice.NEW])


@PROTOCOLS
async def test_both_clients_send_the_same(protocol: ProtocolChoice) -> None:
    sent = []
    for kind in (WireConnector, SdkConnector):
        read = {"contents": [], **CACHED}
        called = {"content": [], **COMPLETE}
        answers = {"tools/call": called, "resources/read": read}
        async with serving(lambda request, told=answers: told[request.message["method"]]) as server:
            with trio.fail_after(60):
                async with connecting(kind, server.url, protocol).open_session(PERSON, Nobody()) as session:
                    for name, arguments in ARGUMENTS:
                        await session.call_tool(name, arguments)
                    await session.read_resource("notes://settings")
        sent.append([seen_of(request) for request in server.requests if is_hot(request)])
    assert len(sent[0]) == len(ARGUMENTS) + 1
    assert sent[0] == sent[1]


def is_hot(request: Request) -> bool:
    return request.message.get("method") in ("tools/call", "resources/read")


def seen_of(request: Request) -> Any:
    headers = {name: value for name, value in request.headers.items() if name.startswith(BEARS)}
    return request.message["method"], request.message["params"], headers


ODD: dict[str, dict[str, Any]] = {
    "a picture beside the text": {
        "content": [TEXT, {"type": "image", "data": "AA==", "mimeType": "image/png"}]
    },
    "annotations": {"content": [{**TEXT, "annotations": {"priority": 0.5, "audience": ["user"]}}]},
    "annotations that are none": {"content": [{**TEXT, "annotations": {"priority": 5}}]},
    "a kind of content that nobody knows": {"content": [{"type": "smell", "text": "x"}]},
    "no content": {"structuredContent": {"answer": 1}},
    "a list as structured content": {"content": [TEXT], "structuredContent": [1]},
    "an error that is a word": {"content": [TEXT], "isError": "true"},
    "an error that is a number": {"content": [TEXT], "isError": 7},
    "members that nobody knows": {"content": [TEXT], "later": {"a": 1}, "ttlMs": "soon"},
    "nothing at all": {},
    "a question": {"resultType": "input_required", "inputRequests": {}, "requestState": "x"},
    "a question within an answer": {"content": [TEXT], "resultType": "input_required", "requestState": "x"},
    "a result of another type": {"content": [TEXT], "resultType": "odd"},
    "meta data that are none": {"content": [TEXT], "_meta": [1]},
    "a resource": {"contents": [{"uri": "a://b", "text": "x"}, {"uri": "a://c", "blob": "AA=="}]},
    "a part without an address": {"contents": [{"text": "x"}]},
    "times to live below zero": {"contents": [], "ttlMs": -7, "cacheScope": "public"},
    "a time to live that is none": {"contents": [], "ttlMs": "x", "cacheScope": "public"},
    "a scope that nobody knows": {"contents": [], "ttlMs": 5, "cacheScope": "all"},
}


@PROTOCOLS
@pytest.mark.parametrize("as_events", [False, True], ids=["json", "events"])
async def test_both_clients_see_the_same_in_an_odd_answer(protocol: ProtocolChoice, as_events: bool) -> None:
    seen: list[list[Any]] = []
    for kind in (WireConnector, SdkConnector):
        answers = iter([odd | typed for odd in ODD.values() for typed in ({}, COMPLETE) for _ in "tr"])
        async with serving(
            lambda _, told=answers: dict(COMPLETE) | next(told), as_events=as_events
        ) as server:
            with trio.fail_after(60):
                async with connecting(kind, server.url, protocol).open_session(PERSON, Nobody()) as session:
                    seen.append([await outcome(session) for _ in range(2 * len(ODD))])
    for place, (here, there) in enumerate(zip(*seen, strict=True)):
        assert here == there, list(ODD)[place // 2]


async def outcome(session: Any) -> list[Any]:
    """What becomes of the answer to a call, and to the reading of a resource."""
    told: list[Any] = []
    for act in (session.call_tool("t", {}), session.read_resource("a://b")):
        try:
            told.append(repr(await act))
        except CallError as error:
            told.append((error.kind, str(error), error.answered))
    return told
