"""The timeline: what happened when, in rows whose number is bounded."""

from __future__ import annotations

from sim.measure.timeline import LEAST_FAILURES, MOST_ROWS, Burst, Timeline


def test_calls_and_executions_stand_in_the_second_in_which_they_ended() -> None:
    timeline = Timeline(100.0)
    timeline.add_call(100.2, 0.5, failed=False)
    timeline.add_call(100.9, 1.5, failed=True)
    timeline.add_execution(102.0)
    first, second, third = timeline.rows
    assert (first.calls, first.errors, first.service_s, first.slowest_s) == (2, 1, 2.0, 1.5)
    assert (second.calls, second.executions) == (0, 0)
    assert (third.calls, third.executions) == (0, 1)


def test_users_stay_until_the_next_note() -> None:
    timeline = Timeline(0.0)
    timeline.note_users(0.5, 3)
    timeline.note_users(2.5, 5)
    timeline.note_users(2.6, 1)
    timeline.add_call(4.0, 0.1, failed=False)
    assert [row.users for row in timeline.rows] == [3, 3, 5, 1, 1]


def test_a_long_run_has_longer_rows_and_loses_nothing() -> None:
    timeline = Timeline(0.0)
    seconds = 3 * MOST_ROWS
    for second in range(seconds):
        timeline.add_call(second + 0.5, second, failed=second % 2 == 0)
    assert timeline.row_s == 4.0
    assert len(timeline.rows) <= MOST_ROWS
    assert sum(row.calls for row in timeline.rows) == seconds
    assert sum(row.errors for row in timeline.rows) == seconds / 2
    assert all(row.calls == 4 for row in timeline.rows)
    assert timeline.rows[10].slowest_s == 43


def test_calls_that_could_not_be_timed_count_and_have_no_time() -> None:
    timeline = Timeline(0.0)
    timeline.add_call(0.5, None, failed=False)
    assert (timeline.rows[0].calls, timeline.rows[0].mean_s) == (1, None)
    timeline.add_call(0.6, 2.0, failed=False)
    assert (timeline.rows[0].calls, timeline.rows[0].mean_s) == (2, 2.0)


def failing_at(*seconds: float, length: int = 60) -> Timeline:
    """A minute with a good call each second, and failed ones."""
    timeline = Timeline(1000.0)
    for second in range(length):
        timeline.add_call(1000.5 + second, 0.1, failed=False)
    for second in seconds:
        timeline.add_call(1000.0 + second, 0.1, failed=True)
    return timeline


def test_when_most_failures_fell_into_a_short_time_it_is_named() -> None:
    stray = [3.5, 30.5, 55.5]
    outage = [20.1, 20.2, 20.3, 21.1, 21.2, 21.3, 22.1, 22.2, 22.3]
    assert failing_at(*stray, *outage).burst() == Burst(20.0, 22.0, 6, 12)


def test_failures_all_over_the_run_or_a_few_of_them_are_no_burst() -> None:
    assert failing_at(*range(60)).burst() is None
    assert failing_at(*[20.0] * (LEAST_FAILURES - 1)).burst() is None
    assert failing_at(*[1.0] * 100, length=3).burst() is None
    assert Timeline(0.0).burst() is None
