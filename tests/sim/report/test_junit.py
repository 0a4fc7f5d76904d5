"""The report as JUnit XML, read by somebody else: junitparser."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import attrs
import pytest
from junitparser import JUnitXml, TestCase, TestSuite

from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.report.junit import junit_report
from sim.report.result import Result
from sim.report.result_end import ThresholdResult
from sim.report.result_figures import SetupTimes
from tests.support.reports import busy_result


def suites_of(result: Result) -> dict[str, TestSuite]:
    return {suite.name: suite for suite in JUnitXml.fromstring(junit_report(result).encode())}


def case_of(result: Result, suite: str, name: str) -> TestCase:
    (case,) = (case for case in suites_of(result)[suite] if case.name == name)
    return case


def verdict(case: TestCase) -> tuple[str, str]:
    """How it ended, and in which words."""
    if not case.result:
        return "passed", ""
    (found,) = case.result
    return found._tag, found.message


@pytest.fixture(scope="module")
def busy() -> Result:
    return busy_result()


def test_every_part_of_a_run_is_a_suite_and_their_counts_add_up(busy: Result) -> None:
    document = JUnitXml.fromstring(junit_report(busy).encode())
    said = [document.tests, document.failures, document.errors, document.skipped]
    suites = list(document)
    assert [suite.name for suite in suites] == ["limits", "workflows", "consistency", "set-up", "clean-up"]
    for suite in suites:
        kinds = [verdict(case)[0] for case in suite]
        assert suite.tests == len(kinds)
        assert (suite.failures, suite.errors, suite.skipped) == tuple(
            map(kinds.count, ("failure", "error", "skipped"))
        )
    document.update_statistics()
    assert said == [document.tests, document.failures, document.errors, document.skipped]


def limit(**fields: object) -> ThresholdResult:
    usual = ThresholdResult("calls: p(95)<200ms", True, 0.1, 0.2, "s", False, "")
    return attrs.evolve(usual, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({}, "passed", ""),
        ({"passed": False, "measured": 0.5}, "failure", "measured 500ms; the bound is 200ms"),
        ({"passed": False, "measured": None}, "error", "nothing was measured; the bound is 200ms"),
    ],
)
def test_a_limit_passes_fails_with_what_was_measured_or_was_never_measured(
    fields: dict[str, object], kind: str, words: str, busy: Result
) -> None:
    result = attrs.evolve(busy, thresholds=(limit(**fields),))
    assert verdict(case_of(result, "limits", "calls: p(95)<200ms")) == (kind, words)


def test_a_workflow_fails_with_the_steps_at_which_it_did(busy: Result) -> None:
    (name,) = busy.workflows
    story = busy.workflows[name]
    good = attrs.evolve(story, failed_executions=0)
    bad = attrs.evolve(story, total_executions=7, failed_executions=2, failures={"read: tool_error/500": 2})
    none = attrs.evolve(good, total_executions=3, successful_executions=0, interrupted_executions=3)
    assert verdict(case_of(attrs.evolve(busy, workflows={name: good}), "workflows", name)) == ("passed", "")
    failed = case_of(attrs.evolve(busy, workflows={name: bad}), "workflows", name)
    assert verdict(failed) == ("failure", "2 of 7 executions failed")
    assert failed.result[0].text == "2 × read: tool_error/500"
    assert verdict(case_of(attrs.evolve(busy, workflows={name: none}), "workflows", name)) == (
        "skipped",
        "the end of the run cut off 3 executions, and none ended",
    )
    figures = {one.get("name"): float(one.get("value")) for one in failed._elem.iter("property")}
    assert figures["duration.p95"] == pytest.approx(story.latency.p95, abs=1e-5)
    assert failed.time == pytest.approx(busy.sketches.executions[name].service.sum, abs=1e-5)


def test_a_workflow_that_was_not_played_is_skipped_with_the_reason(busy: Result) -> None:
    (name,) = busy.workflows
    idle = attrs.evolve(busy.workflows[name], total_executions=0, failed_executions=0)
    waits = {"never_began": {"postponed": 4}, name: {"dropped": 2}}
    result = attrs.evolve(busy, workflows={name: idle}, not_started=waits)
    for each, reason in ((name, "2 dropped"), ("never_began", "4 postponed")):
        kind, words = verdict(case_of(result, "workflows", each))
        assert kind == "skipped" and words.endswith(reason)


def test_violations_fail_by_kind_with_both_sides_unless_they_are_allowed(busy: Result) -> None:
    lost = case_of(busy, "consistency", "lost_updates")
    assert verdict(lost)[0] == "failure"
    assert "expected the new; saw the old" in lost.result[0].text
    assert verdict(case_of(busy, "consistency", "stale_reads")) == ("passed", "")
    allowed = attrs.evolve(busy, config={**busy.config, "stories": {"allow_violations": True}})
    assert verdict(case_of(allowed, "consistency", "lost_updates"))[0] == "skipped"
    unchecked = attrs.evolve(busy, checks={})
    assert verdict(case_of(unchecked, "consistency", "stale_reads"))[0] == "skipped"
    assert verdict(case_of(unchecked, "consistency", "lost_updates"))[0] == "failure"


def test_a_step_of_the_setup_fails_with_an_example(busy: Result) -> None:
    steps = {
        "login": SetupTimes(mean=0.5, count=3, failures=1, example="no such page"),
        "session": SetupTimes(),
    }
    result = attrs.evolve(busy, setup=steps)
    case = case_of(result, "set-up", "login")
    assert verdict(case) == ("failure", "1 of 4 times it failed")
    assert case.result[0].text == "no such page"
    assert case.time == 1.5
    assert verdict(case_of(result, "set-up", "session"))[0] == "skipped"


def test_what_was_left_behind_fails_and_what_was_to_be_kept_is_skipped() -> None:
    for end, kind in (
        (CleanupEnd(), "passed"),
        (CleanupEnd(kept=True), "skipped"),
        (CleanupEnd(result=CleanupResult(removed=1, remaining=("user x: 500",))), "failure"),
    ):
        result = busy_result(seconds=2, cleanup=end)
        assert verdict(case_of(result, "clean-up", "everything is removed"))[0] == kind, end


@pytest.mark.parametrize(
    "character", [*map(chr, range(32)), "\x7f", "\ud800", "\ufffe", "\uffff", "]]>", "<", "&"]
)
def test_whatever_character_a_server_sends_the_document_is_well_formed(character: str, busy: Result) -> None:
    nasty = f"a{character}b"
    result = attrs.evolve(
        busy,
        thresholds=(limit(threshold=nasty, passed=False, note=nasty),),
        setup={nasty: SetupTimes(count=1, failures=1, example=nasty)},
        target=nasty,
        not_started={nasty: {nasty: 1}},
    )
    root = ET.fromstring(junit_report(result).encode())
    assert len(root) == 5
