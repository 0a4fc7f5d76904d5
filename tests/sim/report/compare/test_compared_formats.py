"""A comparison in every format: read back by those who read such formats, and nobody's text is markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from junitparser import JUnitXml

from sim.report.compare.compared_files import MARKER, compared_markdown
from sim.report.compare.compared_formats import COMPARISON_FORMATS
from sim.report.compare.judging import Judgement
from sim.report.compare.run_comparison import Rules, RunComparison, compare_runs
from tests.support.made_runs import Made, named_runs

EVIL = '<script>alert("@all")</script>|`\\'


@pytest.fixture(scope="module")
def worse() -> RunComparison:
    before = [(name, attrs.evolve(result, target=EVIL)) for name, result in named_runs(f"{EVIL}/a", 5)]
    return compare_runs(before, named_runs("b", 5, Made(tail=1.5)), (EVIL, "now"), Rules())


class Tags(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.sources += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "line", "circle", "path", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_calls_nobody_and_runs_nothing(worse: RunComparison) -> None:
    tags = Tags()
    page = COMPARISON_FORMATS["html"](worse)
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.found
    assert tags.sources == []
    assert tags.found.count("path") == 6
    assert tags.found.count("circle") == len(worse.shape) == 11
    assert "NaN" not in page


def test_junit_fails_what_is_worse_and_nothing_that_informs(worse: RunComparison, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(COMPARISON_FORMATS["junit"](worse))
    (suite,) = JUnitXml.fromfile(str(path))
    failed = {case.name for case in suite if any(type(r).__name__ == "Failure" for r in case.result)}
    assert failed == {e.metric for e in worse.metrics if e.gates and e.verdict is Judgement.WORSE}
    assert suite.failures == len(failed) > 0
    assert suite.tests == len(worse.metrics)


def test_json_has_every_metric_with_its_interval(worse: RunComparison) -> None:
    plain = json.loads(COMPARISON_FORMATS["json"](worse))
    assert plain["verdict"] == "worse"
    found = {each["metric"]: each for each in plain["metrics"]}
    assert found["calls.p95"]["low"] < found["calls.p95"]["shift"] < found["calls.p95"]["high"]


def test_markdown_can_be_found_again_and_mentions_nobody(worse: RunComparison) -> None:
    text = compared_markdown(worse)
    assert text.startswith(MARKER)
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"@[a-z]", text)
    rows = [line for line in text.splitlines() if line.startswith("| calls")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)


def test_the_text_says_the_verdict_first_and_how_sure_it_is(worse: RunComparison) -> None:
    lines = COMPARISON_FORMATS["text"](worse).splitlines()
    assert re.match(r"WORSE: calls\.p95 \+\d+(\.\d)? … \+\d+", lines[1])
    assert any("Welch's t" in line and "Holm" in line for line in lines)
    assert all(len(line) <= 120 for line in lines)


@pytest.mark.parametrize("name", COMPARISON_FORMATS)
def test_force_is_said_in_every_format(name: str) -> None:
    before = [(n, attrs.evolve(r, comparable="another")) for n, r in named_runs("f/a", 2)]
    forced = compare_runs(before, named_runs("f/b", 2), ("a", "b"), Rules(force=True))
    assert "another configuration" in COMPARISON_FORMATS[name](forced)


@pytest.mark.parametrize("name", COMPARISON_FORMATS)
def test_one_run_against_one_has_every_format(name: str) -> None:
    single = compare_runs(named_runs("s/a", 1), named_runs("s/b", 1), ("a", "b"), Rules())
    assert "noise inside the runs only" in COMPARISON_FORMATS[name](single)
