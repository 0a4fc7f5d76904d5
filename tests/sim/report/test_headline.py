"""What failed, and why, is read first; how it ended is read last."""

from __future__ import annotations

import re
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending, Missed, NotStarted, Phase, ViolationKind
from sim.config.grammar.threshold import parse_threshold
from sim.load.watchdog import Breakpoint
from sim.measure.summary import Summary, summarize
from sim.measure.thresholds import judge
from sim.report.building import is_fruitless
from sim.report.four_answers import carries
from sim.report.headline import checks_text, troubles, worst_span
from sim.report.terminal import text_report
from tests.support.facts import call, execution, recorder_of, result_of, violation
from tests.support.tallying import Recorder

FAILED = {"ending": Ending.FAILED, "failure": "read_note: tool_error/500"}


def shown(known: Recorder | Summary, width: int = 120, **fields: Any) -> str:
    return text_report(result_of(known, **fields), width)


async def test_a_run_that_went_well_has_no_such_lines(autojump_clock: MockClock) -> None:
    summary = summarize(recorder_of([call(), execution()]))
    assert troubles(result_of(summary)) == []
    assert "NOT AS IT SHOULD BE" not in shown(summary)


async def test_a_failure_in_part_is_named_with_its_step_its_kind_and_the_servers_words(
    autojump_clock: MockClock,
) -> None:
    facts = [execution(), execution(**FAILED), call(outcome=Outcome.TOOL_ERROR, status=500, text="no room")]
    (line,) = troubles(result_of(summarize(recorder_of(facts))))
    assert line == "note_share: 1 of 2 executions failed: read_note: tool_error/500, 'no room' (1)"
    text = shown(summarize(recorder_of(facts)))
    assert text.index(line) < text.index("OVERVIEW")


async def test_what_the_end_cut_off_is_a_reason_for_no_success_beside_others(
    autojump_clock: MockClock,
) -> None:
    cut_off = {"ending": Ending.INTERRUPTED}
    first, *_ = troubles(result_of(summarize(recorder_of([execution(**cut_off), execution(**cut_off)]))))
    assert first == (
        "note_share: nothing is known of it, the end of the run cut off all there was (2 executions)"
    )
    first, *_ = troubles(result_of(summarize(recorder_of([execution(**FAILED), execution(**cut_off)]))))
    assert "read_note: tool_error/500 (1); cut off by the end of the run (1)" in first
    first, *_ = troubles(result_of(summarize(recorder_of([execution(), execution(**cut_off)]))))
    assert first.startswith("Cut off by the end of the run: note_share 1")


async def test_the_reason_is_known_also_when_the_call_came_in_the_grace(autojump_clock: MockClock) -> None:
    recorder = recorder_of([execution(**FAILED)])
    recorder.enter(Phase.GRACE)
    await trio.sleep(1)
    recorder(call(outcome=Outcome.TOOL_ERROR, status=500, text="too late"))
    (line,) = troubles(result_of(summarize(recorder)))
    assert "not one of 1 execution succeeded" in line and "'too late'" in line


async def test_what_was_cut_off_or_not_begun_is_said_with_what_it_means(autojump_clock: MockClock) -> None:
    facts = [
        execution(),
        execution(ending=Ending.INTERRUPTED),
        NotStarted("fan_out", Missed.POSTPONED, trio.current_time()),
        NotStarted("note_share", Missed.DROPPED, trio.current_time()),
    ]
    text = "\n".join(troubles(result_of(summarize(recorder_of(facts)))))
    assert "Cut off by the end of the run: note_share 1" in text
    assert "Postponed: fan_out 1 (too few users were on stage for them)" in text
    assert "Dropped: note_share 1 (no user was free within --max-lag)" in text


@pytest.mark.parametrize(
    "ends",
    [
        [],
        [FAILED],
        [FAILED, {"ending": Ending.INTERRUPTED}],
        [{}, {"ending": Ending.FAILED, "workflow": "file_share"}],
    ],
)
async def test_a_run_that_ends_as_one_without_success_says_what_had_none(
    ends: list[dict[str, Any]], autojump_clock: MockClock
) -> None:
    summary = summarize(recorder_of([call(), *(execution(**end) for end in ends)]))
    assert is_fruitless(summary)
    assert any("not one" in line.casefold() for line in troubles(result_of(summary)))


async def test_a_rate_is_told_with_how_much_of_it_was_failure(autojump_clock: MockClock) -> None:
    facts = [call(), *(call(outcome=Outcome.TOOL_ERROR, status=500) for _ in range(9)), execution()]
    recorder = recorder_of(facts)
    await trio.sleep(1)
    assert "(9 of 10 failed)" in carries(result_of(summarize(recorder))).text
    assert "failed" not in carries(result_of(summarize(recorder_of([call(), execution()])))).text


async def test_operations_without_an_answer_are_no_work_done(autojump_clock: MockClock) -> None:
    facts = [call() for _ in range(10)]
    facts += [call(outcome=Outcome.TRANSPORT_ERROR, reason="connect") for _ in range(90)]
    facts += [call(outcome=Outcome.TRANSPORT_ERROR, status=503) for _ in range(10)]
    recorder = recorder_of([*facts, execution()])
    await trio.sleep(10)
    text = shown(summarize(recorder))
    assert "90 operations of 110 got no answer" in text
    assert "20 answered, 2.0 answered a second" in text


