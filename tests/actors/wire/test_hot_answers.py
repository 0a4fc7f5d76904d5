"""Answers that are read past the SDK's session are those that it would accept, with the same content."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from hypothesis import given, settings, strategies
from mcp.shared.exceptions import MCPError
from mcp_types import DiscoverResult, InitializeResult

from actors.errors import CallError
from actors.json_text import MAX_DEPTH
from actors.mcp_client import Answered, Client, SdkCalls
from actors.server_answer import ServerAnswer
from actors.wire.hot_answers import (
    Read,
    read_new_resource,
    read_new_tool,
    read_old_resource,
    read_old_tool,
)
from actors.wire.json_rpc import answer_to, decode

NUMBER = 3
INFO = {"name": "server", "version": "1"}
OLD = InitializeResult.model_validate(
    {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": INFO}
)
NEW = DiscoverResult.model_validate(
    {
        "supportedVersions": ["2026-07-28"],
        "capabilities": {},
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "public",
    }
)
NOTE = {"id": 1, "title": "ünïcödé", "content": "# Note\n", "size": 1.5, "tags": ["a", None, True, {}]}
COMPLETE = {"resultType": "complete"}
CACHED = {"ttlMs": -5, "cacheScope": "private", **COMPLETE}
TOOL: dict[str, Any] = {
    "content": [{"type": "text", "text": json.dumps(NOTE)}],
    "structuredContent": NOTE,
    "isError": False,
}
WITH_NULLS = {**TOOL, "_meta": None, "content": [{**TOOL["content"][0], "annotations": None, "_meta": None}]}
RESOURCE: dict[str, Any] = {
    "contents": [{"uri": "notes://settings", "mimeType": "application/json", "text": '{"a": 1}'}]
}
PLAIN: dict[str, tuple[Read, list[dict[str, Any]]]] = {
    "an old tool": (read_old_tool, [TOOL, WITH_NULLS, {"content": [], "_meta": {"x": 1}}]),
    "a new tool": (read_new_tool, [TOOL | COMPLETE, WITH_NULLS | COMPLETE, {"content": [], **COMPLETE}]),
    "an old resource": (read_old_resource, [RESOURCE, {"contents": []}]),
    "a new resource": (read_new_resource, [RESOURCE | CACHED, {"contents": [], **CACHED}]),
}


def response(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": NUMBER, "result": result}


def verdict_of_the_sdk(kind: str, data: bytes) -> ServerAnswer | None:
    """What the SDK's session makes of an answer, None where it refuses it."""

    async def judge() -> ServerAnswer:
        client = Client(dispatcher=Answered(answer_to(NUMBER, decode(data))))
        client.adopt(NEW if "new" in kind else OLD)
        calls = SdkCalls(client)
        return await (calls.call_tool("t", {}) if "tool" in kind else calls.read_resource("a://b"))

    try:
        return trio.run(judge)
    except (CallError, MCPError, RuntimeError, ValueError):
        return None


@pytest.mark.parametrize("kind", PLAIN)
def test_what_servers_usually_answer_needs_no_verdict_of_the_sdk(kind: str) -> None:
    read, results = PLAIN[kind]
    for result in results:
        data = json.dumps(response(result)).encode()
        assert read(data, NUMBER) == verdict_of_the_sdk(kind, data) is not None


@pytest.mark.parametrize("kind", PLAIN)
def test_an_answer_to_another_request_is_none(kind: str) -> None:
    read, results = PLAIN[kind]
    assert read(json.dumps(response(results[0])).encode(), NUMBER + 1) is None


