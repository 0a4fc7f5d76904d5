"""What a page or a header may hold, and no login may stumble over or be held up by."""

from __future__ import annotations

import time

import httpx
import pytest

from actors.login import browser_visit
from actors.login.client import is_refusal
from actors.login.fetch import Reply
from actors.login.html import MAX_DEPTH, HtmlReader
from actors.login.http_driver import referer_of
from actors.login.pages import LoginPage
from actors.login.token_answer import MIN_LIFE_S, life_of

FORM = "<form method=post action='/login'><input name=password type=password></form>"


@pytest.mark.parametrize(
    "rest", ["<![", "<![%x", "<![\n", "&#" + "9" * 5000 + ";", "<a b='&#" + "9" * 5000 + "'>"]
)
def test_what_the_parser_cannot_read_leaves_what_came_before(rest: str) -> None:
    page = LoginPage("https://cloud/x", FORM + rest + FORM)
    assert page.is_login
    assert LoginPage("https://cloud/x", rest).is_login is False


def test_nesting_is_bounded_and_what_is_hidden_stays_so_below() -> None:
    reader = HtmlReader()
    reader.take("<div hidden>" + "<b>" * 100_000 + FORM)
    assert len(reader._open) <= MAX_DEPTH
    assert [form.asks_password for form in reader.forms] == [False]


def test_the_work_on_a_page_grows_with_its_length_alone() -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        LoginPage("https://cloud/x", "<b>" * count + "</i>" * count)
        return time.process_time() - begun

    seconds(100)
    # Ten times the length: with quadratic work a hundred times the time.
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.005)


@pytest.mark.parametrize("year", ["9" * 20, "9" * 5000])
@pytest.mark.parametrize(
    "said", ["Mon, 01 Jan {} 00:00:00 GMT", "Mon, 01 Jan 2026 {}:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +{}"]
)
def test_a_retry_after_beyond_all_calendars_says_nothing(said: str, year: str) -> None:
    assert Reply("u", 429, httpx.Headers({"Retry-After": said.format(year)}), b"").retry_after_s in (None, 0)


class Odd:
    """An error page in a browser, with a header beyond ASCII."""

    url, status = "https://cloud/x", 503

    async def body(self) -> bytes:
        return b"{}"

    async def all_headers(self) -> dict[str, str]:
        return {"server": "Fräulein", "x-nextcloud-maintenance-mode": "1"}


async def reason() -> str:
    return await browser_visit.reason_of(Odd())  # type: ignore[arg-type]


def test_an_error_page_with_a_header_beyond_ascii_is_told_like_any_other() -> None:
    import asyncio

    assert "maintenance" in asyncio.run(reason())


def test_a_form_names_the_page_that_it_is_sent_from_however_long_its_address_is() -> None:
    url = "https://cloud.example.org/" + "a" * 500
    assert referer_of(f"{url}?code=secret#x") == url


@pytest.mark.parametrize("life", [1e-300, 0.001, "0.01"])
def test_tokens_are_not_asked_for_without_a_pause(life: object) -> None:
    assert life_of(life) == MIN_LIFE_S


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        (httpx.Response(400, json={"error": "invalid_client_metadata"}), True),
        (httpx.Response(403, json={"error": "access_denied"}), True),
        (httpx.Response(429, html="slow down"), True),
        (httpx.Response(408, json={"error": "timeout"}), False),
        (httpx.Response(403, html="<h1>blocked</h1>"), False),
        (httpx.Response(404, html="<h1>nothing</h1>"), False),
        (httpx.Response(404), False),
        (httpx.Response(499), False),
        (httpx.Response(502, json={"error": "x"}), False),
    ],
)
def test_only_the_servers_own_word_says_that_there_is_no_client(answer: httpx.Response, is_one: bool) -> None:
    assert is_refusal(Reply("u", answer.status_code, answer.headers, answer.content)) is is_one
