"""The report as JUnit XML, as CI servers read it: https://github.com/testmoapp/junitxml.

What was looked at and found wrong is a failure; what was to be measured and was not is an error; what the
run never came to is skipped.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

import attrs

from actors.expectations import ViolationKind
from sim.report.headline import amount
from sim.report.page import duration, one_line, several
from sim.report.result import PRODUCT, Result
from sim.report.result_end import Consistency, ThresholdResult
from sim.report.result_figures import SetupTimes, WorkflowCounts

Told = tuple[str, str] | None
"""In one line, and at length; None: there is nothing to tell."""


@attrs.frozen
class JUnitCase:
    """One thing that was looked at.

    Attributes:
        failure, error, skipped: at most one of them.
        seconds: how long it took in all; None where it is no time that was spent.
        properties: figures for who looks closer.
    """

    name: str
    failure: Told = None
    error: Told = None
    skipped: Told = None
    seconds: float | None = None
    properties: Sequence[tuple[str, str]] = ()


def junit_report(result: Result) -> str:
    """A suite for the limits, the workflows, the consistency, the set-up and the clean-up."""
    suites = {
        "limits": [_limit(each) for each in result.thresholds],
        "workflows": list(_workflows(result)),
        "consistency": list(_consistency(result)),
        "set-up": [_setup(name, times) for name, times in result.setup.items()],
        "clean-up": [_cleanup(result)],
    }
    root = ET.Element("testsuites", name=PRODUCT, time=_number(result.summary.duration))
    for name, cases in suites.items():
        _put_suite(root, name, cases, result)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _limit(limit: ThresholdResult) -> JUnitCase:
    bound = f"the bound is {amount(limit.bound, limit.unit)}"
    if limit.measured is None:
        return JUnitCase(limit.threshold, error=(f"nothing was measured; {bound}", limit.note))
    measured = f"measured {amount(limit.measured, limit.unit)}; {bound}"
    broke = "" if limit.broke_at is None else f"first broken after {duration(limit.broke_at)}"
    figures = (("measured", _number(limit.measured)), ("bound", _number(limit.bound)), ("unit", limit.unit))
    failure = None if limit.passed else (measured, "\n".join(filter(None, (broke, limit.note))))
    return JUnitCase(limit.threshold, failure=failure, properties=figures)


def _workflows(result: Result) -> Iterator[JUnitCase]:
    for name, story in result.workflows.items():
        yield _workflow(result, name, story)
    for name, reasons in result.not_started.items():
        if name not in result.workflows:
            yield JUnitCase(name, skipped=(_not_started(reasons), ""))


def _workflow(result: Result, name: str, story: WorkflowCounts) -> JUnitCase:
    """It takes as long as its successful executions took together."""
    kept = result.sketches.executions.get(name)
    figures = [
        (f"{what}.{key}", _number(value))
        for what, times in (("duration", story.latency), ("response", story.response_time))
        for key, value in attrs.asdict(times).items()
        if value is not None
    ]
    counted = ("total_executions", "successful_executions", "failed_executions", "interrupted_executions")
    figures += [(key, str(getattr(story, key))) for key in counted]
    return JUnitCase(
        name,
        failure=_failed(story),
        skipped=_skipped(story, result.not_started.get(name, {})),
        seconds=kept.service.sum if kept else None,
        properties=figures,
    )


def _failed(story: WorkflowCounts) -> Told:
    if not story.failed_executions:
        return None
    head = f"{story.failed_executions:,} of {several(story.total_executions, 'execution')} failed"
    return head, "\n".join(f"{count:,} × {what}" for what, count in story.failures.items())


def _skipped(story: WorkflowCounts, not_started: dict[str, int]) -> Told:
    if story.is_unknown:
        return (
            f"the end of the run cut off {several(story.total_executions, 'execution')}, and none ended",
            "",
        )
    return None if story.total_executions else (_not_started(not_started), "")


def _not_started(reasons: dict[str, int]) -> str:
    told = ", ".join(f"{count:,} {why}" for why, count in reasons.items())
    return f"no execution was due in the measured phase{f'; {told}' if told else ''}"


def _consistency(result: Result) -> Iterator[JUnitCase]:
    """A case a kind of violation, of all phases; passed where something was checked and held."""
    known = {kind.value for kind in ViolationKind}
    found = {kind for story in result.consistency.values() for kind in story.violations}
    for kind in (*sorted(known), *sorted(found - known)):
        count = sum(story.violations.get(kind, 0) for story in result.consistency.values())
        told = (several(count, "violation"), "\n".join(_seen(result.consistency, kind)))
        if count and _are_allowed(result):
            yield JUnitCase(kind, skipped=(f"{told[0]}, which were allowed", told[1]))
        elif count:
            yield JUnitCase(kind, failure=told)
        else:
            yield JUnitCase(
                kind, skipped=None if any(result.checks.values()) else ("nothing was checked", "")
            )


def _are_allowed(result: Result) -> bool:
    """Whether violations were not to set the exit code."""
    stories = result.config.get("stories")
    return isinstance(stories, dict) and stories.get("allow_violations") is True


def _seen(stories: dict[str, Consistency], kind: str) -> Iterator[str]:
    for name, story in stories.items():
        for one in story.examples:
            if one.kind == kind:
                where = f"{name}.{one.step} by {one.user} after {duration(one.at)}"
                trace = f"; trace {one.trace_id}" if one.trace_id else ""
                yield f"{where}: expected {one.expected}; saw {one.seen}{trace}"


def _setup(name: str, times: SetupTimes) -> JUnitCase:
    total = times.count + times.failures
    head = f"{times.failures:,} of {several(total, 'time')} it failed"
    return JUnitCase(
        name,
        failure=(head, times.example) if times.failures else None,
        skipped=None if total else ("it was never done", ""),
        seconds=None if times.mean is None else times.mean * times.count,
    )


def _cleanup(result: Result) -> JUnitCase:
    """Whether everything that was made is gone; skipped where it was to be kept."""
    end, name = result.cleanup, "everything is removed"
    if end.left_behind:
        head = f"{several(len(end.left_behind), 'thing')} left behind"
        return JUnitCase(name, failure=(head, "\n".join(map(one_line, end.left_behind))))
    return JUnitCase(name, skipped=(end.text or "users were kept", "") if end.kept else None)


def _put_suite(root: ET.Element, name: str, cases: Sequence[JUnitCase], result: Result) -> None:
    suite = ET.SubElement(root, "testsuite", name=name)
    if result.wall_clock.began:
        suite.set("timestamp", one_line(result.wall_clock.began))
    counted = {"tests": len(cases)}
    for key, part in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counted[key] = sum(getattr(case, part) is not None for case in cases)
    for key, count in counted.items():
        suite.set(key, str(count))
    suite.set("time", _number(sum(case.seconds or 0.0 for case in cases)))
    _put_properties(suite, _of_run(result))
    for case in cases:
        _put_case(suite, f"simulate.{name}", case)


def _of_run(result: Result) -> list[tuple[str, str]]:
    return [
        *(("target", result.target), ("clock", result.clock), ("seed", str(result.seed))),
        *(("version", result.version), ("run_id", result.run_id), ("exit_code", str(result.exit_code))),
    ]


def _put_case(suite: ET.Element, of: str, case: JUnitCase) -> None:
    element = ET.SubElement(suite, "testcase", classname=of, name=one_line(case.name))
    element.set("time", _number(case.seconds or 0.0))
    _put_properties(element, case.properties)
    for tag, told in (("failure", case.failure), ("error", case.error), ("skipped", case.skipped)):
        if told is not None:
            found = ET.SubElement(element, tag, message=one_line(told[0]))
            found.text = "\n".join(map(one_line, told[1].splitlines())) or None


def _put_properties(element: ET.Element, figures: Sequence[tuple[str, str]]) -> None:
    """XML has no place for most control characters, not even escaped (XML 1.0, 2.2): `one_line`."""
    if figures:
        inside = ET.SubElement(element, "properties")
        for name, value in figures:
            ET.SubElement(inside, "property", name=name, value=one_line(value))


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