@pytest.mark.parametrize("depth", [MAX_DEPTH - 3, MAX_DEPTH - 2, MAX_DEPTH - 1, 5000])
@pytest.mark.parametrize("member", ["structuredContent", "_meta"])
def test_depth_is_bounded_as_everywhere(member: str, depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    data = b'{"jsonrpc":"2.0","id":3,"result":{"content":[],"%s":%s}}' % (member.encode(), nested.encode())
    found, expected = read_old_tool(data, NUMBER), verdict_of_the_sdk("an old tool", data)
    assert (found is None) is (expected is None) is (depth > MAX_DEPTH - 2)


ODD = (
    *(None, True, 0, 1, -1, 5.0, 2**70, 1e308, "", "text", "1", "yes", "\ud800"),
    *("complete", "input_required", "private", [], {}, [[]], [None], {"a": None}, {"priority": 2}),
    *({"type": "text", "text": "x"}, {"type": "image", "data": "", "mimeType": "a"}),
    *({"uri": "a", "text": "b"}, {"uri": "a", "blob": ""}),
)
ODDITIES: Any = strategies.sampled_from(ODD).map(copy.deepcopy)
MEMBERS = (
    *("id", "jsonrpc", "result", "error", "method", "content", "contents", "structuredContent", "isError"),
    *("_meta", "type", "text", "uri", "blob", "annotations", "mimeType", "resultType", "ttlMs", "cacheScope"),
    *("inputRequests", "requestState", "structured_content", "is_error", "meta", "extra"),
)


def containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value] * isinstance(value, dict | list) + [c for child in inner for c in containers(child)]


def changes(message: Any) -> Iterator[Any]:
    """The message with one member of one object or list left out, added, or changed."""
    for place in range(len(containers(message))):
        size = containers(message)[place]
        for name in range(len(size)) if isinstance(size, list) else (*MEMBERS, *size):
            for value in (None, *ODD):
                changed = copy.deepcopy(message)
                spot = containers(changed)[place]
                if value is not None:
                    spot[name] = copy.deepcopy(value)
                elif name in spot or isinstance(spot, list):
                    del spot[name]
                yield changed


@pytest.mark.parametrize("kind", PLAIN)
def test_no_single_change_is_accepted_here_that_is_not_accepted_there(kind: str) -> None:
    read, results = PLAIN[kind]
    for changed in changes(response(results[0])):
        agree(kind, read, json.dumps(changed).encode())


def spoil(message: Any, draw: Any) -> None:
    """Change, add or leave out one member of one object or list."""
    place = draw(strategies.sampled_from(containers(message)))
    if isinstance(place, list):
        place[:] = place[1:] if draw(strategies.booleans()) else [*place, draw(ODDITIES)]
        return
    name = draw(strategies.sampled_from((*MEMBERS, *place)))
    if draw(strategies.booleans()):
        place[name] = draw(ODDITIES)
    else:
        place.pop(name, None)


@pytest.mark.parametrize("kind", PLAIN)
@settings(max_examples=100, deadline=None)
@given(data=strategies.data())
def test_whatever_is_accepted_here_is_accepted_there_with_the_same_content(kind: str, data: Any) -> None:
    read, results = PLAIN[kind]
    message = copy.deepcopy(response(data.draw(strategies.sampled_from(results))))
    for _ in range(data.draw(strategies.integers(1, 3))):
        spoil(message, data.draw)
    written = json.dumps(message, ensure_ascii=data.draw(strategies.booleans())).encode(
        "utf-8", "surrogatepass"
    )
    agree(kind, read, written)


@pytest.mark.parametrize("kind", PLAIN)
@settings(max_examples=100, deadline=None)
@given(data=strategies.data())
def test_bytes_that_are_no_json_are_accepted_nowhere(kind: str, data: Any) -> None:
    read, results = PLAIN[kind]
    written = json.dumps(response(data.draw(strategies.sampled_from(results))), ensure_ascii=False).encode()
    at = data.draw(strategies.integers(0, len(written)))
    less = data.draw(strategies.integers(0, 2))
    agree(kind, read, written[:at] + data.draw(strategies.binary(max_size=3)) + written[at + less :])


def agree(kind: str, read: Read, written: bytes) -> None:
    found = read(written, NUMBER)
    if found is not None:
        # By their texts, since True equals 1 and 1 equals 1.0.
        assert repr(found) == repr(verdict_of_the_sdk(kind, written))
