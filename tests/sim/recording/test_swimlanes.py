"""Who did what when, at a glance, within any width and whatever texts there are."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from sim.recording.document import Recording
from sim.recording.recorded_lines import Gap, Head, Outcome, RecordedCall, RecordedPerson, RecordedQuestion
from sim.recording.swimlanes import MAX_ROWS, lanes_of

HEAD = Head(1, "simulate 0", "https://cloud.example/mcp", "2026-11-26T08:00:00Z")
PEOPLE = (RecordedPerson(0, "p1", "alice", "claude 1"), RecordedPerson(0, "p2", "bob"))
HOSTILE = "\x1b[2J\x1b]0;x\x07\u202eevil\ud800\n\r\t" + "漢" * 400


def call(
    at: float,
    who: str,
    name: str,
    took: float = 0.1,
    outcome: Outcome = "ok",
    text: str = "x",
    **args: object,
):
    result = {"content": [{"type": "text", "text": text}]}
    number = int(1000 * at)
    return RecordedCall(at, took, who, number, "tools/call", name, args, result, None, outcome, 200)


def drawn(*calls: RecordedCall, width: int = 100, **parts: object) -> list[str]:
    people = parts.pop("people", PEOPLE)
    return list(lanes_of(Recording(HEAD, people, calls=calls, **parts), width))


def test_each_person_has_a_lane_and_time_runs_down() -> None:
    lines = drawn(call(1, "p1", "write", title="Plan"), call(2.5, "p2", "read", note_id=7))
    assert [line.rstrip() for line in lines[3:]] == [
        f"{'':9}{'p1 alice, claude 1':45}p2 bob",
        " 0:01.00 │ write title=Plan 100 ms",
        f" 0:02.50 {'│':45}│ read note_id=7 100 ms",
    ]


def test_lanes_stand_near_each_other_however_wide_a_pipe_is() -> None:
    *_, second = drawn(call(1, "p1", "write"), call(2.5, "p2", "read"), width=1000)
    assert second.index("│ read") < 100


def test_errors_and_what_was_under_way_are_marked() -> None:
    lines = drawn(call(1, "p1", "slow", 5), call(2, "p2", "read", outcome="tool_error", text="no such note"))
    assert "∥ slow" in lines[-2]
    assert "┃" in lines[-1]
    assert "✗ ∥ read 100 ms: no such note" in lines[-1]
    assert "1 failed" in lines[1]


def test_calls_of_one_person_at_the_same_time_are_marked_as_well() -> None:
    lines = drawn(call(1, "p1", "a", 1), call(1.5, "p1", "b", 1), call(5, "p1", "c"))
    assert ["∥" in line for line in lines[-3:]] == [True, True, False]


def test_repeated_looks_are_one_row_that_says_what_came_of_them() -> None:
    looks = [call(1 + n, "p2", "look", text="none" if n < 3 else "there") for n in range(4)]
    assert "look ×4 until it changed" in drawn(*looks)[-1]
    same = drawn(*looks[:3])[-1]
    assert "look ×3, the same each time" in same
    between = drawn(*looks[:2], call(2.5, "p1", "share"), *looks[2:])
    assert ["×2" in line for line in between[-3:]] == [True, False, True]


def test_pauses_questions_and_gaps_have_their_rows() -> None:
    asked = RecordedQuestion(1.02, "p1", 1, "elicitation/create", {"message": "sure?"}, {"action": "accept"})
    lines = drawn(call(1, "p1", "a"), call(90, "p1", "b"), asked=(asked,), gaps=(Gap(95, "too large", "p2"),))
    text = "\n".join(lines)
    assert "? elicitation/create: sure? → accept" in text
    assert "· 1.5 min later" in text
    assert "! p2: too large" in text


def test_of_a_long_recording_beginning_and_end_are_shown() -> None:
    calls = [call(n / 10, "p1", f"t{n}", 0.01) for n in range(5000)]
    lines = drawn(*calls)
    assert len(lines) == 4 + MAX_ROWS + 1
    assert "t0 " in lines[4]
    assert "t4999 " in lines[-1]
    assert any(f"{5000 - MAX_ROWS} more" in line for line in lines)


@pytest.mark.parametrize("width", [20, 40, 61, 80, 200])
@pytest.mark.parametrize("people", [1, 2, 9])
def test_no_text_moves_the_cursor_or_leaves_the_width(width: int, people: int) -> None:
    everybody = tuple(RecordedPerson(0, f"p{n}", HOSTILE, HOSTILE) for n in range(people))
    calls = [
        call(n, f"p{n % people}", HOSTILE, 3, "tool_error", HOSTILE, **{HOSTILE: HOSTILE, "n": 10**5000})
        for n in range(9)
    ]
    asked = RecordedQuestion(1, HOSTILE, 1, HOSTILE, {"message": HOSTILE}, {"action": HOSTILE})
    gap = Gap(1, HOSTILE, HOSTILE)
    lines = drawn(*calls, width=width, people=everybody, asked=(asked,), gaps=(gap,))
    assert len(lines) > 10
    for line in lines:
        assert line.isprintable()
        assert cell_len(line) <= width


def test_whoever_did_nothing_has_no_lane() -> None:
    lines = drawn(call(1, "p2", "read"))
    assert "1 person" in lines[1]
    assert lines[3].split() == ["p2", "bob"]


def test_a_recording_of_nothing_says_so() -> None:
    assert "0 calls, 0 people" in drawn(people=(), is_whole=False)[1]
    assert "cut off" in drawn(people=(), is_whole=False)[1]
