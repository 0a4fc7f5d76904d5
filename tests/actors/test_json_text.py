"""Foreign JSON is read within bounds, and nothing in it raises anything but ValueError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies

from actors.answer import Answer, excerpt
from actors.errors import CallError
from actors.json_text import MAX_DEPTH, is_deeper, read_json
from actors.text import harmless
from actors.tool_results import read_resource_text, read_tool_result

NO_JSON = {
    "nothing": "",
    "words": "no json",
    "a constant of Javascript": "[NaN]",
    "an infinity": '{"a": -Infinity}',
    "a number of thousands of digits": "9" * 5000,
    "bytes that are no text": b'"\xff"',
    "an array that is too deep": "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    "an object that is too deep": '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    "deeper than any stack": "[" * 1_000_000,
}


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_what_cannot_be_read_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_json(text)


def test_a_value_may_be_as_deep_as_said_and_as_wide_as_it_wants() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert is_deeper(read_json(deepest), MAX_DEPTH - 1)
    assert len(read_json(json.dumps([[i] for i in range(1000)]))) == 1000


def test_a_byte_order_mark_before_a_text_is_left_out() -> None:
    assert read_json(b"\xef\xbb\xbf[1]") == [1]


LEAVES: Any = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(),
    strategies.text(max_size=20),
)
VALUES: Any = strategies.recursive(
    LEAVES,
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
MEMBERS = strategies.sampled_from(
    ["success", "message", "error", "status_code", "id", "files", "name", "result", "content"]
)
ROWS = strategies.lists(strategies.dictionaries(MEMBERS, VALUES, max_size=3), max_size=3)
OBJECTS = strategies.dictionaries(MEMBERS, VALUES | ROWS, max_size=4)
HOSTILE = strategies.sampled_from(
    [
        "[" * 2000,
        '{"result": "' + "[" * 1500 + '"}',
        '{"id": "' + "9" * 5000 + '"}',
        '{"id": "٣"}',
        '{"success": false, "status_code": 7777, "message": "\\ud800\\u001b[2J"}',
        '{"success": false, "status_code": true, "message": {"a": 1}}',
        '{"files": [{"name": "%ff%"}, null, {"name": 5}]}',
        "HTTP 999 status code 000",
        "\x1b[31mHTTP 404\u202e",
        "\ud800",
    ]
)
TOOLS = strategies.sampled_from(
    ["nc_share_create", "nc_webdav_list_directory", "nc_webdav_delete_resource", "nc_notes_get_note"]
)


TEXTS = strategies.lists(strategies.text() | HOSTILE | OBJECTS.map(json.dumps), max_size=3)


def is_harmless(text: str) -> bool:
    return harmless(text, len(text) + 1) == text


@given(TOOLS, TEXTS, strategies.booleans())
def test_any_text_of_a_tool_is_a_value_or_an_outcome(tool: str, texts: list[str], is_error: bool) -> None:
    try:
        value = read_tool_result(tool, None, texts, is_error)
    except CallError as error:
        assert is_harmless(str(error))
        assert error.status is None or 100 <= error.status <= 599
    else:
        assert is_harmless(excerpt(value))
        assert Answer(value).get("id") is None or value["id"] is not None


@given(TOOLS, OBJECTS, strategies.booleans())
def test_any_structured_result_of_a_tool_is_a_value_or_an_outcome(
    tool: str, value: Any, is_error: bool
) -> None:
    try:
        assert is_harmless(excerpt(read_tool_result(tool, value, [], is_error)))
    except CallError as error:
        assert is_harmless(str(error))


@given(TEXTS)
def test_any_text_of_a_resource_is_a_value(texts: list[str]) -> None:
    assert is_harmless(excerpt(read_resource_text(texts)))
