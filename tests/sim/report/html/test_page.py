"""The page as a file: complete without scripts, the same for the same result, obeying nobody's texts."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from sim.report.html.html_report import asset, html_report, page, page_parts
from sim.report.result import Result
from sim.report.result_json import from_json, to_json
from sim.report.verdict_text import opening
from tests.support.house import ROOT
from tests.support.reports import busy_result

MAX_EMPTY_BYTES, MAX_HOUR_BYTES = 120_000, 600_000
UPLOT_SHA256 = "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"
"""Of `dist/uPlot.iife.min.js` in the package `uplot` 1.6.32 of npm."""
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "<!--<script>",
    "]]><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;b&gt;",
)


class Outline(html.parser.HTMLParser):
    """What a browser makes of it: the elements, their attributes, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def result() -> Result:
    return busy_result()


def embedded(text: str, name: str) -> object:
    (found,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_the_verdict_comes_first_then_the_answers_the_limits_and_the_course(result: Result) -> None:
    text = html_report(result)
    order = [
        f'id="{name}"' for name in ("verdict", "answers", "limits", "troubles", "facts", "course", "steps")
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert opening(result).sentence in text.replace("_<wbr>", "_")
    for question in ("Carries", "Slow where", "Correct", "Trust"):
        assert f"<h2>{question}</h2>" in text


def test_nothing_is_asked_of_anybody(result: Result) -> None:
    outline = Outline(html_report(result))
    for _, attributes in outline.elements:
        assert not set(attributes) & {"src", "href", "action", "style", "background", "srcset"}
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in asset("report.css") and "@import" not in asset("report.css")


def test_the_policy_allows_the_files_own_scripts_and_style_and_nothing_else(result: Result) -> None:
    text = html_report(result)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    inline = [
        *re.findall(r"<script>(.*?)</script>", text, re.S),
        *re.findall(r"<style>(.*?)</style>", text, re.S),
    ]
    hashes = {base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline}
    assert set(re.findall(r"'sha256-([^']*)'", policy)) == hashes and len(hashes) == 3


def test_every_chart_has_a_picture_a_sentence_and_its_figures(result: Result) -> None:
    figures = re.findall(r"<figure.*?</figure>", html_report(result), re.S)
    assert len(figures) >= 7
    for figure in figures:
        assert '<svg xmlns="http://www.w3.org/2000/svg"' in figure
        assert re.search(r'class="says">[^<]{8,}<', figure)
        assert figure.count("<details>") == 1 and "<tbody>" in figure
        assert "style=" not in figure


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_server_says_is_text_and_no_markup(text: str) -> None:
    plain = busy_result(8)
    poisoned = attrs.evolve(
        busy_result(8, text=text),
        target=text,
        command=("simulate", text),
        users={text: next(iter(plain.users.values()))},
        tools={text: next(iter(plain.tools.values()))},
        regions={text: next(iter(plain.regions.values())), "b": next(iter(plain.regions.values()))},
        workflows={text: next(iter(plain.workflows.values()))},
        cleanup=attrs.evolve(plain.cleanup, left_behind=(text,), notes=(text,)),
        stopped=text,
        login=text,
        protocols={text: 1},
    )
    outline = Outline(html_report(poisoned))
    tame = Outline(html_report(attrs.evolve(poisoned, target="t")))
    assert any(text in each for each in outline.texts)
    assert len(outline.all("script")) == len(tame.all("script")) == 4
    assert not outline.all("img") and not [
        name for _, a in outline.elements for name in a if name.startswith("on")
    ]
    document = embedded(html_report(poisoned), "result")
    assert isinstance(document, dict) and document["target"] == text


def test_the_same_result_gives_the_same_bytes_whatever_the_seed_of_hashes(
    tmp_path: Path, result: Result
) -> None:
    path = tmp_path / "run.json"
    path.write_text(to_json(result))
    script = (
        "import hashlib, pathlib, sys; from sim.report.result_json import from_json; "
        "from sim.report.html.html_report import html_report; "
        "text = html_report(from_json(pathlib.Path(sys.argv[1]).read_text())); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script, str(path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert said == {hashlib.sha256(html_report(result).encode()).hexdigest()}


def test_a_result_that_was_read_back_gives_the_same_page(result: Result) -> None:
    assert html_report(from_json(to_json(result))) == html_report(result)


def test_it_weighs_little_before_data_and_for_an_hour() -> None:
    assert len(html_report(bare(busy_result(1))).encode()) <= MAX_EMPTY_BYTES
    hour = busy_result(120)
    rows = hour.timeseries.rows
    rows = tuple(attrs.evolve(rows[at % len(rows)], at=float(at)) for at in range(3600))
    users = {f"user_{number}": next(iter(hour.users.values())) for number in range(500)}
    hour = attrs.evolve(hour, users=users, timeseries=attrs.evolve(hour.timeseries, rows=rows))
    assert len(html_report(hour).encode()) <= MAX_HOUR_BYTES


def test_the_charts_library_is_the_one_that_was_published_and_comes_with_its_licence() -> None:
    assert hashlib.sha256(asset("uPlot.iife.min.js").encode()).hexdigest() == UPLOT_SHA256
    assert "MIT License" in asset("uPlot.LICENSE") and "Leon Sorokin" in asset("uPlot.LICENSE")


def test_a_live_page_may_bring_a_script_and_a_source_of_its_own(result: Result) -> None:
    text = page(result, "1", sources="connect-src 'self'")
    assert "<script>1</script>" in text and "connect-src &#39;self&#39;" in text
    assert page(result) == html_report(result)


def test_its_parts_are_what_stands_in_the_whole(result: Result) -> None:
    text = html_report(result)
    assert set(page_parts(result)) == {
        *("verdict", "answers", "limits", "troubles", "facts", "steps", "cards", "parts", "stories", "shape"),
        *("setup", "course-charts", "own-charts"),
    }
    for name, inside in page_parts(result).items():
        assert inside in text and f'id="{name}"' in text


def test_a_run_of_which_nothing_was_measured_has_a_page_too() -> None:
    result = bare(busy_result(1))
    assert opening(result).sentence in html_report(result).replace("_<wbr>", "_")


def bare(result: Result) -> Result:
    """The same without anything that was measured."""
    nothing = ("workflows", "users", "tools", "examples", "propagation", "consistency", "regions", "groups")
    without = {name: {} for name in nothing} | {"levels": (), "thresholds": (), "command": ()}
    return attrs.evolve(result, timeseries=attrs.evolve(result.timeseries, rows=()), **without)
