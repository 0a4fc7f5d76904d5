"""The report for a person: the limits first, every figure in its place, texts of a server as they are."""

from __future__ import annotations

from typing import Any

import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending, ViolationKind
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.config.grammar.threshold import parse_threshold
from sim.load.watchdog import Breakpoint
from sim.measure.thresholds import judge
from sim.report.terminal import USERS_SHOWN, text_report
from tests.support.facts import call, execution, propagation, recorder_of, result_of, violation
from tests.support.tallying import Recorder


async def shown(*facts: Any, limits: tuple[str, ...] = (), **info: Any) -> str:
    recorder = recorder_of(facts)
    await trio.sleep(2)
    verdicts = tuple(judge(parse_threshold(text), recorder.settled()) for text in limits)
    return text_of(recorder, verdicts=verdicts, **info)


def text_of(recorder: Recorder, **fields: Any) -> str:
    return text_report(result_of(recorder, **fields))


async def test_limits_head_it_with_what_was_measured(autojump_clock: MockClock) -> None:
    limits = ("calls: max<1s", "errors: rate<1%", "propagation: p(99)<2s")
    text = await shown(call(0.5), call(outcome=Outcome.TOOL_ERROR), limits=limits)
    lines = [line.rstrip() for line in text.splitlines()]
    begin = next(i for i, line in enumerate(lines) if line.startswith("THRESHOLDS"))
    assert lines[begin + 1 : begin + 4] == [
        "pass  calls: max<1s: 500ms",
        "FAIL  errors: rate<1%: 50%",
        "FAIL  propagation: p(99)<2s: nothing was measured",
    ]
    assert begin < next(i for i, line in enumerate(lines) if line.startswith("Target:"))


async def test_without_limits_there_is_no_heading_for_them(autojump_clock: MockClock) -> None:
    assert "THRESHOLDS" not in await shown(call())


async def test_it_says_what_a_search_found(autojump_clock: MockClock) -> None:
    found = Breakpoint(held=12.5, broke=13.0, by=("errors: rate<1% abort: 4%",))
    text = await shown(call(), breakpoint=found, stopped="threshold broken after 9.0s: errors")
    assert "Breakpoint: 12.5/s held, 13/s did not (errors: rate<1% abort: 4%)" in text
    assert "(threshold broken after 9.0s: errors)" in text


async def test_groups_and_regions_are_lines_of_tables_of_their_own(autojump_clock: MockClock) -> None:
    text = await shown(
        call(0.25, group="readers", region="eu"), call(outcome=Outcome.TOOL_ERROR, group="writers")
    )
    assert "GROUPS" in text and "REGIONS" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["readers", "1", "1", "0", "100.0%", *["250ms"] * 5] in rows
    assert ["writers", "1", "0", "1", "0.0%", *["–"] * 5] in rows
    assert ["eu", "1", "1", "0", "100.0%", *["250ms"] * 5] in rows


async def test_a_run_of_one_group_in_no_region_has_no_such_tables(autojump_clock: MockClock) -> None:
    text = await shown(call())
    assert "GROUPS" not in text
    assert "REGIONS" not in text


async def test_violations_are_named_with_examples_and_their_absence_is_said(
    autojump_clock: MockClock,
) -> None:
    seen = (violation(ViolationKind.LOST_UPDATE),)
    text = await shown(execution(ending=Ending.FAILED, violations=seen))
    assert "note_share: 1 lost updates" in text
    assert "loadtest_user_2 at read_note: expected the new; saw the old" in text
    assert "Every check held" not in text
    assert "No violation was seen" in await shown(execution())


async def test_propagation_is_told_by_workflow(autojump_clock: MockClock) -> None:
    text = await shown(execution(intervals=(propagation(0.0, 0.2), propagation(0.3, 0.4))))
    assert "note_share, propagation: 2 times, seen at the first look 1 times" in text
    assert "max 400ms" in text


async def test_failures_are_counted_by_kind_with_the_servers_own_words(autojump_clock: MockClock) -> None:
    words = "[red]no[/red] such note [/]"
    text = await shown(call(outcome=Outcome.TOOL_ERROR, status=404, text=words))
    assert f"1 × tool_error/404: {words}" in text


async def test_the_words_on_one_failure_are_not_told_as_those_of_all_of_its_kind(
    autojump_clock: MockClock,
) -> None:
    said = ("Failed to create", "Failed to delete", "Failed to delete")
    text = await shown(*(call(outcome=Outcome.TOOL_ERROR, status=503, text=words) for words in said))
    assert "3 × tool_error/503, one of them: Failed to create" in text


async def test_only_so_many_users_are_shown_and_the_rest_is_counted(autojump_clock: MockClock) -> None:
    text = await shown(*(call(user=f"loadtest_user_{n}") for n in range(1, USERS_SHOWN + 4)))
    assert f"loadtest_user_{USERS_SHOWN} " in text
    assert f"loadtest_user_{USERS_SHOWN + 1} " not in text
    assert "… and 3 more" in text


async def test_a_saturated_simulator_is_a_warning(autojump_clock: MockClock) -> None:
    assert "WARNING" in await shown(call(), generator_cpu=0.95)
    assert "WARNING" not in await shown(call(), generator_cpu=0.5)


async def test_what_was_left_behind_is_the_last_line(autojump_clock: MockClock) -> None:
    left = CleanupEnd(CleanupResult(1, ("loadtest_user_1",)), "run.ledger")
    text = await shown(call(), cleanup=left)
    assert text.rstrip().splitlines()[-1].startswith("LEFT BEHIND: loadtest_user_1. To try again: ")


async def test_a_run_without_a_fact_can_be_shown() -> None:
    assert "Total Operations:" in text_of(Recorder())
