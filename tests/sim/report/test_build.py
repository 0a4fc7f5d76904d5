"""The document of a run as JSON: every figure in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending, ViolationKind
from sim.config.grammar.threshold import parse_threshold
from sim.load.watchdog import Breakpoint
from sim.measure.thresholds import judge
from sim.report.result_json import to_json
from tests.support.facts import call, execution, propagation, recorder_of, result_of, violation
from tests.support.tallying import Recorder


async def report_of(*facts: Any, limits: tuple[str, ...] = (), **info: Any) -> dict[str, Any]:
    recorder = recorder_of(facts)
    await trio.sleep(2)
    verdicts = tuple(judge(parse_threshold(text), recorder.settled()) for text in limits)
    return as_json(recorder, verdicts=verdicts, **info)


def as_json(recorder: Recorder, **fields: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(to_json(result_of(recorder, **fields)))
    return parsed


async def test_limits_stand_in_it_with_what_was_measured(autojump_clock: MockClock) -> None:
    texts = ("calls: max<1s", "errors: rate<1%", "propagation: p(99)<2s")
    report = await report_of(call(0.5), call(outcome=Outcome.TOOL_ERROR), limits=texts)
    usual = {"aborts": False, "note": "", "broke_at": None}
    assert report["thresholds"] == [
        {"threshold": texts[0], "passed": True, "measured": 0.5, "bound": 1.0, "unit": "s", **usual},
        {"threshold": texts[1], "passed": False, "measured": 0.5, "bound": 0.01, "unit": "fraction", **usual},
        {"threshold": texts[2], "passed": False, "measured": None, "bound": 2.0, "unit": "s", **usual},
    ]


async def test_what_a_search_found_stands_in_it(autojump_clock: MockClock) -> None:
    found = Breakpoint(held=12.5, broke=13.0, by=("errors: rate<1%: 4%",))
    report = await report_of(call(), breakpoint=found)
    assert report["breakpoint"] == {
        "held": 12.5,
        "broke": 13.0,
        "by": ["errors: rate<1%: 4%"],
        "silent": [],
        "succeeded": None,
        "note": "",
        "text": "12.5/s held, 13/s did not (errors: rate<1%: 4%)",
    }
    assert (await report_of(call()))["breakpoint"] is None


async def test_groups_and_regions_have_the_figures_that_calls_have(autojump_clock: MockClock) -> None:
    report = await report_of(call(0.1, group="readers", region="eu"), call(0.3, group="writers", region="eu"))
    assert report["groups"]["readers"]["latency"]["max"] == pytest.approx(0.1)
    assert report["regions"]["eu"] == report["calls"]
    assert report["groups"]["readers"].keys() == report["calls"].keys()


async def test_operations_of_single_users_and_workflows_of_many_are_counted_apart(
    autojump_clock: MockClock,
) -> None:
    report = await report_of(
        *(call(workflow="baseline", step="search_notes") for _ in range(3)),
        call(workflow="baseline", step="list_files", outcome=Outcome.TOOL_ERROR, status=404),
        call(),
        execution(workflow="baseline"),
        execution(),
        execution(ending=Ending.FAILED),
    )
    assert report["summary"] == {
        "duration": 2.0,
        "total_workflows": 2,
        "total_baseline_ops": 4,
        "total_users": 2,
        "total_operations": 5,
    }
    assert report["baseline"]["operations_breakdown"] == {"search_notes": 3, "list_files": 1}
    assert report["baseline"]["errors_breakdown"] == {"tool_error/404": 1}
    assert report["workflows"]["note_share"]["success_rate"] == 50.0
    assert report["users"]["loadtest_user_1"]["total_operations"] == report["calls"]["total"]


async def test_violations_have_examples_at_their_time_in_the_run(autojump_clock: MockClock) -> None:
    recorder = recorder_of([])
    await trio.sleep(3)
    seen = (violation(ViolationKind.STALE_READ),)
    recorder(execution(ending=Ending.FAILED, violations=seen))
    consistency = as_json(recorder)["consistency"]["note_share"]
    assert consistency["violations"] == {"stale_reads": 1}
    (example,) = consistency["examples"]
    assert (example["kind"], example["expected"], example["at"]) == ("stale_reads", "the new", 3.0)


async def test_a_propagation_is_an_interval_under_the_name_of_its_workflow(
    autojump_clock: MockClock,
) -> None:
    report = await report_of(execution(intervals=(propagation(0.0, 0.2), propagation(0.3, 0.4))))
    spans = report["propagation"]["note_share.propagation"]
    assert (spans["count"], spans["first_look_hit"]) == (2, 1)
    assert (spans["lower"]["max"], spans["upper"]["max"]) == (0.3, 0.4)


async def test_a_run_without_a_fact_has_a_report_of_the_same_keys(autojump_clock: MockClock) -> None:
    nothing = as_json(Recorder())
    assert nothing.keys() == (await report_of(call())).keys()
    assert nothing["calls"]["latency"]["p95"] is None
    assert nothing["baseline"]["total_operations"] == 0
