"""The page in a real browser without a network: with scripts and without, dark, narrow, on paper, by keys."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sim.report.html.course import row_columns
from sim.report.html.html_report import charts_of, html_report, page_parts
from sim.report.result import Result
from tests.sim.report.html.test_page import HOSTILE
from tests.support.house import ROOT
from tests.support.reports import busy_result

pytestmark = pytest.mark.browser

AXE = ROOT / "tests" / "support" / "axe" / "axe.min.js.gz"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of `axe.min.js` in the package `axe-core` 4.14.1 of npm."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path).exists()
        launched = playwright.chromium.launch(
            executable_path=None if own else "/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def result() -> Result:
    return busy_result()


@pytest.fixture(scope="module")
def file(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "run.html"
    path.write_text(html_report(result), "utf-8")
    return path


@contextmanager
def opened(browser: Browser, file: Path, **options: Any) -> Iterator[Page]:
    """The page; what it asked for and complained of is held against it at the end."""
    context = browser.new_context(offline=True, **options)
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.goto(file.as_uri())
    yield page
    assert asked == [file.as_uri()]
    assert complaints == []
    context.close()


def test_it_opens_from_disk_asks_for_nothing_and_takes_every_chart_over(
    browser: Browser, file: Path, result: Result
) -> None:
    with opened(browser, file) as page:
        assert page.title().startswith("FAILED: ")
        assert page.locator("h1").is_visible()
        assert page.locator(".plot canvas").count() == len(charts_of(result)) >= 10
        assert page.locator(".plot > svg:visible").count() == 0


def test_without_scripts_the_verdict_the_tables_and_the_pictures_are_there(
    browser: Browser, file: Path, result: Result
) -> None:
    with opened(browser, file, java_script_enabled=False) as page:
        assert page.locator("h1").is_visible() and page.locator("#limits table").is_visible()
        assert page.locator(".plot > svg:visible").count() == len(charts_of(result))
        assert page.locator(".lanes > svg:visible").count() > 0
        assert page.locator("canvas").count() == 0
        assert page.locator("#brush").is_hidden()


def test_on_paper_the_pictures_are_drawn_and_nothing_that_asks_for_a_click(
    browser: Browser, file: Path
) -> None:
    with opened(browser, file) as page:
        page.emulate_media(media="print")
        assert page.locator(".plot > svg:visible").count() > 0
        assert page.locator("canvas:visible").count() == 0
        assert page.locator("summary:visible").count() == 0


def test_in_the_dark_it_is_dark(browser: Browser, file: Path) -> None:
    with opened(browser, file, color_scheme="dark") as page:
        channels = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert max(channels) < 60


@pytest.mark.parametrize("scripts", [True, False])
def test_a_narrow_screen_need_not_be_scrolled_sideways(browser: Browser, file: Path, scripts: bool) -> None:
    options = {"viewport": {"width": 320, "height": 640}, "java_script_enabled": scripts}
    with opened(browser, file, **options) as page:
        box = page.locator("main").bounding_box()
        assert box and box["width"] <= 320
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 640}}],
    ids=["light", "dark", "narrow"],
)
def test_axe_finds_nothing(browser: Browser, file: Path, options: dict[str, Any]) -> None:
    axe = gzip.decompress(AXE.read_bytes())
    assert hashlib.sha256(axe).hexdigest() == AXE_SHA256
    with opened(browser, file, bypass_csp=True, **options) as page:
        page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.evaluate(axe.decode())
        found = page.evaluate("axe.run().then(({violations}) => violations)")
        assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []


def test_keys_move_the_cursor_zoom_all_charts_over_time_and_come_back(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        page.locator("#chart-latency .plot").focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        assert "p95" in page.locator("#said").inner_text()
        assert page.locator("#chart-rate .keys output").first.inner_text() != ""  # one cursor for all
        page.keyboard.press("+")
        assert "answered well" in page.locator("#brush").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("#brush").inner_text() == ""


def test_a_span_is_chosen_with_the_mouse_and_says_what_was_in_it(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        chart = page.locator("#chart-rate .u-over")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box
        page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=4)
        page.mouse.up()
        assert "tool_error/500" in page.locator("#brush").inner_text()
        hidden = page.locator("article[data-at][hidden]").count()
        assert 0 < hidden < page.locator("article[data-at]").count()
        page.get_by_role("button", name="Show all").click()
        assert page.locator("article[data-at][hidden]").count() == 0


def test_a_series_is_hidden_and_a_table_sorted_by_a_click(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        key = page.locator("#chart-latency .keys button").first
        key.click()
        assert key.get_attribute("aria-pressed") == "false"
        table = page.locator("#steps table.sortable").first
        names = table.locator("tbody tr th").all_inner_texts()
        button = table.get_by_role("button", name="p95 s")
        button.click()
        *known, _ = table.locator("tr.part td:nth-child(6)").all_inner_texts()  # of the last nothing is known
        steps = [float(text) for text in known]
        assert steps == sorted(steps, reverse=True)
        assert "whole" in (table.locator("tbody tr").first.get_attribute("class") or "")
        button.click()
        button.click()  # back to the order of the story
        assert table.locator("tbody tr th").all_inner_texts() == names


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_that_a_server_says_is_run(browser: Browser, tmp_path: Path, scripts: bool) -> None:
    result = busy_result(8, text=" ".join(HOSTILE))
    nasty = dict(zip(HOSTILE, [next(iter(result.tools.values()))] * len(HOSTILE), strict=True))
    path = tmp_path / "run.html"
    path.write_text(html_report(attrs.evolve(result, tools=nasty, target=HOSTILE[1])), "utf-8")
    with opened(browser, path, java_script_enabled=scripts) as page:
        assert HOSTILE[0] in page.locator("#steps").inner_text()


def test_a_live_page_adds_rows_shows_parts_anew_and_is_saved_as_a_file_that_opens(
    browser: Browser, file: Path, result: Result, tmp_path: Path
) -> None:
    row = row_columns(attrs.evolve(result.timeseries.rows[-1], at=99.0), 1.0)
    with opened(browser, file) as page:
        before = page.locator("canvas").count()
        page.evaluate("(row) => simulate.append(row)", row)
        page.evaluate("() => simulate.mark(20, 'more users')")
        page.evaluate("(parts) => simulate.show(parts)", {**page_parts(result), "verdict": "<h1>anew</h1>"})
        assert page.locator("h1").inner_text() == "anew"
        assert page.locator("canvas").count() == before
        saved = tmp_path / "saved.html"
        saved.write_text(page.evaluate("() => simulate.freeze()"), "utf-8")
    with opened(browser, saved) as page:
        assert page.locator("canvas").count() == before
        last = "JSON.parse(document.getElementById('charts').textContent).columns.at.at(-1)"
        assert page.evaluate(last) == 99
