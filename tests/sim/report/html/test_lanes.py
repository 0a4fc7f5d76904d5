"""An execution in lanes: who did what when, what was looked at again and again, and which read was wrong."""

from __future__ import annotations

import re

from sim.report.html.lanes import lanes, placed, says
from sim.report.html.stories import offending
from sim.report.result_end import StepSpan, ViolationExample

SPANS = (
    StepSpan("write", "t", "alice", 10.0, 0.1, "ok"),
    StepSpan("look", "t", "bob", 10.2, 0.1, "expected/tool_error/404"),
    StepSpan("look", "t", "bob", 10.4, 0.1, "ok"),
    StepSpan("read", "t", "bob", 10.6, 0.4, "ok"),
)


def looks(number: int) -> tuple[StepSpan, ...]:
    return tuple(StepSpan("look", "t", "bob", 11.0 + at, 0.1, "ok") for at in range(number))


def test_each_user_has_a_lane_and_each_call_a_name_and_a_time() -> None:
    _, floors, _ = placed(SPANS, None)
    assert [user for user, _, _ in floors] == ["alice", "bob"]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", lanes(SPANS, "x"))
    assert {"alice", "bob", "write 100ms", "read 400ms"} <= set(texts)
    assert says(SPANS) == "4 calls of 2 users within 1s; the longest was read, 400ms"
    assert says(SPANS, 0.7) == "4 calls of 2 users within 1s, with tidying up; the longest was read, 400ms"


def test_the_longest_call_is_marked_and_a_look_in_vain_is_an_outline() -> None:
    bars, _, _ = placed(SPANS, None)
    assert {bar.span.step: bar.colour for bar in bars if bar.span.outcome == "ok"} == {
        "write": "blue",
        "look": "blue",
        "read": "orange",
    }
    assert [bar.colour for bar in bars if bar.span.outcome != "ok"] == ["grey"]


def test_looks_in_a_row_are_drawn_on_one_line_that_says_how_many() -> None:
    bars, _, height = placed(looks(16), None)
    assert len(bars) == 16 and len({bar.y for bar in bars}) == 1 and height < 60
    assert "look ×16, the last 100ms" in lanes(looks(16), "x")


def test_the_read_that_saw_it_is_red_and_no_other() -> None:
    seen = ViolationExample("stale_reads", "look", "bob", "new", "old", 13.15, 1, (*SPANS, *looks(9)))
    wrong = offending(seen)
    assert wrong is not None and wrong.begun == 13.0
    bars, _, _ = placed(seen.steps, wrong)
    assert [bar.span for bar in bars if bar.colour == "red"] == [wrong]


def test_of_a_violation_whose_calls_are_not_known_nothing_is_drawn() -> None:
    assert offending(ViolationExample("stale_reads", "look", "bob", "new", "old", 1.0)) is None
    assert lanes((), "x") == ""
