"""Charts say in a sentence what they show; marks are round; nothing is lost where there is little room."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from itertools import combinations, pairwise

import attrs
import pytest

from sim.report.html.chart import Bound, Line, Mark, filled, stacked, thinned
from sim.report.html.course import columns_of
from sim.report.html.heat import humps
from sim.report.html.labels import rows_for
from sim.report.html.level_charts import knee, knee_says, level_charts, quantile_chart
from sim.report.html.part_charts import part_charts
from sim.report.html.scales import Axis, linear_marks, log_marks, time_marks
from sim.report.html.svg import draw, stretches
from sim.report.html.time_charts import time_charts, times_say
from sim.report.result import Result
from sim.report.result_course import Annotation, Level
from sim.report.result_figures import Times
from tests.support.reports import busy_result


@pytest.fixture(scope="module")
def result() -> Result:
    return busy_result()


def test_where_there_is_no_room_the_highest_is_kept_and_counts_keep_their_mean() -> None:
    values = tuple(float(at % 10) for at in range(1000))
    assert max(thinned(values, 7, "max")) == 9 and len(thinned(values, 7, "max")) == 7
    assert sum(thinned(values, 10, "mean")) / 10 == pytest.approx(4.5)
    assert thinned((None, None, 1.0, None), 2, "max") == (None, 1.0)


def test_only_what_is_rare_is_drawn_across_what_is_not_known() -> None:
    assert filled((None, 1.0, None, None, 4.0, None)) == (None, 1.0, 2.0, 3.0, 4.0, None)
    assert list(stretches((1.0, None, 2.0, 3.0))) == [(0, 1), (2, 4)]


def test_kinds_are_piled_up_and_none_is_drawn_where_there_is_nothing_of_it() -> None:
    piled = stacked([Line("a", "a", "green", (5.0,) * 5), Line("b", "b", "red", (0.0, 0.0, 0.0, 2.0, 0.0))])
    assert piled[1].values == (None, None, 5.0, 7.0, 5.0)
    assert [line.fill_to for line in piled] == ["0", "a"]


def test_marks_are_round_and_few() -> None:
    assert linear_marks(47) == [0, 20, 40, 60]
    assert log_marks(0.03, 1.2) == [0.05, 0.1, 0.2, 0.5, 1.0]
    assert time_marks(0, 135) == [0, 30, 60, 90, 120]
    assert Axis(0.01, 1.0, 100, -100, is_log=True).at(0.1) == pytest.approx(50)


def test_a_second_population_is_seen_where_there_is_a_valley_between() -> None:
    assert humps(Counter({10: 50, 11: 90, 12: 40, 13: 2})) == [11]
    assert sorted(humps(Counter({10: 50, 11: 90, 12: 4, 16: 30, 17: 60}))) == [11, 17]


def test_the_sentence_of_a_time_says_where_it_was_worst() -> None:
    flat = {"at": [float(at) for at in range(100)], "x": [0.1] * 100}
    assert times_say(flat, "x", "p95") == "p95 stayed near 100ms"
    risen = flat | {"x": [0.1] * 50 + [0.5] * 50}
    assert times_say(risen, "x", "p95").startswith("p95 rose from 100ms to 500ms, about 0:5")


def test_charts_over_time_cover_what_the_rows_know(result: Result) -> None:
    assert [chart.id for chart in time_charts(result)] == [
        "users",
        "latency",
        "rate",
        "heat",
        "seen",
        "strip",
    ]
    says = {chart.id: chart.says for chart in time_charts(result)}
    assert "8 lost updates" in says["strip"] and "failed" in says["rate"]
    assert time_charts(attrs.evolve(result, timeseries=attrs.evolve(result.timeseries, rows=()))) == []


def test_regions_and_groups_are_side_by_side_on_one_scale(result: Result) -> None:
    charts = part_charts(result)
    assert [chart.title for chart in charts] == ["region ap", "region eu", "group a", "group b"]
    assert len({chart.ceiling for chart in charts}) == 1
    assert part_charts(attrs.evolve(result, regions={}, groups={})) == []


def level(wanted: float, rate: float, held: bool | None = None) -> Level:
    return Level(wanted, "users", 0.0, 10.0, 100, 0, rate, Times(median=0.1, p95=0.2), Times(), held)


def test_the_knee_is_where_more_users_bring_no_more_throughput(result: Result) -> None:
    bent = tuple(level(users, min(10.0 * users, 200.0)) for users in range(5, 61, 5))
    found = knee(bent)
    assert found is not None and found.wanted == 20
    assert knee_says(bent).startswith("it bends at 20")
    straight = tuple(level(users, 10.0 * users) for users in range(5, 61, 5))
    assert knee(straight) is None and "without a knee" in knee_says(straight)
    assert [chart.axis for chart in level_charts(attrs.evolve(result, levels=bent))] == ["users", "users"]
    assert level_charts(attrs.evolve(result, levels=bent[:2])) == []


def test_quantiles_are_those_of_the_figures(result: Result) -> None:
    chart = quantile_chart(result)
    assert chart is not None
    values = dict(zip(chart.xs, chart.lines[0].values, strict=True))
    assert values[1.0] == pytest.approx(result.calls.latency.p90, rel=0.02)
    assert values[2.0] == pytest.approx(result.calls.latency.p99, rel=0.02)


def test_a_column_is_as_long_as_there_are_rows(result: Result) -> None:
    columns = columns_of(result)
    assert {len(values) for values in columns.values()} == {len(result.timeseries.rows)}
    assert "errors:tool_error/500" in columns and "region.p95:eu" in columns


def test_marks_are_the_instants_at_which_a_limit_broke_or_the_load_was_changed(result: Result) -> None:
    changed = (Annotation(30.0, "load", "40 users"), Annotation(20.0, "mark", "lunch"))
    charts = time_charts(attrs.evolve(result, annotations=changed))
    names = [(mark.name, mark.colour) for mark in charts[0].marks]
    assert ("lunch", "grey") in names and ("40 users", "grey") in names
    assert [colour for _, colour in names].count("red") == 1
    assert draw(charts[1]).count(">lunch<") == 1 and ">lunch<" not in draw(charts[0])


def test_arrivals_a_second_are_no_users(result: Result) -> None:
    row = attrs.evolve(result.timeseries.rows[5], wanted={"readers": 6.0, "editors": 20.0})
    series = attrs.evolve(result.timeseries, rows=(row,))
    load = {"groups": [{"name": "readers", "profile": "3m:6/s"}, {"name": "editors", "profile": "1m:20"}]}
    columns = columns_of(attrs.evolve(result, timeseries=series, config={"load": load}))
    assert (columns["wanted"], columns["arrivals"]) == ([20.0], [6.0])


def test_a_time_that_was_bad_at_first_alone_did_not_stay_there() -> None:
    jam = {"at": [float(at) for at in range(100)], "x": [2.0] * 5 + [0.1] * 95}
    assert times_say(jam, "x", "p95") == "p95 was 2s at first, then near 100ms"


def test_names_lie_above_each_other_where_they_would_overlap_and_are_missing_where_there_is_no_room() -> None:
    assert rows_for([(0, 50), (60, 90), (40, 70), (45, 55), (95, 99)], 2) == [0, 0, 1, None, 0]


def test_no_two_names_of_marks_or_limits_are_drawn_on_each_other(result: Result) -> None:
    charts = {chart.id: chart for chart in time_charts(result)}
    crowd = tuple(Mark(0.4 * at, f"a word of the operator {at}") for at in range(12))
    most = max(value for line in charts["latency"].lines for value in line.values if value is not None)
    limits = tuple(Bound(most * (0.9 + 0.01 * at), f"calls: p(95)<{at}ms") for at in range(3))
    drawn = draw(attrs.evolve(charts["latency"], marks=crowd, bounds=limits))
    found = re.findall(r'<text x="(\d+)"( text-anchor="end")? y="(\d+)"[^>]*halo[^>]*>([^<]*)<', drawn)
    assert {unescape(each[3]) for each in found} >= {limit.name for limit in limits}
    boxes = [
        (int(x) - (len(text) * 6 if end else 0), int(x) + (0 if end else len(text) * 6), int(y))
        for x, end, y, text in found
    ]
    for (begin, end, y), (other, until, z) in combinations(boxes, 2):
        assert end <= other or until <= begin or abs(y - z) >= 12, found


def test_a_strip_of_an_hour_is_no_bar(result: Result) -> None:
    strip = next(chart for chart in time_charts(result) if chart.is_strip)
    xs = tuple(float(at) for at in range(3600))
    line = attrs.evolve(strip.lines[0], values=tuple(1.0 + (at == 900) for at in range(3600)))
    drawn = draw(attrs.evolve(strip, xs=xs, lines=(line,), marks=()))
    places = sorted({int(each) for each in re.findall(r"M(\d+) [\d.]+v", drawn)})
    assert min(b - a for a, b in pairwise(places)) >= 4