async def test_the_span_into_which_most_failures_fell_is_named(autojump_clock: MockClock) -> None:
    recorder = recorder_of([])
    for second in range(30):
        for _ in range(20 if 12 <= second < 14 else 1):
            recorder(call(0.0, outcome=Outcome.TOOL_ERROR))
        await trio.sleep(1)
        recorder.hub.close_window()
    assert "fell between 12s and 14s after the start" in worst_span(result_of(recorder))


async def test_failures_all_over_the_run_have_no_such_span(autojump_clock: MockClock) -> None:
    recorder = recorder_of([])
    for _ in range(30):
        recorder(call(0.0, outcome=Outcome.TOOL_ERROR))
        await trio.sleep(1)
        recorder.hub.close_window()
    assert worst_span(result_of(recorder)) == ""


async def test_checks_are_counted_by_kind_and_nothing_is_said_where_there_were_none(
    autojump_clock: MockClock,
) -> None:
    summary = summarize(recorder_of([call(), execution()]))
    assert checks_text(result_of(summary)) == ""
    assert "Every check held" not in shown(summary)
    checked = attrs.evolve(summary, checks={"contents": 12, "refusals": 3})
    assert "Every check held: 12 contents, 3 refusals." in shown(checked)
    seen = (violation(ViolationKind.STALE_READ),)
    violated = summarize(recorder_of([execution(ending=Ending.FAILED, violations=seen)]))
    assert "Every check held" not in shown(attrs.evolve(violated, checks={"contents": 12}))


async def test_conflicts_that_were_retried_are_no_errors(autojump_clock: MockClock) -> None:
    facts = [call(outcome=Outcome.TOOL_ERROR, status=412, is_expected=True) for _ in range(3)]
    text = shown(summarize(recorder_of([*facts, call(), execution(conflicts=3)])))
    assert "note_share: 3 conflicts retried" in text
    assert "0, and 3 refusals that are part of a workflow" in text
    assert "4 operations, 0 failed" in text


async def test_a_threshold_that_ended_the_run_does_not_pass_beside_it(autojump_clock: MockClock) -> None:
    recorder = recorder_of([call(0.1), execution()])
    verdict = judge(parse_threshold("calls: max<1s abort"), recorder.settled())
    found = Breakpoint(1.0, 2.0, ("calls: max<1s abort: 2s",))
    text = shown(summarize(recorder), verdicts=(verdict,), breakpoint=found, exit_code=99)
    assert "pass" not in text
    assert "ended  calls: max<1s abort" in text


async def test_it_ends_with_the_whole_in_a_few_lines(autojump_clock: MockClock) -> None:
    summary = summarize(recorder_of([call(), execution()]))
    closing = shown(summary, exit_code=99).partition(" SUMMARY ")[2].splitlines()[1:]
    assert 4 <= len(closing) <= 8
    assert closing[0].startswith("Exit code 99: a threshold did not hold.")
    assert closing[-1] == "Clean: nothing was created."


@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_on_a_narrow_page_whole_columns_are_left_out_and_never_half_a_number(
    width: int, autojump_clock: MockClock
) -> None:
    facts = [
        call(0.1234, user=f"a_rather_long_prefix_user_{n}", step="a_step_with_a_long_name") for n in range(3)
    ]
    summary = summarize(recorder_of([*facts, execution()]))
    text = shown(summary, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    lines = text.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("Workflow "))
    header, row = lines[begin], next(line for line in lines[begin:] if line.startswith("note_share"))
    assert len(row.split()) == len(header.split())
    assert all(re.fullmatch(r"[\d.,]+(ms|s|%)?|–", cell) for cell in row.split()[1:])
    missing = [name for name in ("P90", "P99", "Max") if name not in header]
    assert ("Left out, for want of room" in text) == bool(missing)
    assert all(name in text.partition("Left out")[2] for name in missing)


async def test_steps_stand_in_the_order_of_the_story(autojump_clock: MockClock) -> None:
    table = ("create_note", "share_note_{i}", "read_note")
    facts = [call(step=step) for step in ("read_note", "share_note_10", "share_note_2", "create_note")]
    result = result_of(recorder_of(facts), steps={"note_share": table})
    assert list(result.workflows["note_share"].steps) == [
        "create_note",
        "share_note_2",
        "share_note_10",
        "read_note",
    ]


async def test_a_run_without_a_fact_has_figures_of_nothing() -> None:
    assert "0.0%" not in shown(summarize(Recorder()))


async def test_it_begins_with_the_verdict_and_the_four_answers_and_ends_in_few_lines(
    autojump_clock: MockClock,
) -> None:
    summary = summarize(recorder_of([call(0.2, step="slow"), call(0.1, step="quick"), execution()]))
    lines = shown(summary, 120).splitlines()
    begins = [line.split(":")[0] for line in lines[1:] if ":" in line and not line.startswith(" ")]
    assert begins[0] in ("OK", "FAILED", "INCONCLUSIVE")
    assert begins[1:5] == ["Carries", "Slow where", "Correct", "Trust"]
    assert [line.split()[0] for line in lines if " *1" in line and line.startswith("  ")] == ["slow"]
    end = next(n for n, line in enumerate(lines) if "SUMMARY" in line)
    assert len(lines[end + 1 :]) == 5
