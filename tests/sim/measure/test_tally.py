"""The recorder: every fact is counted once, in the phase to which it belongs."""

from __future__ import annotations

from collections import Counter

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import (
    Call,
    Ending,
    Execution,
    Missed,
    NotStarted,
    Phase,
    SetupStep,
    SetupTiming,
    Stalled,
    ViolationKind,
)
from sim.measure import tally as module
from sim.measure.kinds import MAX_KINDS, MAX_KINDS_OF_USER, MAX_REASON, OTHER, kind_of
from sim.measure.leaves import MAX_VIOLATIONS_SHOWN
from sim.measure.summary import summarize
from sim.measure.tally import MAX_EXAMPLES
from tests.support.facts import call, execution, propagation, recorder_of, violation
from tests.support.tallying import Recorder


async def test_a_call_belongs_to_the_phase_in_which_it_began(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    recorder.enter(Phase.WARMUP)
    begun = trio.current_time()
    await trio.sleep(2)
    recorder.enter(Phase.MEASURED)
    await trio.sleep(3)
    recorder(call(started=begun + 1, finished=begun + 4))
    recorder(call(started=begun + 2))
    recorder(call(phase=Phase.SETUP))
    recorder.enter(Phase.GRACE)
    recorder(call())
    assert summarize(recorder).phases == {"setup": 1, "warmup": 1, "measured": 1, "grace": 1, "cleanup": 0}
    assert recorder.phase_span(Phase.WARMUP) == 2
    assert recorder.phase_span(Phase.MEASURED) == 3
    assert recorder.phase_span(Phase.CLEANUP) == 0


async def test_an_execution_belongs_to_the_phase_in_which_it_was_due(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    recorder.enter(Phase.WARMUP)
    due = trio.current_time()
    await trio.sleep(1)
    recorder.enter(Phase.MEASURED)
    recorder(execution(due=due))
    recorder(execution(workflow="baseline"))
    assert [(key.phase, key.workflow) for key in recorder.stories] == [
        (Phase.WARMUP, "note_share"),
        (Phase.MEASURED, "baseline"),
    ]
    assert recorder.executions == 2


async def test_what_is_due_at_the_very_end_of_the_profile_belongs_to_it(autojump_clock: MockClock) -> None:
    recorder = Recorder(phase=Phase.MEASURED)
    await trio.sleep(10)
    now = trio.current_time()
    recorder.enter(Phase.GRACE)
    recorder(execution(due=now))
    recorder(NotStarted("note_share", Missed.DROPPED, now))
    arrivals = summarize(recorder).arrivals
    assert arrivals is not None
    assert (arrivals.played, arrivals.dropped) == (1, 1)


async def test_only_calls_that_succeeded_have_a_latency() -> None:
    others = [outcome for outcome in Outcome if outcome is not Outcome.OK]
    figures = summarize(recorder_of([call(0.2), *(call(99.0, outcome) for outcome in others)])).calls
    assert (figures.service.count, figures.service.max) == (1, pytest.approx(0.2))
    assert figures.total == len(Outcome)
    assert (figures.ok, figures.interrupted, figures.failed) == (1, 1, len(Outcome) - 2)
    assert figures.success_rate == pytest.approx(100 / (len(Outcome) - 1))


async def test_a_call_that_was_due_before_it_began_has_a_longer_response_time() -> None:
    now = trio.current_time()
    figures = summarize(recorder_of([call(started=now, finished=now + 1, due=now - 2), call()])).calls
    assert (figures.service.count, figures.response.count) == (2, 1)
    assert figures.response.max == pytest.approx(3)


@pytest.mark.parametrize(
    ("outcome", "fields", "kind"),
    [
        (Outcome.OK, {}, "ok"),
        (Outcome.TOOL_ERROR, {"status": 412}, "tool_error/412"),
        (Outcome.TRANSPORT_ERROR, {"reason": "timeout"}, "transport_error/timeout"),
        (Outcome.TRANSPORT_ERROR, {"status": 503, "reason": "busy"}, "transport_error/503"),
        (Outcome.PROTOCOL_ERROR, {}, "protocol_error"),
        (Outcome.WRONG_CONTENT, {"reason": "no etag"}, "wrong_content"),
        (Outcome.INTERRUPTED, {"reason": "end"}, "interrupted"),
        (Outcome.TOOL_ERROR, {"status": 10**5000}, "tool_error"),
        (Outcome.TOOL_ERROR, {"status": -1}, "tool_error"),
        (Outcome.TOOL_ERROR, {"reason": "x" * 1000}, "tool_error/" + "x" * MAX_REASON),
    ],
)
async def test_a_call_is_counted_under_its_outcome_and_the_reason(
    outcome: Outcome, fields: dict[str, int | str], kind: str
) -> None:
    assert kind_of(call(outcome=outcome, **fields)) == kind


async def test_a_few_different_examples_of_each_failure_are_kept() -> None:
    failed = [call(outcome=Outcome.TOOL_ERROR, text=f"no {i // 2}") for i in range(20)]
    recorder = recorder_of(failed)
    recorder.settled()
    examples = recorder.failure_examples[Phase.MEASURED, "tool_error"]
    assert [example.text for example in examples] == [f"no {i}" for i in range(MAX_EXAMPLES)]


async def test_however_many_codes_a_server_makes_up_their_number_is_bounded_and_all_calls_counted() -> None:
    facts: list[Call | Execution] = [
        call(outcome=Outcome.TOOL_ERROR, status=i, text=f"no {i}") for i in range(1000)
    ]
    facts += [execution(ending=Ending.FAILED, failure=f"read_note: tool_error/{i}") for i in range(1000)]
    recorder = recorder_of(facts)
    summary = summarize(recorder)
    for counted in (summary.calls.outcomes, summary.stories["note_share"].failures):
        assert len(counted) <= MAX_KINDS + 1
        assert sum(counted.values()) == 1000
        assert counted[OTHER] > 900
    assert (summary.calls.failed, summary.calls.answered) == (1000, 1000)
    assert len(recorder.failure_examples) <= MAX_KINDS + 1


async def test_however_many_codes_what_is_no_error_is_none_and_a_user_has_few_kinds() -> None:
    failed = [call(outcome=Outcome.TOOL_ERROR, status=i) for i in range(200)]
    conflict = call(outcome=Outcome.TOOL_ERROR, status=999, is_expected=True)
    recorder = recorder_of([*failed, conflict, call(outcome=Outcome.INTERRUPTED), call()])
    summary = summarize(recorder)
    user = summary.users["loadtest_user_1"].calls
    assert len(user.outcomes) <= MAX_KINDS_OF_USER + 4
    for figures in (summary.calls, user):
        assert (figures.total, figures.failed, figures.expected, figures.interrupted, figures.ok) == (
            203,
            200,
            1,
            1,
            1,
        )


async def test_totals_are_those_of_the_leaves_whatever_the_phase() -> None:
    recorder = recorder_of([call(), call(phase=Phase.SETUP), call(outcome=Outcome.TOOL_ERROR), execution()])
    assert (recorder.calls, recorder.errors, recorder.successes, recorder.executions) == (3, 1, 1, 1)
    assert recorder.calls_in(Phase.SETUP).total == 1
    assert recorder.calls_in(Phase.SETUP, Phase.MEASURED) == recorder.calls_in()


async def test_what_was_under_way_while_the_simulator_stood_still_is_counted_and_has_no_latency() -> None:
    recorder = recorder_of([])
    now = recorder.started
    recorder(Stalled(now + 5, 3.0))
    spans = [(0, 4), (4, 6), (6, 7), (7, 9), (4, 9), (9, 10)]
    for begun, ended in spans:
        recorder(call(started=now + begun, finished=now + ended, due=now + begun))
        recorder(execution(started=now + begun, finished=now + ended, intervals=(propagation(0.0, 0.1),)))
    recorder.hub.close_window()
    summary = summarize(recorder)
    story = summary.stories["note_share"]
    assert (summary.calls.ok, summary.calls.kept_out, story.succeeded, story.kept_out) == (6, 4, 6, 4)
    for figures in (summary.calls.service, summary.calls.response, story.duration):
        assert (figures.count, figures.max) == (2, pytest.approx(4))
    assert story.intervals["propagation"].count == 2
    assert summary.users["loadtest_user_1"].calls.service.count == 2
    assert summary.kept_out == 8
    assert sum(row.calls for row in summary.rows) == 6
    assert sum(row.timed for row in summary.rows) == 2
    assert (summary.stalls.seconds, summary.stalls.longest_s, summary.stalls.count) == (3, 3, 1)


async def test_all_violations_are_counted_and_the_first_of_each_kind_shown() -> None:
    both = (violation(ViolationKind.STALE_READ), violation(ViolationKind.DUPLICATE))
    story = summarize(recorder_of(execution(violations=both) for _ in range(9))).stories["note_share"]
    assert story.violations == {"duplicates": 9, "stale_reads": 9}
    assert len(story.examples) == 2 * MAX_VIOLATIONS_SHOWN


async def test_beyond_so_many_users_a_user_has_counts_mean_and_extremes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_USERS_WITH_SKETCH", 1)
    calls = [call(seconds, user=user) for user in ("first", "second") for seconds in (0.1, 0.3)]
    users = summarize(recorder_of(calls)).users
    assert [user.calls.ok for user in users.values()] == [2, 2]
    assert [user.calls.service.mean for user in users.values()] == [pytest.approx(0.2)] * 2
    assert users["first"].calls.service.p95 is not None
    assert users["second"].calls.service.p95 is None
    for user in users.values():
        assert (user.calls.service.min, user.calls.service.max) == (pytest.approx(0.1), pytest.approx(0.3))


async def test_set_up_steps_are_timed_when_they_succeed_and_counted_when_not() -> None:
    timings = [
        SetupTiming(SetupStep.LOGIN, "a", Outcome.OK, 0.0, 2.0),
        SetupTiming(SetupStep.LOGIN, "b", Outcome.AUTHORIZATION, 0.0, 9.0, "wrong password"),
        SetupTiming(SetupStep.LOGIN, "c", Outcome.AUTHORIZATION, 0.0, 9.0, "another"),
    ]
    login = summarize(recorder_of(timings)).setup["login"]
    assert (login.seconds.count, login.seconds.max) == (1, 2.0)
    assert (login.failures, login.example) == (2, "wrong password")


async def test_what_was_due_and_did_not_start_is_counted_by_why() -> None:
    now = trio.current_time()
    missed = [
        NotStarted("note_share", why, now) for why in (Missed.DROPPED, Missed.DROPPED, Missed.POSTPONED)
    ]
    recorder = recorder_of([])
    for fact in missed:
        recorder(fact)
    counted = summarize(recorder).not_started
    assert counted == {"dropped": {"note_share": 2}, "postponed": {"note_share": 1}}


async def test_what_did_not_start_in_the_warm_up_is_not_counted() -> None:
    recorder = Recorder(phase=Phase.WARMUP)
    recorder(NotStarted("note_share", Missed.DROPPED, trio.current_time()))
    assert not summarize(recorder).not_started


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([f"step_{n}" for n in range(9)]))))
async def test_the_steps_of_each_user_are_counted_whoever_made_them_first(
    made: list[tuple[str, str]],
) -> None:
    users = summarize(recorder_of(call(user=user, step=step) for user, step in made)).users
    assert {
        (user, step): count for user, figures in users.items() for step, count in figures.steps.items()
    } == Counter(made)
