"""Checks for answers: what they find, and what they call it."""

from __future__ import annotations

import pytest

from actors.answer import Json, examine
from actors.events import ViolationKind
from workflows.expect import content_is, has, lists

STALE, WRONG = ViolationKind.STALE_READ, ViolationKind.WRONG_CONTENT


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
