"""Answers held against what tools declare: the SDK's verdict, within bounds."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mcp import ClientSession
from pydantic import BaseModel, Field

from actors.declared_schemas import DeclaredSchemas, SchemaBook
from actors.errors import CallError
from actors.mcp_client import Answered
from actors.output_schema import MAX_STEPS, MAX_VALUE_NODES, OutputSchema, is_tame
from actors.plain_schema import plain_fit
from actors.server_answer import ServerAnswer


class Tag(BaseModel):
    name: str
    weight: float = 1.0


class Note(BaseModel):
    """As servers declare what they return: made of a model."""

    id: int
    title: str = Field(min_length=1, max_length=200)
    etag: str | None = None
    tags: list[Tag] = []
    kind: str = Field(default="note", json_schema_extra={"enum": ["note", "draft"]})


NOTE = Note.model_json_schema()
GOOD = {"id": 1, "title": "T", "etag": None, "tags": [{"name": "a", "weight": 2}], "kind": "draft"}
NAMES = ("a", "b", "c")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 2.0])
    | st.sampled_from(["", "a", "bb"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
)
kinds = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
small = st.integers(0, 3)
leaves = st.booleans() | st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
        "enum": st.lists(scalars, min_size=1, max_size=3),
        "const": scalars,
        "minLength": small,
        "maxLength": small,
        "minimum": small,
        "exclusiveMaximum": small,
        "minItems": small,
        "maxItems": small,
        "minProperties": small,
        "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        "title": st.just("t"),
        "x-more": scalars,
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a+$", "b"]),
        "$ref": st.sampled_from(["#/$defs/d", "#/$defs/e"]),
    },
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
            "additionalProperties": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
        },
    )


parts = st.recursive(leaves, nested, max_leaves=6)
schemas = st.tuples(nested(parts), leaves, parts).map(lambda t: {**t[0], "$defs": {"d": t[1], "e": t[2]}})


def of_a(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of objects with such a member."""
    return {"type": "object", "properties": {"a": schema}}


async def word_of_the_sdk(schema: dict[str, Any], value: Any) -> str:
    """What its session refuses the answer with, "" where it does not."""
    session = ClientSession(dispatcher=Answered({}))
    session._tool_output_schemas["t"] = schema
    try:
        await session.validate_tool_result("t", types.CallToolResult(content=[], structured_content=value))
    except RecursionError:
        raise  # a RuntimeError too, and no verdict
    except RuntimeError as error:
        return str(error)
    return ""


def agree(ours: str, theirs: str) -> bool:
    """Theirs goes on with the schema and the value, whole."""
    return theirs.startswith(ours) if ours else not theirs


@settings(deadline=None, max_examples=60)
@given(schemas, values)
async def test_the_verdict_and_its_words_are_those_of_the_sdk(schema: dict[str, Any], value: Any) -> None:
    try:
        theirs = await word_of_the_sdk(schema, value)
    except RecursionError:
        return  # it says nothing of a schema that refers to itself
    assert agree(OutputSchema(schema).problem("t", value), theirs)


@settings(deadline=None, max_examples=60)
@given(schemas, values)
def test_what_fits_plainly_is_valid(schema: dict[str, Any], value: Any) -> None:
    fits = plain_fit(schema)
    if fits is not None and fits(value):
        assert Draft202012Validator(schema).is_valid(value)


def test_what_servers_make_of_their_models_is_plain() -> None:
    fits = plain_fit(NOTE)
    assert fits is not None
    assert fits(GOOD)
    for spoiled in ({"id": "1"}, {"title": ""}, {"kind": "letter"}, {"tags": [{}]}, {"etag": 5}):
        assert not fits({**GOOD, **spoiled}), spoiled


@pytest.mark.parametrize(
    ("schema", "value", "word"),
    [
        pytest.param(NOTE, {**GOOD, "id": "1"}, "'1' is not of type 'integer'", id="a wrong type"),
        pytest.param(NOTE, {"id": 1}, "'title' is a required property", id="a member left out"),
        pytest.param(of_a({"pattern": "("}), {}, "Invalid schema for tool t", id="no pattern"),
        pytest.param({"properties": 5}, {}, "Invalid schema for tool t", id="no schema"),
        pytest.param({"$ref": "file:///etc/hostname"}, {}, "Invalid schema for tool t", id="a file"),
        pytest.param({"$ref": "http://127.0.0.1:9/s"}, {}, "Invalid schema for tool t", id="an address"),
        pytest.param(of_a({"pattern": r"^\d{4}-\d\d$"}), {"a": "no"}, "'no' does not", id="a pattern"),
        pytest.param({"oneOf": [{"type": "object"}, True]}, {}, "is valid under each of", id="two of one"),
    ],
)
async def test_an_answer_that_does_not_conform_is_refused_in_the_words_of_the_sdk(
    schema: dict[str, Any], value: Any, word: str
) -> None:
    said = OutputSchema(schema).problem("t", value)
    assert word in said
    assert agree(said, await word_of_the_sdk(schema, value))


