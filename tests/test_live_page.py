"""The page of a run while it goes on, in a real browser: seen, steered, closed and opened again, kept."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.processes import environment, simulate
from tests.support.warm import WarmPopen

ARGUMENTS = (
    *("--live", "--users", "3", "--login", "http", "--duration", "600s", "--warmup", "1s", "--grace", "2s"),
    *("--workload", "baseline", "--threshold", "calls: p(95)<30s", "--quiet", "-o", "run.json"),
)
BOUND_S = 60.0
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = next((p for p in ("/usr/bin/chromium",) if Path(p).exists()), None)
        expect.set_options(timeout=1000 * BOUND_S)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Going:
    """A run in a process of its own, with a page."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        arguments = [each for each in ARGUMENTS if each != "--quiet"]
        self._said = (folder / "said").open("w+")
        self.process = WarmPopen(
            [sys.executable, "-m", "sim", *arguments, *more],
            cwd=folder,
            env=environment({}, folder),
            stdout=subprocess.DEVNULL,
            stderr=self._said,
        )
        self.address = self._read_address()

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def _read_address(self) -> str:
        deadline = time.monotonic() + BOUND_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.said.splitlines():
                if line.startswith("Live page: "):
                    return line.removeprefix("Live page: ")
            time.sleep(0.1)
        raise AssertionError(f"no page: {self.said}")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._said.close()


@pytest.fixture
def going(tmp_path: Path) -> Iterator[Going]:
    run = Going(tmp_path)
    yield run
    run.end()


def state_of(page: Page, words: str) -> None:
    expect(page.locator("#live .state")).to_contain_text(words)


def opened(browser: Browser, address: str, complaints: list[str]) -> Page:
    page = browser.new_context(accept_downloads=True).new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    return page


def test_a_run_is_seen_steered_left_and_kept_in_a_browser(browser: Browser, going: Going) -> None:
    complaints: list[str] = []
    page = opened(browser, going.address, complaints)
    assert "t=" not in page.url
    state_of(page, "measured")
    page.fill("[name=word]", "deploy <b>")
    page.get_by_role("button", name="Mark").click()
    expect(page.locator("#live li").first).to_have_text("deploy <b>")
    page.fill("[name=wanted]", "2")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#live li").first).to_have_text("2 users wanted")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()

    # Closed in mid-run, and opened again: in the same browser without the token, and what was is still told.
    address, context = page.url, page.context
    page.close()
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    state_of(page, "measured")
    expect(page.locator("figure.chart").first).to_be_visible()

    silent = httpx.Client()
    stream = silent.stream(
        "GET", f"{address}events", cookies={each["name"]: each["value"] for each in context.cookies()}
    )
    stream.__enter__()  # and it never reads
    page.get_by_role("button", name="Stop", exact=True).click()
    state_of(page, "finished: exit code 130")
    assert going.process.wait(timeout=BOUND_S) == 130
    assert "INCONCLUSIVE" in page.inner_text("#verdict")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Save").click()
    saved = Path(kept.value.path()).read_text()
    silent.close()
    assert complaints == []

    result = json.loads((going.folder / "run.json").read_text())
    assert result["steered"] is True and result["stopped"] == "stopped by hand"
    told = [(each["kind"], each["text"]) for each in result["annotations"]]
    assert told == [
        ("mark", "deploy <b>"),
        ("load", "2 users wanted"),
        ("pause", "paused"),
        ("resume", "went on"),
        ("stop", "stopped"),
    ]
    report = simulate(["report", "run.json", "--format", "html"], {}, going.folder)
    assert saved == report.stdout


def test_other_pages_and_other_names_get_nothing(going: Going) -> None:
    url = httpx.URL(going.address)
    token = url.params["t"]
    with httpx.Client(base_url=f"http://{HOST}:{url.port}") as client:
        assert client.get("/").status_code == 401
        assert client.get("/", params={"t": token}, headers={"host": "evil.example"}).status_code == 421
        assert client.get("/", params={"t": token}).status_code == 303
        order = {"do": "stop"}
        for headers in (
            {},
            {"origin": "http://evil.example", "x-simulate": "1"},
            {"origin": str(client.base_url)},
        ):
            assert client.post("/orders", json=order, headers=headers).status_code == 403
        good = {"origin": f"http://{HOST}:{url.port}", "x-simulate": "1"}
        assert client.post("/orders", json={"do": "stop", "now": True}, headers=good).status_code in (
            200,
            409,
        )


def test_no_page_on_virtual_time_and_none_beyond_this_machine_unasked(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short")
    for arguments, words in (
        (("--virtual", "--live"), "not with --virtual"),
        (("--live-host", "0.0.0.0"), "--yes"),
        (("--live-host", "example.org"), "no IP address"),
        (("--metrics-token-file", "nowhere"), "--metrics-token-file"),
        (("--virtual", "--metrics-token-file", "token"), "not with --virtual"),
        (("--quiet", "--metrics-token-file", "token"), "16 characters"),
    ):
        done = simulate(arguments, {}, tmp_path)
        assert (done.returncode, words in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), (
            done.stderr
        )


def test_a_stored_result_is_served_at_any_time_until_it_is_told_to_end(tmp_path: Path) -> None:
    arguments = (
        "--virtual",
        "--users",
        "2",
        "--duration",
        "2s",
        "--warmup",
        "0s",
        "-o",
        "run.json",
        "--quiet",
    )
    assert simulate(arguments, {}, tmp_path).returncode == 0
    report = simulate(["report", "run.json", "--format", "html"], {}, tmp_path).stdout
    process = WarmPopen(
        [sys.executable, "-m", "sim", "serve", "run.json"],
        cwd=tmp_path,
        env=environment({}, tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        with httpx.Client(follow_redirects=True) as client:
            assert client.get(address).text == report
            assert client.get(address.partition("?")[0] + "events").status_code == 404
        process.terminate()
        assert process.wait(timeout=BOUND_S) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
