"""Whatever bytes a server sends: a call ends with a value or a CallError, and the next one is good."""

from __future__ import annotations

import json
import ssl
from typing import Any

import trio
from hypothesis import HealthCheck, given, settings, strategies

from actors.errors import CallError
from actors.login.basic import Nobody
from actors.ports import Person
from actors.secret import Secret
from actors.text import harmless
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import VALUE, Request, http_json, raw_server, tool_result

PERSON = Person("ann", Secret("secret"))
ANSWER = {"jsonrpc": "2.0", "id": 3, "result": {"content": [{"type": "text", "text": "x"}]}}
FRAGMENTS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n",
    b"HTTP/1.1 307 X\r\nLocation: http://[\r\n",
    b"HTTP/1.1 308 X\r\nLocation: \x80\xff:99999999\r\n",
    b"HTTP/1.1 400 X\r\n",
    b"HTTP/1.1 503 X\r\nRetry-After: " + b"9" * 400 + b"\r\n",
    b"Content-Type: application/json\r\n",
    b"Content-Type: text/event-stream\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Mcp-Session-Id: \x01\xe9\r\n",
    b"\r\n",
    b"0\r\nContent-Type: x\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"data: " + json.dumps(ANSWER).encode() + b"\n\n",
    b'data: {"id": 1e999, "result": {}}\n\n',
    b"id: \x00\xff\nretry: 1\n\n",
    b"[" * 3000,
    b'{"jsonrpc": "2.0", "id": 3, "result": ' + b'{"a":' * 2000,
    b'{"jsonrpc": "2.0", "id": 3, "result": {"content": ' + b"9" * 5000 + b"}}",
    b'{"jsonrpc": "2.0", "id": 3, "error": {"code": 1, "message": "\\ud800\\u001b["}}',
    b'{"jsonrpc": "2.0", "id": 3, "result": {"content": [{"type": "text", "text": "\\udfff"}]}}',
    json.dumps(ANSWER).encode(),
]
PIECES = strategies.lists(strategies.sampled_from(FRAGMENTS) | strategies.binary(max_size=12), max_size=8)


async def two_calls(data: bytes) -> None:
    async def answer(stream: trio.SocketStream, request: Request) -> bool:
        if request.number > 1:
            await stream.send_all(http_json(tool_result(request)))
            return True
        await stream.send_all(data)
        return False

    async with raw_server(answer) as server:
        connector = WireConnector(server.url, 5.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with connector.open_session(PERSON, Nobody()) as session:
                try:
                    await session.call_tool("t", {})
                except CallError as error:
                    assert harmless(str(error)) == str(error)
                    assert error.status is None or 100 <= error.status <= 599
                try:
                    assert await session.call_tool("t", {}) == VALUE
                except CallError as error:
                    # The end of the connection may be on its way while the next call leaves.
                    assert error.reason == "cut"
                    assert await session.call_tool("t", {}) == VALUE


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(PIECES)
def test_any_bytes_are_an_outcome_and_leave_the_session_good(pieces: list[bytes]) -> None:
    trio.run(two_calls, b"".join(pieces))


LEAVES: Any = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(),
    strategies.text(max_size=20),
)
JSON: Any = strategies.recursive(
    LEAVES,
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KNOWN = {"id": 3, "jsonrpc": "2.0", "method": "notifications/progress", "result": {"content": []}}
MEMBERS = strategies.sampled_from(
    ["id", "result", "error", "method", "params", "code", "message", "content", "isError", "_meta"]
)
MESSAGES = strategies.dictionaries(MEMBERS, JSON | strategies.dictionaries(MEMBERS, JSON, max_size=3)).map(
    lambda drawn: KNOWN | drawn
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.lists(MESSAGES, max_size=3), strategies.booleans())
def test_any_messages_are_an_outcome_and_leave_the_session_good(messages: list[Any], as_json: bool) -> None:
    if as_json:
        body = json.dumps(messages[0] if messages else None).encode()
        kind = b"application/json"
    else:
        body = b"".join(b"data: %s\n\n" % json.dumps(message).encode() for message in messages)
        kind = b"text/event-stream"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
    trio.run(two_calls, head + body)