DOUBLING: dict[str, Any] = {"d40": {"type": "array"}}
for depth in range(40):
    DOUBLING[f"d{depth}"] = {"anyOf": [{"$ref": f"#/$defs/d{depth + 1}"}] * 2}
ENDLESS = {"$defs": DOUBLING, "$ref": "#/$defs/d0"}
NESTED: dict[str, Any] = {"type": "string"}
for _ in range(90):
    NESTED = {"not": NESTED}
LISTS = {"$defs": {"l": {"type": "array", "items": {"$ref": "#/$defs/l"}}}}
NESTED_VALUE: Any = "no list"
for _ in range(95):
    NESTED_VALUE = [NESTED_VALUE]
META = "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param(of_a({"pattern": "^(a+)+$"}), {"a": "a" * 40 + "!"}, id="a pattern without end"),
        pytest.param(of_a({"pattern": "^a*a*a*b$"}), {"a": "a" * 999}, id="a cubic pattern"),
        pytest.param(of_a({"pattern": "a+b"}), {"a": "a" * 10**6}, id="a long text"),
        pytest.param({"patternProperties": {"^(a|a)*$": True}}, {"a" * 40 + "!": 1}, id="a pattern of names"),
        pytest.param(ENDLESS, {}, id="references that multiply"),
        pytest.param({"$schema": META, **ENDLESS}, {}, id="with a name"),
        pytest.param(
            {"allOf": [{"$schema": META, **ENDLESS}]},
            {},
            id="a part with a name",
        ),
        pytest.param({"$ref": META}, {"$defs": DOUBLING, "type": 5}, id="an answer that is a schema"),
        pytest.param({"$ref": "#"}, {}, id="a reference to itself"),
        pytest.param(NESTED, {}, id="a schema too deep"),
        pytest.param({"$ref": "#/$defs/l", **LISTS}, NESTED_VALUE, id="an answer too deep"),
        pytest.param({"unevaluatedProperties": False, **ENDLESS}, {}, id="unevaluated"),
        pytest.param(of_a({"uniqueItems": True}), {"a": [[n] for n in range(5000)] * 2}, id="unique"),
        pytest.param(of_a({"items": {"not": {"type": "string"}}}), {"a": ["x"] * 15_000}, id="steps"),
        pytest.param(of_a({"items": {"type": "integer"}}), {"a": ["x"] * 50_000}, id="a long list"),
        pytest.param({"enum": [[n] for n in range(5000)]}, {}, id="a schema too large"),
    ],
)
def test_of_what_cannot_be_told_within_bounds_nothing_is_said(schema: dict[str, Any], value: Any) -> None:
    checked = OutputSchema(schema)
    assert checked.problem("t", value) == ""
    assert checked.problem("t", value) == ""


def test_the_bounds_are_wide_enough_for_a_list_of_notes() -> None:
    schema = {
        "type": "object",
        "properties": {"notes": {"type": "array", "items": {"oneOf": [NOTE["$defs"]["Tag"]]}}},
    }
    tags = [{"name": "n", "weight": 1.0}] * 500
    checked = OutputSchema(schema)
    assert checked.problem("t", {"notes": tags}) == ""
    assert checked.problem("t", {"notes": [*tags, {}]}) != ""
    assert MAX_STEPS < MAX_VALUE_NODES


@pytest.mark.parametrize(
    ("pattern", "tame"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", True),
        (r"^[0-9a-f]{64}$", True),
        (r"^https?://", True),
        (r"^[\w.-]+$", True),
        (r"^[a-z]+-[a-z]+$", False),
        (r"(a|b)c", False),
        (r"^(?=.*a)b", False),
        (r"(.)\1", False),
        ("a" * 300, False),
    ],
)
def test_patterns_are_looked_for_only_where_that_takes_a_bounded_time(pattern: str, tame: bool) -> None:
    assert is_tame(pattern) is tame


def test_a_schema_is_compiled_once_for_all_sessions() -> None:
    book = SchemaBook()
    assert book.compiled(dict(NOTE)) is book.compiled(dict(NOTE))
    assert book.compiled(NOTE) is not book.compiled({**NOTE, "required": []})


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (ServerAnswer([], GOOD), ""),
        (ServerAnswer([], {"id": 1}), "invalid answer: Invalid structured content returned by tool t"),
        (ServerAnswer(["no"], None), "Tool t has an output schema but did not return structured content"),
        (ServerAnswer(["no"], None, is_error=True), ""),
    ],
)
def test_only_answers_that_are_no_errors_are_held_to_it(answer: ServerAnswer, refused: str) -> None:
    declared = DeclaredSchemas()
    declared.declare("t", NOTE)
    if not refused:
        declared.check("t", answer)
        return
    with pytest.raises(CallError, match=refused):
        declared.check("t", answer)
    declared.check("another", answer)
    declared.declare("t", None)
    declared.check("t", answer)
