"""The report as a textfile for Prometheus, read by its own client's parser."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from sim.config.grammar.report_file import ReportFile
from sim.config.model import Output
from sim.report.prometheus import prometheus_report
from sim.report.publish import publish
from sim.report.result import Result
from sim.report.result_end import WallClock
from tests.support.reports import busy_result

BEGAN = "2026-11-23T10:00:00+00:00"


def read(result: Result) -> dict[str, Metric]:
    families = list(text_string_to_metric_families(prometheus_report(result)))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.documentation
        points = [(one.name, tuple(sorted(one.labels.items()))) for one in family.samples]
        assert len(set(points)) == len(points)
        assert all(one.timestamp is None for one in family.samples)
    return {family.name: family for family in families}


def points(family: Metric, suffix: str = "", **labels: str) -> list[Any]:
    return [
        one
        for one in family.samples
        if one.name == f"{family.name}{suffix}" and labels.items() <= one.labels.items()
    ]


@pytest.fixture(scope="module")
def busy() -> Result:
    return attrs.evolve(busy_result(), wall_clock=WallClock(BEGAN, None))


def test_calls_are_counted_by_workflow_step_and_outcome(busy: Result) -> None:
    family = read(busy)["simulate_calls"]
    assert family.type == "counter"
    assert sum(one.value for one in family.samples) == busy.calls.total
    for kind, count in busy.calls.outcomes.items():
        assert sum(one.value for one in points(family, "_total", outcome=kind)) == count


def test_histograms_are_cumulative_and_agree_with_their_counts_and_quantiles(busy: Result) -> None:
    family = read(busy)["simulate_call_duration_seconds"]
    assert family.type == "histogram"
    for name, story in busy.workflows.items():
        for step, calls in story.steps.items():
            where = {"workflow": name, "step": step, "phase": "measured"}
            buckets = {float(one.labels["le"]): one.value for one in points(family, "_bucket", **where)}
            counts = [buckets[edge] for edge in sorted(buckets)]
            assert counts == sorted(counts)
            (count,), (total,) = points(family, "_count", **where), points(family, "_sum", **where)
            assert buckets[float("inf")] == count.value == calls.successful - calls.kept_out
            assert total.value == pytest.approx(busy.sketches.steps[f"{name}.{step}"].service.sum)
            if calls.latency.median is None:
                continue
            below = max((edge for edge in buckets if edge <= calls.latency.median), default=0)
            above = min(edge for edge in buckets if edge > calls.latency.median)
            assert buckets.get(below, 0) <= count.value / 2 + 1
            assert buckets[above] >= count.value / 2 - 1


def test_limits_have_their_bound_what_was_measured_and_whether_they_hold(busy: Result) -> None:
    unmeasured = attrs.evolve(busy.thresholds[0], threshold="x: p(95)<1s", measured=None, passed=False)
    families = read(attrs.evolve(busy, thresholds=(*busy.thresholds, unmeasured)))
    for limit in (*busy.thresholds, unmeasured):
        (ok,) = points(families["simulate_threshold_ok"], threshold=limit.threshold)
        (bound,) = points(families["simulate_threshold_bound"], threshold=limit.threshold)
        measured = points(families["simulate_threshold_measured"], threshold=limit.threshold)
        assert (ok.value, bound.value) == (limit.passed, limit.bound)
        assert [one.value for one in measured] == ([] if limit.measured is None else [limit.measured])
        assert bound.labels["unit"] == limit.unit


def test_there_is_no_label_by_user_and_the_simulator_tells_of_itself(busy: Result) -> None:
    families = read(busy)
    values = {
        value for family in families.values() for one in family.samples for value in one.labels.values()
    }
    assert busy.users and values.isdisjoint(busy.users)
    assert points(families["simulate_lateness_seconds"], quantile="1")[0].value == busy.generator.lateness.max
    began = datetime.fromisoformat(BEGAN).timestamp()
    assert families["simulate_begun_timestamp_seconds"].samples[0].value == began
    (run,) = families["simulate_run_info"].samples
    assert run.labels["target"] == busy.target


@settings(max_examples=30, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_comes_back_from_a_label_as_the_document_shows_it(text: str) -> None:
    result = attrs.evolve(QUIET, not_started={"w": {text: 1}}, target=text)
    families = read(result)
    shown = points(families["simulate_not_started"], "_total")
    assert len(shown) == 1
    if text.isprintable():
        assert shown[0].labels["reason"] == text
        assert families["simulate_run_info"].samples[0].labels["target"] == text


QUIET = busy_result(seconds=12)


def test_the_textfile_is_replaced_whole_and_readable_by_the_collector(tmp_path: Path, busy: Result) -> None:
    path = tmp_path / "simulate.prom"
    path.write_text("older")
    before = path.stat().st_ino
    umask = os.umask(0o022)
    try:
        path.chmod(0o644)
        publish(busy, Output(quiet=True, reports=(ReportFile("prometheus", path),)), lambda text: None)
    finally:
        os.umask(umask)
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert list(text_string_to_metric_families(path.read_text()))
