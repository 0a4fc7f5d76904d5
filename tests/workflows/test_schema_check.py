"""What a schema lets through, compared with the reference implementation."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.schema_check import misfit

Draft202012Validator: Any = importlib.import_module("jsonschema").Draft202012Validator

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0])
    | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
KINDS = st.sampled_from(["null", "boolean", "string", "array", "object", "number", "integer"])
BOUNDS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS | st.lists(KINDS, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 2),
        "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
        **dict.fromkeys(BOUNDS, st.integers(0, 2)),
    },
)
SCHEMAS = st.recursive(
    PLAIN | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "$ref": st.just("#/$defs/x"),
        },
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, PLAIN, VALUES)
def test_a_value_fits_a_schema_where_the_reference_implementation_says_so(
    schema: Any, referred: Any, value: Any
) -> None:
    whole = schema if isinstance(schema, bool) else {**schema, "$defs": {"x": referred}}
    assert (misfit(whole, value) == "") == Draft202012Validator(whole).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"required": ["id"]}, {}, "it has no 'id'"),
        ({"properties": {"id": {"type": "integer"}}}, {"id": "7"}, "id is no integer: 7"),
        (
            {"items": {"properties": {"n": {"maximum": 3}}}},
            [{"n": 1}, {"n": 9}],
            "[1].n is out of its bounds: 9",
        ),
        ({"additionalProperties": False}, {"x": 1}, "x must not be there"),
    ],
)
def test_a_misfit_is_told_with_its_place(schema: Any, value: Any, told: str) -> None:
    assert misfit(schema, value) == told


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "https://example.org/schema"},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"pattern": "(a+)+$"},
        {"properties": 7, "required": "id", "enum": {}, "type": ["what"], "minimum": "low"},
    ],
)
def test_a_schema_that_is_a_trap_lets_everything_through(schema: Any) -> None:
    assert misfit(schema, "a" * 40 + "!") == ""
