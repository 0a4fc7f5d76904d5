"""Arguments that are made from a schema: they fit it, and nothing is invented that has to be known."""

from __future__ import annotations

import importlib
from random import Random
from typing import Any

import pytest

from workflows.made_arguments import CannotInvent, make_arguments, not_to_be_invented

Draft202012Validator: Any = importlib.import_module("jsonschema").Draft202012Validator


def needing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
MADE = {
    "nothing is needed": {"type": "object", "properties": {"path": TEXT}},
    "a query": needing(query=TEXT),
    "a default": needing(path={**TEXT, "default": "/"}),
    "an example": needing(note_id={**NUMBER, "examples": [7, 8]}),
    "an enumeration": needing(kind={"enum": ["board", "card"]}),
    "a constant": needing(version={"const": 2}),
    "a date": needing(day={**TEXT, "format": "date"}),
    "an instant": needing(start={**TEXT, "format": "date-time"}),
    "a date by its name": needing(start_date=TEXT),
    "a number within bounds": needing(days={**NUMBER, "minimum": 3, "exclusiveMaximum": 5}),
    "a multiple": needing(size={**NUMBER, "multipleOf": 5, "minimum": 7, "maximum": 30}),
    "a page": needing(page_number=NUMBER, limit=NUMBER),
    "a flag": needing(raw={"type": "boolean"}),
    "a long query": needing(query={**TEXT, "minLength": 30, "maxLength": 40}),
    "a list": needing(terms={"type": "array", "items": TEXT, "minItems": 2}),
    "a pair": needing(span={"type": "array", "prefixItems": [NUMBER, {"type": "boolean"}]}),
    "an object": needing(filter=needing(text=TEXT)),
    "several ways": needing(filter={"anyOf": [needing(board_id=NUMBER), needing(text=TEXT)]}),
    "nothing as a last resort": needing(board_id={"anyOf": [NUMBER, {"type": "null"}]}),
    "several types": needing(folder={"type": ["string", "null"]}),
    "all of several": needing(limit={"allOf": [NUMBER, {"minimum": 50, "maximum": 60}]}),
    "a reference": {
        **needing(range={"$ref": "#/$defs/Range"}),
        "$defs": {"Range": needing(since={**TEXT, "format": "date"})},
    },
}
NOT_MADE = {
    "note_id": needing(note_id=NUMBER),
    "path": needing(path=TEXT),
    "calendar_name": needing(calendar_name=TEXT),
    "shareWith": needing(shareWith=TEXT),
    "filter.boardId": needing(filter=needing(boardId=NUMBER)),
    "ids[]": needing(ids={"type": "array", "items": NUMBER}),
    "thing": needing(thing={"$ref": "#/$defs/Lost"}),
    "query": needing(query={**TEXT, "pattern": "^[a-f]{8}$"}),
    "days": needing(days={**NUMBER, "minimum": 9, "maximum": 3}),
    "huge": needing(huge={"type": "number", "minimum": float("inf")}),
    "loop": {**needing(loop={"$ref": "#/$defs/L"}), "$defs": {"L": {"$ref": "#/$defs/L"}}},
}


@pytest.mark.parametrize("case", MADE)
def test_what_is_made_fits_its_schema_and_holds_only_what_is_required(case: str) -> None:
    schema = MADE[case]
    assert not_to_be_invented(schema) == []
    for seed in range(20):
        made = make_arguments(schema, Random(seed))
        assert made.keys() == set(schema.get("required", ()))
        assert list(Draft202012Validator(schema).iter_errors(made)) == []


@pytest.mark.parametrize("case", NOT_MADE)
def test_what_nobody_can_invent_is_named_with_its_place(case: str) -> None:
    assert not_to_be_invented(NOT_MADE[case]) == [case]
    with pytest.raises(CannotInvent):
        make_arguments(NOT_MADE[case], Random(1))


def test_everything_that_is_lacking_is_named_at_once() -> None:
    assert not_to_be_invented(needing(board_id=NUMBER, query=TEXT, stack_id=NUMBER)) == [
        "board_id",
        "stack_id",
    ]


def test_one_seed_makes_the_same_arguments_and_seeds_differ() -> None:
    schema = needing(query=TEXT, day={**TEXT, "format": "date"}, limit=NUMBER)
    first, again = (make_arguments(schema, Random(1)) for _ in range(2))
    assert first == again
    assert len({str(make_arguments(schema, Random(seed))) for seed in range(20)}) > 10


def test_only_a_new_things_own_name_is_thought_of() -> None:
    assert not_to_be_invented(needing(name=TEXT, display_name=TEXT), is_new=True) == []
    assert not_to_be_invented(needing(name=TEXT, calendar_name=TEXT)) == ["name", "calendar_name"]
    assert not_to_be_invented(needing(title=TEXT, calendar_name=TEXT), is_new=True) == ["calendar_name"]


def test_what_is_made_anew_bears_the_mark_of_the_run_and_what_is_looked_for_does_not() -> None:
    schema = needing(title=TEXT, content=TEXT)
    made = make_arguments(schema, Random(1), lambda word: f"{word} marked")
    assert made["title"].endswith(" marked")
    assert not made["content"].endswith(" marked")
    assert not make_arguments(schema, Random(1))["title"].endswith(" marked")


@pytest.mark.parametrize("schema", [None, [], {}, {"required": "id"}, {"required": [7], "properties": []}])
def test_a_schema_that_asks_for_nothing_that_can_be_read_is_called_with_nothing(schema: Any) -> None:
    assert make_arguments(schema, Random(1)) == {}
