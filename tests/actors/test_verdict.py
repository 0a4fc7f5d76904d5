"""How a call is counted, given what its step expected."""

from __future__ import annotations

import pytest

from actors.answer import Answer, Finding
from actors.errors import CallError, Outcome
from actors.events import ViolationKind
from actors.verdict import CallVerdict, judge_answer, judge_error
from tests.support.cast import step, tool_error

WRONG = Finding(ViolationKind.STALE_READ, "new", "old")


def is_stale(answer: Answer) -> tuple[Finding, ...]:
    return () if answer["content"] == "new" else (WRONG,)


def test_an_answer_without_a_check_is_ok_whatever_it_is() -> None:
    for value in (None, 7, "text", [], {}):
        assert judge_answer(step(), value) == CallVerdict(Outcome.OK, value)


def test_an_answer_that_passes_its_check_is_ok() -> None:
    value: dict[str, object] = {"content": "new"}
    assert judge_answer(step(check=is_stale), value) == CallVerdict(Outcome.OK, value)


def test_an_answer_that_fails_its_check_is_wrong_content_with_the_findings() -> None:
    value = {"content": "old"}
    assert judge_answer(step(check=is_stale), value) == CallVerdict(Outcome.WRONG_CONTENT, value, (WRONG,))


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, {"other": 1}])
def test_an_answer_of_the_wrong_shape_is_wrong_content_and_no_crash(value: object) -> None:
    verdict = judge_answer(step(check=is_stale), value)
    assert verdict.outcome is Outcome.WRONG_CONTENT
    assert [finding.kind for finding in verdict.findings] == [ViolationKind.WRONG_CONTENT]
    assert "content" in verdict.findings[0].expected


def test_getting_through_where_a_refusal_was_expected_is_a_permission_leak() -> None:
    verdict = judge_answer(step("nc_notes_update_note", refusals=frozenset({403})), {"id": 1})
    assert verdict.outcome is Outcome.WRONG_CONTENT
    expected, seen = "nc_notes_update_note refused", "it got through"
    assert verdict.findings == (Finding(ViolationKind.PERMISSION_LEAK, expected, seen),)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, Outcome.OK), (404, Outcome.OK), (412, Outcome.TOOL_ERROR), (None, Outcome.TOOL_ERROR)],
)
def test_only_the_expected_refusals_are_good(status: int | None, outcome: Outcome) -> None:
    error = tool_error(status)
    verdict = judge_error(step(refusals=frozenset({403, 404})), error)
    assert verdict == CallVerdict(outcome, error=None if outcome is Outcome.OK else error)


def test_an_error_keeps_its_own_outcome() -> None:
    error = CallError(Outcome.TRANSPORT_ERROR, "cut", reason="cut", answered=False)
    assert judge_error(step(), error) == CallVerdict(Outcome.TRANSPORT_ERROR, error=error)
