"""Lists of tools: read once where they are the same, and each session knows what its own server said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies

from actors.errors import CallError
from actors.wire import tool_pages
from actors.wire.json_rpc import answer_to, decode
from actors.wire.tool_pages import ToolPages

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
LISTS = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers(0, 3)
    | strategies.sampled_from(["", "t"]),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(["tools", "name", "inputSchema", "outputSchema", "nextCursor"]), inner
        )
    ),
    max_leaves=8,
)


def tool(name: str = "t", **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object"}, **more}


def response(result: Any, number: Any = 7, **more: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": result, **more}).encode()


@given(LISTS | LISTS.map(lambda inner: {"tools": [tool(), inner]}))
def test_a_page_that_was_told_before_is_the_same_as_one_read_anew(result: Any) -> None:
    pages = ToolPages()
    seen = []
    for number in (7, 8):
        data = response(result, number)
        for known in (pages, ToolPages()):
            try:
                page = known.read(data, number) or known.page_of(answer_to(number, decode(data)))
                seen.append((page.message, set(page.outputs)))
            except CallError as error:
                seen.append((str(error), set()))
    assert all(each == seen[0] for each in seen)


def test_the_same_page_is_read_once_whoever_is_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def spied(data: bytes) -> Any:
        read.append(data)
        return decode(data)

    monkeypatch.setattr(tool_pages, "decode", spied)
    pages = ToolPages()
    first = pages.read(response({"tools": [tool(outputSchema=TEXT)]}, 1), 1)
    again = pages.read(response({"tools": [tool(outputSchema=TEXT)]}, 2), 2)
    other = pages.read(response({"tools": [tool(outputSchema={"type": "object"})]}, 2), 2)
    assert first is again is not None
    assert other is not None and other.outputs["t"] is not first.outputs["t"]
    assert len(read) == 2


REFUSAL = {"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "no"}}
PAGE: dict[str, Any] = {"tools": []}
OTHERS = [response(PAGE, 8), response(PAGE, "7"), response(PAGE, more=1), json.dumps(REFUSAL).encode()]


@pytest.mark.parametrize("data", [*OTHERS, b"{", b""])
def test_what_is_not_plainly_the_answer_is_left_to_others(data: bytes) -> None:
    assert ToolPages().read(data, 7) is None


def test_pages_beyond_the_bound_are_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_pages, "MAX_KEPT_BYTES", 1_000)
    pages = ToolPages()
    for number in range(100):
        page = pages.read(response({"tools": [tool(f"t{number}")]}), 7)
        assert page is not None and page.message["tools"][0]["name"] == f"t{number}"
    assert 0 < sum(map(len, pages._known)) <= 1_000


def test_a_tool_that_is_listed_twice_is_what_was_said_last() -> None:
    page = ToolPages().page_of({"tools": [tool(outputSchema=TEXT), tool()]})
    assert page.outputs == {"t": None}
    assert msgspec.json.decode(msgspec.json.encode(page.message)) == page.message
