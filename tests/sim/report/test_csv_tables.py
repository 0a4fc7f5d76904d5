"""The tables of a run as CSV, read back by Python's own reader."""

from __future__ import annotations

import csv
from datetime import datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.report.csv_tables import csv_steps, csv_timeline, csv_users, csv_violations
from sim.report.result import Result
from sim.report.result_end import Consistency, ViolationExample, WallClock
from tests.support.reports import busy_result

TABLES = (csv_timeline, csv_steps, csv_users, csv_violations)


def read(text: str) -> list[dict[str, str]]:
    """Every row has as many cells as the head, none of which stands twice."""
    head, *rows = csv.reader(text.splitlines(keepends=True), strict=True)
    assert len(set(head)) == len(head)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def busy() -> Result:
    return attrs.evolve(
        busy_result(seconds=30), wall_clock=WallClock("2026-11-23T10:00:00+00:00", None), clock="wall"
    )


def test_the_timeline_has_each_row_with_its_instant_and_adds_up(busy: Result) -> None:
    rows = read(csv_timeline(busy))
    assert [float(row["at"]) for row in rows] == [row.at for row in busy.timeseries.rows]
    assert sum(int(row["operations"]) for row in rows) == sum(row.operations for row in busy.timeseries.rows)
    outcomes = {name for row in busy.timeseries.rows for name in row.outcomes}
    assert {name.removeprefix("outcome ") for name in rows[0] if name.startswith("outcome ")} == outcomes
    first = datetime.fromisoformat(busy.wall_clock.began)
    for row in rows:
        since = (datetime.fromisoformat(row["time"]) - first).total_seconds()
        assert since == pytest.approx(float(row["at"]), abs=1e-5)


def test_the_virtual_clock_has_no_date(busy: Result) -> None:
    rows = read(csv_timeline(attrs.evolve(busy, wall_clock=WallClock("", None))))
    assert {row["time"] for row in rows} == {""}


def test_steps_and_users_have_their_figures_as_the_document_has_them(busy: Result) -> None:
    steps = {(row["workflow"], row["step"]): row for row in read(csv_steps(busy))}
    for name, story in busy.workflows.items():
        for step, calls in story.steps.items():
            row = steps.pop((name, step))
            assert int(row["total"]) == calls.total
            assert row["service_p95"] == ("" if calls.latency.p95 is None else repr(calls.latency.p95))
    assert not steps
    users = {row["user"]: row for row in read(csv_users(busy))}
    assert {name: int(row["total_operations"]) for name, row in users.items()} == {
        name: user.total_operations for name, user in busy.users.items()
    }


def test_violations_have_both_sides(busy: Result) -> None:
    rows = read(csv_violations(busy))
    assert rows
    assert {(row["kind"], row["expected"], row["seen"]) for row in rows} == {
        ("lost_updates", "the new", "the old")
    }


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=20),
    st.builds(
        "".join,
        st.tuples(st.sampled_from(["", " ", "\u00a0", "\n"]), st.sampled_from("=+-@\t\r\uff1d"), st.text()),
    ),
)


QUIET = busy_result(seconds=12)


def result_with(text: str) -> Result:
    (name,) = QUIET.workflows
    seen = ViolationExample(text, text, text, text, text, 1.0)
    return attrs.evolve(
        QUIET,
        users={text: QUIET.users["user_0"]},
        workflows={text: attrs.evolve(QUIET.workflows[name], steps={text: QUIET.calls})},
        consistency={text: Consistency({}, 0, (seen,))},
    )


@settings(deadline=None)
@given(text=TEXTS)
def test_no_text_of_a_server_is_a_formula_or_breaks_a_table(text: str) -> None:
    result = result_with(text)
    for table in TABLES:
        written = table(result)
        written.encode()
        for row in csv.reader(written.splitlines(keepends=True), strict=True):
            assert not any(cell.strip().startswith(tuple("=+@\t\r\uff1d\uff0b\uff0d\uff20")) for cell in row)
            assert all(is_number(cell) for cell in row if cell.strip().startswith("-"))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
