"""What a server says of a tool is read, whatever it is."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.offered_tool import MAX_ARGUMENTS, MAX_KIND_LENGTH, OfferedTool, ToolArgument, arguments_of

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ANY_SCHEMA = st.fixed_dictionaries(
    {}, optional={"properties": ANY_JSON, "required": ANY_JSON, "type": ANY_JSON}
)


def tool(schema: dict[str, Any], **hints: bool | None) -> OfferedTool:
    annotations = types.ToolAnnotations(**hints) if hints else None
    return OfferedTool.of(types.Tool(name="t", input_schema=schema, annotations=annotations))


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, "string"),
        ({"enum": ["a"]}, "any"),
        ({}, "any"),
        (True, "any"),
        ({"type": "x" * 1000}, "x" * (MAX_KIND_LENGTH - 1) + "…"),
    ],
)
def test_the_kind_of_an_argument_is_its_types(schema: Any, kind: str) -> None:
    assert tool({"properties": {"a": schema}}).arguments == (ToolArgument("a", kind, is_required=False),)


def test_what_is_needed_comes_first_also_where_it_is_not_described() -> None:
    found = tool({"properties": {"b": {}, "a": {}}, "required": ["a", "c", 7]}).arguments
    assert [(each.name, each.is_required) for each in found] == [("a", True), ("c", True), ("b", False)]


def test_a_tool_of_endless_arguments_is_told_up_to_a_bound() -> None:
    assert len(tool({"properties": {f"a{n}": {} for n in range(10_000)}}).arguments) == MAX_ARGUMENTS


@pytest.mark.parametrize("said", [True, False, None])
def test_what_the_server_does_not_say_is_not_known(said: bool | None) -> None:
    assert tool({}, read_only_hint=said, destructive_hint=said).is_read_only is said
    assert tool({}, read_only_hint=said, destructive_hint=said).is_destructive is said
    assert (tool({}).is_read_only, tool({}).is_destructive) == (None, None)


@given(ANY_SCHEMA | ANY_JSON)
def test_any_schema_is_read(schema: Any) -> None:
    for argument in arguments_of(schema):
        assert argument.name.isprintable()
        assert argument.kind.isprintable()
        assert argument.kind
