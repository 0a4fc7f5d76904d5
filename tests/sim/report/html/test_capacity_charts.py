"""The page draws the curve of a search, its intervals, the law where there is one, knee and answer."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import attrs
import pytest

from sim.config.grammar.threshold import parse_threshold
from sim.measure.batch_means import Estimate
from sim.measure.curve import CapacityAnswer, CurvePoint, LevelMeasured, StepPlace
from sim.measure.scalability import throughput
from sim.report.build_capacity import capacity
from sim.report.html.capacity_charts import capacity_charts
from sim.report.html.html_report import html_report
from sim.report.html.page_data import chart_data
from sim.report.html.svg import draw
from sim.report.result import Result
from sim.report.result_capacity import BetweenLevels
from tests.support.reports import busy_result

LAW = (5.0, 0.05, 0.001)
LIMITS = (parse_threshold("calls: p(95)<1s"),)
LEVELS = (1, 2, 4, 8, 16, 24, 32)


def about(value: float) -> Estimate:
    return Estimate(value, value * 0.98, value * 1.02)


def point(level: float, rate: float, *, held: bool = True, outcome: str = "") -> CurvePoint:
    slow = StepPlace("note_share", "read_shared_note", "nc_notes_get_note", level / 16, 0.0)
    found = LevelMeasured(
        60.0, 900, about(rate), about(rate / 4), about(level / 40), about(level / 25), level / 30,
        Estimate(0.0, 0.0, 0.004), slow,
    )  # fmt: skip
    return CurvePoint(level, held, outcome or ("held" if held else "broke"), 60.0, (), None, None, found)


def searched(
    points: Sequence[CurvePoint], between: tuple[float | None, float | None] | None = None
) -> Result:
    held, broke = [p for p in points if p.held], [p for p in points if not p.held]
    answer = CapacityAnswer(
        unit="users", held=held[-1] if held else None, broke=broke[0] if broke else None,
        is_bounded_by_server=True, confirmation="not confirmed", recovers=None, rested_at=None, is_over=True,
        max_level=500, curve=tuple(points), between=between,
    )  # fmt: skip
    return attrs.evolve(busy_result(), capacity=capacity(answer, LIMITS))


@pytest.fixture(scope="module")
def curve() -> Result:
    random = Random("curve")
    rates = [throughput(LAW, level) * random.uniform(0.995, 1.005) for level in LEVELS]
    return searched([point(n, rate, held=n <= 24) for n, rate in zip(LEVELS, rates, strict=True)])


@pytest.mark.parametrize(
    ("between", "words"),
    [
        ((22.0, 26.0), "It carries 22 and does not carry 26 users (95 %)"),
        ((22.0, None), "That it carries 22 is certain (95 %), where that ends is not"),
        ((None, 26.0), "That it does not carry 26 is certain (95 %), how far below that it breaks is not"),
        ((None, None), "So few calls do not tell how exact that is"),
    ],
)
def test_how_far_chance_leaves_the_answer_open_is_said(
    between: tuple[float | None, float | None], words: str
) -> None:
    found = searched([point(24, 9.0), point(26, 9.0, held=False)], between).capacity
    assert found is not None
    assert words in found.text
    assert found.between == BetweenLevels(*between)


def test_a_level_that_held_by_itself_is_not_said_to_have_broken() -> None:
    answer = CapacityAnswer(
        unit="users", held=point(22, 9.0), broke=point(23, 9.0), is_bounded_by_server=True,
        confirmation="not confirmed", recovers=None, rested_at=None, is_over=True, max_level=500,
        between=(22.0, 23.0),
    )  # fmt: skip
    found = capacity(answer, LIMITS)
    assert found is not None
    assert "at 23 the limits held, but all levels together say that they do not" in found.text


def test_what_was_left_to_no_chance_is_said_without_an_interval(curve: Result) -> None:
    assert curve.capacity is not None
    assert curve.capacity.between is None
    assert "95 %" not in curve.capacity.text


def test_each_level_is_drawn_with_its_interval_and_the_law_as_a_line_between_them(curve: Result) -> None:
    rates, times = capacity_charts(curve)
    lines = {line.key: line for line in rates.lines}
    for level in LEVELS:
        at = rates.xs.index(level)
        low, value, high = (lines[f"capacity.rate{end}"].values[at] for end in (".low", "", ".high"))
        assert low is not None and value is not None and high is not None
        assert low < value < high
        assert lines["capacity.law"].values[at] == pytest.approx(value, rel=0.05)
    assert all(value is not None for value in lines["capacity.law"].values)
    assert len(rates.xs) > 2 * len(LEVELS)
    assert [row[-1] for row in times.table.rows] == ["held"] * 6 + ["broke"]


def test_the_answer_and_the_knee_are_marked_in_both_layers(curve: Result) -> None:
    assert curve.capacity is not None
    for chart in capacity_charts(curve):
        assert {mark.at for mark in chart.marks} == {24, curve.capacity.knee}
        assert "carries 24" in draw(chart)
        assert [mark["at"] for mark in chart_data(chart)["marks"]] == [mark.at for mark in chart.marks]
    page = html_report(curve)
    assert 'data-chart="capacity-rate"' in page
    assert "Carries 24 users" in page


def test_a_law_that_the_data_do_not_bear_is_said_and_not_drawn() -> None:
    rates, _ = capacity_charts(searched([point(n, 5.0 * n) for n in (1, 2)]))
    assert [line.key for line in rates.lines] == ["capacity.rate", "capacity.rate.high", "capacity.rate.low"]
    assert "not to be had from these data" in rates.says
    assert rates.xs == (1, 2)


def test_a_curve_of_one_level_shows_no_knee() -> None:
    result = searched([point(4, 20.0)])
    assert result.capacity is not None
    assert result.capacity.knee is None
    assert [mark.name for mark in capacity_charts(result)[0].marks] == ["carries 4"]


def test_a_step_may_be_over_its_limit_where_all_calls_together_are_not(curve: Result) -> None:
    assert curve.capacity is not None
    first = curve.capacity.first_over
    assert first is not None
    # At 16 its p95 reaches the second, that of all calls at 25.
    assert (first.level, first.step.step) == (16, "read_shared_note")
    assert "First over its limit: note_share.read_shared_note" in capacity_charts(curve)[1].says


def test_what_the_simulator_could_not_drive_is_no_steps_doing() -> None:
    result = searched([point(32, 20.0, held=False, outcome="the simulator's own limit")])
    assert result.capacity is not None
    assert result.capacity.first_over is None


def test_nothing_is_drawn_where_nothing_was_sought() -> None:
    assert capacity_charts(busy_result()) == []
