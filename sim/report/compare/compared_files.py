"""A comparison for machines and for pull requests: JSON, Markdown, JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import attrs

from sim.report.compare.compared_words import headline, method, more, reading, remarks, sides
from sim.report.compare.judging import Compared, Judgement
from sim.report.compare.run_comparison import RunComparison
from sim.report.markdown import bullets, safe, table
from sim.report.result_json import presentable, written

MARKER = "<!-- simulate:compare -->"
"""By which a comment is found again that is to be replaced."""
SUITE = "comparison"


def compared_json(comparison: RunComparison) -> str:
    """All of it, with plain names."""
    plain: dict[str, Any] = attrs.asdict(comparison)
    return written(presentable(_plain(plain))) + "\n"


def compared_markdown(comparison: RunComparison) -> str:
    """For a comment: the verdict, what decides, the rest folded away."""
    header = ("Metric", "Before", "After", "Shift", "Interval", "Verdict")
    deciding, others = (
        [(safe(each.metric), *map(safe, reading(each))) for each in comparison.metrics if each.gates == gates]
        for gates in (True, False)
    )
    parts = [MARKER, f"## Comparison: {safe(headline(comparison))}", bullets(sides(comparison))]
    if deciding:
        parts.append(table(header, deciding))
    notes = [comparison.shape_text, *remarks(comparison), method(comparison)]
    parts.append(bullets(line for line in notes if line))
    if others:
        parts += ["<details><summary>What informs</summary>", table(header, others), "</details>"]
    return "\n\n".join(part for part in parts if part) + "\n"


def compared_junit(comparison: RunComparison) -> str:
    """A case a metric: worse is a failure, inconclusive is skipped; what informs never fails."""
    suite = ET.Element("testsuite", name=SUITE)
    for each in comparison.metrics:
        case = ET.SubElement(suite, "testcase", classname=SUITE, name=each.metric)
        text = _of_case(each)
        if each.gates and each.verdict is Judgement.WORSE:
            ET.SubElement(case, "failure", message=text, type="worse").text = headline(comparison)
        elif each.gates and each.verdict is Judgement.INCONCLUSIVE:
            ET.SubElement(case, "skipped", message=text)
        ET.SubElement(case, "system-out").text = text
    for kind, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    ET.SubElement(suite, "system-out").text = "\n".join([*sides(comparison), *remarks(comparison)])
    suite.set("errors", "0")
    suites = ET.Element("testsuites", name="simulate compare")
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _of_case(each: Compared) -> str:
    before, after, moved, between, verdict = reading(each)
    told = more(each) or each.note
    return f"{each.metric} {verdict}: {before} → {after}, {moved} ({between})" + (f"; {told}" if told else "")


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Judgement():
            return value.value
        case _:
            return value
