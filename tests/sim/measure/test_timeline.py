"""The timeline: what happened when, in rows whose number is bounded."""

from __future__ import annotations

from sim.measure.timeline import MOST_ROWS, Timeline


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
