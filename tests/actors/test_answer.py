"""Reading an answer with care: a surprise is an outcome, never a crash."""

from __future__ import annotations

import pytest

from actors.answer import Answer, Finding, WrongAnswer, examine, excerpt
from actors.events import ViolationKind

SURPRISES = [None, True, 7, 1.5, "text", [], [1], {}, {"other": 1}]


@pytest.mark.parametrize("value", SURPRISES)
def test_a_missing_key_is_a_wrong_answer_that_names_it(value: object) -> None:
    with pytest.raises(WrongAnswer, match="an object with 'id', got"):
        Answer(value)["id"]
    assert Answer(value).get("id", "nothing") == "nothing"


@pytest.mark.parametrize("value", [None, True, 7, [], {}])
def test_a_text_that_is_none_is_a_wrong_answer(value: object) -> None:
    with pytest.raises(WrongAnswer, match="a text at 'content'"):
        Answer({"content": value}).text("content")


def test_a_key_that_is_there_is_returned_also_when_its_value_is_empty() -> None:
    answer = Answer({"id": 0, "content": "", "none": None})
    assert (answer["id"], answer.text("content"), answer["none"]) == (0, "", None)
    assert answer.get("none", 1) is None


@pytest.mark.parametrize(
    "value", [[{"id": 1}, 2], {"shares": [{"id": 1}, 2]}, {"data": [{"id": 1}, 2], "other": []}]
)
def test_rows_are_the_answer_itself_or_under_the_first_key_it_has(value: object) -> None:
    assert list(Answer(value).rows("shares", "data")) == [Answer({"id": 1}), Answer(2)]


@pytest.mark.parametrize("value", [None, 7, "text", {}, {"shares": {}}, {"shares": None}, {"other": []}])
def test_rows_of_what_is_no_list_are_a_wrong_answer_at_once(value: object) -> None:
    with pytest.raises(WrongAnswer, match="a list"):
        Answer(value).rows("shares", "data")


def test_what_is_shown_of_a_long_answer_is_cut_and_says_so() -> None:
    assert excerpt("short") == "short"
    assert excerpt("x" * 121) == "x" * 120 + "… (121 characters)"
    assert len(WrongAnswer("a list", {"content": "x" * 10_000}).seen) < 150


def test_no_check_finds_nothing() -> None:
    assert examine(None, object()) == ()


def test_a_check_that_meets_a_surprise_finds_a_wrong_content() -> None:
    def check(answer: Answer) -> tuple[Finding, ...]:
        answer["id"]
        return ()

    assert examine(check, {"id": 1}) == ()
    assert examine(check, []) == (Finding(ViolationKind.WRONG_CONTENT, "an object with 'id'", "[]"),)
