"""The summary: totals are sums of the leaves, whichever way they are cut."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import CheckKind, Ending, Missed, NotStarted, Phase, ViolationKind
from sim.measure.figures import SketchSet
from sim.measure.summary import Summary, summarize
from tests.support.facts import call, execution, propagation, recorder_of, violation
from tests.support.tallying import Recorder

GROUPS, REGIONS, STEPS = ("readers", "writers"), ("ap", "eu"), ("a", "b", "c")


def crossed() -> Summary:
    """One call of each step in each group and region, each a different time; one fails."""
    calls = [
        call(0.1 * (i + 1), step=step, group=group, region=region, user=f"{group}_{region}")
        for i, (group, region, step) in enumerate((g, r, s) for g in GROUPS for r in REGIONS for s in STEPS)
    ]
    failed = call(9.0, Outcome.TOOL_ERROR, step="a", group="readers", region="ap", user="readers_ap")
    outside = call(workflow="", step="sign_in", group="readers", region="ap", user="readers_ap")
    return summarize(recorder_of([*calls, failed, outside, call(9.0, phase=Phase.WARMUP)]))


async def test_however_calls_are_cut_they_add_up_to_all_of_them() -> None:
    summary = crossed()
    assert summary.calls.total == 14
    for cut in (summary.groups, summary.regions):
        assert sum(figures.total for figures in cut.values()) == 14
        assert sum(figures.failed for figures in cut.values()) == 1
        assert sum(figures.service.count for figures in cut.values()) == 13
    assert sum(user.calls.total for user in summary.users.values()) == 14
    assert sum(sum(user.steps.values()) for user in summary.users.values()) == 14


async def test_groups_and_regions_have_latencies_of_their_own() -> None:
    summary = crossed()
    assert list(summary.groups) == list(GROUPS)
    assert list(summary.regions) == list(REGIONS)
    assert summary.groups["readers"].service.max == pytest.approx(0.6)
    assert summary.groups["writers"].service.min == pytest.approx(0.7)
    assert summary.regions["ap"].service.max == pytest.approx(0.9)
    assert summary.regions["eu"].service.min == pytest.approx(0.4)


async def test_where_there_are_no_groups_or_regions_there_is_no_breakdown() -> None:
    summary = summarize(recorder_of([call()]))
    assert (summary.groups, summary.regions) == ({}, {})


async def test_calls_of_no_workflow_are_counted_and_make_no_story() -> None:
    summary = crossed()
    assert list(summary.stories) == ["note_share"]
    assert summary.stories["note_share"].calls.total == 13
    assert {name: step.total for name, step in summary.stories["note_share"].steps.items()} == {
        "a": 5,
        "b": 4,
        "c": 4,
    }


async def test_a_story_is_told_from_all_its_groups_and_regions() -> None:
    facts = [
        execution(1.0, group="readers", intervals=(propagation(0.0, 0.1),), conflicts=1),
        execution(3.0, group="writers", intervals=(propagation(0.4, 0.5),), leftovers=2),
        execution(8.0, Ending.FAILED, region="eu", failure="read_note: tool_error/404"),
        execution(8.0, Ending.INTERRUPTED, region="ap"),
    ]
    story = summarize(recorder_of(facts)).stories["note_share"]
    assert (story.total, story.succeeded, story.failed, story.interrupted) == (4, 2, 1, 1)
    assert story.success_rate == pytest.approx(200 / 3)
    assert (story.duration.count, story.duration.max) == (2, pytest.approx(3.0))
    assert (story.conflicts, story.leftovers) == (1, 2)
    assert story.failures == {"read_note: tool_error/404": 1}
    spans = story.intervals["propagation"]
    assert (spans.count, spans.first_hits, spans.upper.max) == (2, 1, 0.5)


async def test_users_stand_in_the_order_of_their_numbers() -> None:
    numbers = (10, 2, 1)
    summary = summarize(recorder_of(call(user=f"loadtest_user_{number}") for number in numbers))
    assert list(summary.users) == ["loadtest_user_1", "loadtest_user_2", "loadtest_user_10"]


async def test_to_ask_twice_changes_nothing(autojump_clock: MockClock) -> None:
    recorder = recorder_of([call(), execution(intervals=(propagation(0.0, 0.1),))])
    await trio.sleep(1)
    none = SketchSet()
    first, second = (attrs.evolve(summarize(recorder), sketches=none) for _ in range(2))
    assert first == second


async def test_a_run_without_a_fact_has_a_summary() -> None:
    summary = summarize(Recorder())
    assert (summary.calls.total, summary.violations, summary.measured_s) == (0, 0, 0)
    assert summary.calls.success_rate is None
    assert (summary.arrivals, summary.burst, summary.operations_per_s) == (None, None, None)


async def test_where_nothing_was_brought_to_an_end_no_rate_is_known() -> None:
    facts = [
        call(outcome=Outcome.INTERRUPTED),
        call(outcome=Outcome.TOOL_ERROR, is_expected=True),
        execution(ending=Ending.INTERRUPTED),
    ]
    summary = summarize(recorder_of(facts))
    assert summary.calls.success_rate is None
    assert summary.stories["note_share"].success_rate is None


async def test_what_fails_as_part_of_a_story_is_counted_by_itself() -> None:
    conflict = call(outcome=Outcome.TOOL_ERROR, status=412, is_expected=True, text="changed meanwhile")
    recorder = recorder_of([call(), conflict, call(outcome=Outcome.TOOL_ERROR, status=412)])
    recorder.hub.close_window()
    summary = summarize(recorder)
    calls = summary.calls
    assert (calls.ok, calls.failed, calls.expected, calls.total) == (1, 1, 1, 3)
    assert calls.outcomes == {"expected/tool_error/412": 1, "ok": 1, "tool_error/412": 1}
    assert calls.success_rate == 50.0
    assert {kind: figures.count for kind, figures in summary.failures["measured"].items()} == {
        "tool_error/412": 1
    }
    assert sum(row.errors for row in summary.rows) == 1


UNANSWERED = [
    {"outcome": Outcome.TRANSPORT_ERROR, "reason": "no_connection"},
    {"outcome": Outcome.TRANSPORT_ERROR, "reason": "timeout"},
    {"outcome": Outcome.AUTHORIZATION, "reason": "login"},
    {"outcome": Outcome.INTERRUPTED},
]
ANSWERED = [
    {"outcome": Outcome.OK},
    {"outcome": Outcome.TRANSPORT_ERROR, "status": 503},
    {"outcome": Outcome.TOOL_ERROR, "reason": "timeout"},
    {"outcome": Outcome.AUTHORIZATION, "status": 401},
    {"outcome": Outcome.PROTOCOL_ERROR},
    {"outcome": Outcome.WRONG_CONTENT},
]


async def test_calls_without_an_answer_do_not_count_as_work_of_the_server(autojump_clock: MockClock) -> None:
    recorder = recorder_of(call(**fields) for fields in (*UNANSWERED, *ANSWERED))
    await trio.sleep(2)
    summary = summarize(recorder)
    assert summary.calls.answered == len(ANSWERED)
    assert summary.answered_per_s == len(ANSWERED) / 2
    assert summary.operations_per_s == (len(ANSWERED) + len(UNANSWERED)) / 2


async def test_what_failed_in_the_grace_is_told_with_its_reason(autojump_clock: MockClock) -> None:
    recorder = recorder_of([call()])
    await trio.sleep(1)
    recorder.enter(Phase.GRACE)
    recorder(call(outcome=Outcome.TOOL_ERROR, status=500, step="append_1", text="no space left"))
    summary = summarize(recorder)
    assert summary.calls.failed == 0
    (found,) = summary.failures["grace"].values()
    assert found.count == 1
    assert [(each.step, each.text) for each in found.examples] == [("append_1", "no space left")]
    assert summary.outcome_examples == {"tool_error/500": ["no space left"]}


async def test_executions_of_all_phases_are_counted_and_violations_of_all_are_told(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder(phase=Phase.WARMUP)
    begun = trio.current_time()
    await trio.sleep(1)
    recorder.enter(Phase.MEASURED)
    wrong = (violation(ViolationKind.WRONG_CONTENT),)
    recorder(execution(started=begun, ending=Ending.FAILED, violations=wrong, checks={CheckKind.CONTENT: 2}))
    recorder(execution(started=begun, ending=Ending.INTERRUPTED))
    recorder(execution(checks={CheckKind.CONTENT: 1, CheckKind.OUTSIDER: 4}))
    summary = summarize(recorder)
    story = summary.stories["note_share"]
    assert (story.total, story.violations, len(story.examples)) == (1, {"wrong_contents": 1}, 1)
    assert summary.violations == 1
    assert summary.executions == {
        "warmup": {"succeeded": 0, "failed": 1, "interrupted": 1},
        "measured": {"succeeded": 1, "failed": 0, "interrupted": 0},
    }
    assert summary.checks == {"content": 3, "outsider": 4}


async def test_what_was_due_was_played_or_dropped_or_interrupted(autojump_clock: MockClock) -> None:
    now = trio.current_time()
    endings = [Ending.SUCCEEDED] * 5 + [Ending.FAILED] * 2 + [Ending.INTERRUPTED] * 3
    facts = [execution(ending=ending, due=now) for ending in endings]
    recorder = recorder_of([*facts, NotStarted("note_share", Missed.DROPPED, now)])
    await trio.sleep(1)
    # Due before the grace, given up in it.
    recorder.enter(Phase.GRACE)
    recorder(NotStarted("note_share", Missed.DROPPED, now))
    arrivals = summarize(recorder).arrivals
    assert arrivals is not None
    assert (arrivals.due, arrivals.played, arrivals.dropped, arrivals.interrupted) == (12, 7, 2, 3)
