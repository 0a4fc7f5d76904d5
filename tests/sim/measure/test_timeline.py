"""The timeline: what happened when, in rows whose number is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import Outcome
from actors.events import Call, Phase
from sim.measure.bins import bins_of
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves
from sim.measure.packed_rows import packed
from sim.measure.snapshot import Snapshot
from sim.measure.timeline import MAX_ROWS, MIN_FAILURES, PAIRS_A_WINDOW, Burst, Timeline, shortest_span
from sim.measure.timeline_row import Row

KEY = StepKey(Phase.MEASURED, "story", "step", "tool", "", "")


class Windows:
    """A timeline that is told calls, and gets a window a second of them."""

    def __init__(self, started: float) -> None:
        self.timeline = Timeline(started)
        self._started = started
        self._open: dict[int, Leaves] = {}
        self._users: dict[int, int] = {}

    def _window(self, at: float) -> Leaves:
        return self._open.setdefault(int(at - self._started), Leaves())

    def add_call(self, at: float, seconds: float | None, failed: bool) -> None:
        outcome = Outcome.TOOL_ERROR if failed else Outcome.OK
        call = Call("story", "step", "tool", "user", 1, outcome, at - (seconds or 0.0), at)
        self._window(at).step(KEY).count(call, outcome.value, is_timed=seconds is not None)
        self._window(at).note_ended(call, is_timed=seconds is not None, failed=failed)

    def add_execution(self, at: float) -> None:
        self._window(at).ended_executions += 1

    def note_users(self, at: float, users: int) -> None:
        self._window(at)
        self._users[int(at - self._started)] = users

    def close(self) -> Timeline:
        users = 0
        for second in range(max(self._open, default=-1) + 1):
            users = self._users.get(second, users)
            leaves = self._open.get(second, Leaves())
            at, there, bins = self._started + second, {"": users}, bins_of(leaves)
            self.timeline.add(Snapshot(second + 1, at, 1.0, Phase.MEASURED, leaves, there=there, bins=bins))
        return self.timeline

    @property
    def rows(self) -> list[Row]:
        return self.close().rows

    @property
    def row_s(self) -> float:
        return self.timeline.row_s


def test_calls_and_executions_stand_in_the_second_in_which_they_ended() -> None:
    timeline = Windows(100.0)
    timeline.add_call(100.2, 0.5, failed=False)
    timeline.add_call(100.9, 1.5, failed=True)
    timeline.add_execution(102.0)
    first, second, third = timeline.rows
    assert (first.calls, first.errors, first.slowest_s) == (2, 1, pytest.approx(1.5))
    assert first.service_s == pytest.approx(2.0)
    assert (second.calls, second.executions) == (0, 0)
    assert (third.calls, third.executions) == (0, 1)


def test_users_stay_until_the_next_note() -> None:
    timeline = Windows(0.0)
    timeline.note_users(0.5, 3)
    timeline.note_users(2.5, 5)
    timeline.note_users(3.6, 1)
    timeline.add_call(4.0, 0.1, failed=False)
    assert [row.users for row in timeline.rows] == [3, 3, 5, 1, 1]


def test_a_long_run_has_longer_rows_and_loses_nothing() -> None:
    timeline = Windows(0.0)
    seconds = 3 * MAX_ROWS
    for second in range(seconds):
        timeline.add_call(second + 0.5, second, failed=second % 2 == 0)
    rows = timeline.rows
    assert timeline.row_s == 4.0
    assert len(rows) <= MAX_ROWS
    assert sum(row.calls for row in rows) == seconds
    assert sum(row.errors for row in rows) == seconds / 2
    assert all(row.calls == 4 and row.service.count == 2 for row in rows)
    assert sum(sum(row.bins.values()) for row in rows) == seconds / 2
    assert rows[10].slowest_s == 43


def test_calls_that_could_not_be_timed_count_and_have_no_time() -> None:
    timeline = Windows(0.0)
    timeline.add_call(0.5, None, failed=False)
    timeline.add_call(1.5, None, failed=False)
    timeline.add_call(1.6, 2.0, failed=False)
    first, second = timeline.rows
    assert (first.calls, first.mean_s) == (1, None)
    assert (second.calls, second.mean_s) == (2, pytest.approx(2.0))


def failing_at(*seconds: float, length: int = 60) -> Timeline:
    """A minute with a good call each second, and failed ones."""
    timeline = Windows(1000.0)
    for second in range(length):
        timeline.add_call(1000.5 + second, 0.1, failed=False)
    for second in seconds:
        timeline.add_call(1000.0 + second, 0.1, failed=True)
    return timeline.close()


def test_when_most_failures_fell_into_a_short_time_it_is_named() -> None:
    stray = [3.5, 30.5, 55.5]
    outage = [20.1, 20.2, 20.3, 21.1, 21.2, 21.3, 22.1, 22.2, 22.3]
    assert failing_at(*stray, *outage).burst() == Burst(20.0, 22.0, 6, 12)


def test_failures_all_over_the_run_or_a_few_of_them_are_no_burst() -> None:
    assert failing_at(*range(60)).burst() is None
    assert failing_at(*[20.0] * (MIN_FAILURES - 1)).burst() is None
    assert failing_at(*[1.0] * 100, length=3).burst() is None
    assert Timeline(0.0).burst() is None


def test_rows_become_pairs_by_and_by_and_read_the_same_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[Row] = []
    absorb = Row.absorb

    def counted(row: Row, other: Row) -> None:
        joined.append(row)
        absorb(row, other)

    monkeypatch.setattr(Row, "absorb", counted)
    timeline, most = Timeline(0.0), 0
    for second in range(MAX_ROWS + 10):
        leaves = Leaves()
        leaves.ended_calls = 1
        joined.clear()
        timeline.add(Snapshot(second + 1, float(second), 1.0, Phase.MEASURED, leaves))
        most = max(most, len(joined))
    assert most <= PAIRS_A_WINDOW + 2
    seen = timeline.rows
    assert [row.calls for row in seen] == [2] * (MAX_ROWS // 2 + 5)
    for second in range(MAX_ROWS + 10, 2 * MAX_ROWS - 10):
        timeline.add(Snapshot(second + 1, float(second), 1.0, Phase.MEASURED, Leaves()))
    assert [row.seconds for row in timeline.rows] == [2.0] * (MAX_ROWS - 5)
    assert [packed(row) for row in timeline.rows[: len(seen)]] == [packed(row) for row in seen]


def test_a_window_of_a_row_that_is_not_paired_yet_still_finds_it() -> None:
    timeline = Timeline(0.0)
    for second in range(MAX_ROWS + 1):
        timeline.add(Snapshot(second + 1, float(second), 1.0, Phase.MEASURED, Leaves()))
    late = Leaves()
    late.ended_calls = 7
    timeline.add(Snapshot(MAX_ROWS + 2, MAX_ROWS - 100.0, 1.0, Phase.MEASURED, late))
    calls = [row.calls for row in timeline.rows]
    assert (calls[MAX_ROWS // 2 - 50], sum(calls), len(calls)) == (7, 7, MAX_ROWS // 2 + 1)


@given(st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=1, max_size=12).filter(any))
def test_the_span_of_a_burst_is_the_shortest_there_is(counts: list[int]) -> None:
    first, length = shortest_span(counts, sum(counts) / 2)
    ends = range(1, len(counts) + 1)
    spans = [end - begin for end in ends for begin in range(end) if 2 * sum(counts[begin:end]) >= sum(counts)]
    assert length == min(spans)
    assert 2 * sum(counts[first : first + length]) >= sum(counts)
