"""Checks for answers: what they find, and what they call it."""

from __future__ import annotations

import pytest

from actors.answer import Json, examine
from actors.measurement import ViolationKind
from workflows.expect import content_is, has, lines_doubled, lines_missing, lists, shows_lines

STALE, WRONG = ViolationKind.STALE_READ, ViolationKind.WRONG_CONTENT
LOST, TWICE = ViolationKind.LOST_UPDATE, ViolationKind.DUPLICATE


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"content": "new"}, []),
        ({"content": "old"}, [STALE]),
        ({"content": "older"}, [STALE]),
        ({"content": "new "}, [WRONG]),
        ({"content": ""}, [WRONG]),
        ({"content": None}, [WRONG]),
        ({"content": ["new"]}, [WRONG]),
        ({}, [WRONG]),
        (None, [WRONG]),
        ("new", [WRONG]),
    ],
)
def test_a_text_is_the_newest_or_stale_or_wrong(value: Json, kinds: list[ViolationKind]) -> None:
    check = content_is("new", older=["old", "older"])
    assert [finding.kind for finding in examine(check, value)] == kinds


def test_a_check_can_be_used_again_and_again() -> None:
    check = content_is("new", older=iter(["old"]))
    for _ in range(3):
        assert [finding.kind for finding in examine(check, {"content": "old"})] == [STALE]
    check = shows_lines(iter(["a"]))
    for _ in range(3):
        assert [finding.kind for finding in examine(check, {"content": ""})] == [LOST]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a\nb", []),
        ("# t\n---\nb\n---\na\n", []),
        ("a", [LOST]),
        ("", [LOST, LOST]),
        ("a b", [LOST, LOST]),
        ("a\nb\na", [TWICE]),
        ("a\na", [LOST, TWICE]),
        (None, [WRONG]),
    ],
)
def test_every_line_must_stand_there_once(text: Json, kinds: list[ViolationKind]) -> None:
    assert [finding.kind for finding in examine(shows_lines(["a", "b"]), {"content": text})] == kinds


def test_lines_are_whole_lines() -> None:
    assert lines_missing("line 10\n", ["line 1", "line 10"]) == ["line 1"]
    assert lines_doubled("line 1\nline 10\nline 1", ["line 1", "line 10"]) == ["line 1"]


@pytest.mark.parametrize(
    ("value", "good"), [({"id": 1, "etag": None}, True), ({"id": 1}, False), ([], False), (None, False)]
)
def test_keys_must_be_there(value: Json, good: bool) -> None:
    assert (examine(has("id", "etag"), value) == ()) is good


@pytest.mark.parametrize(
    ("value", "good"),
    [({"results": []}, True), ([], True), ({"results": 1}, False), ({}, False), (7, False)],
)
def test_a_list_must_be_one(value: Json, good: bool) -> None:
    assert (examine(lists("results"), value) == ()) is good
