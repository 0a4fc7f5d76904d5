"""Whatever a server sets, cookies that are some are kept, and nothing is said of the others."""

from __future__ import annotations

import httpx
import pytest
import trio

from actors.cookies import Cookies, NoCookies
from actors.login.fetch import ask

ODD = [
    "x=1; version=x; max-age=1e999",
    "x=1; expires=" + "9" * 5000,
    "x; version=99999999999999999999",
    "=",
    ";",
]


async def sent_back(jar: Cookies | NoCookies, *given: str) -> str:
    seen: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie", ""))
        headers = [("Set-Cookie", text) for text in given]
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve), cookies=jar) as http:
        await ask(http, "GET", "https://cloud.example.org/")
        await ask(http, "GET", "https://cloud.example.org/")
    return seen[-1]


@pytest.mark.parametrize("odd", ["a=b; expires=1 1 1 1 1 1; max-age=x; version=1", *ODD])
def test_what_is_no_cookie_does_not_take_the_others_along(odd: str) -> None:
    assert "session=s" in trio.run(sent_back, Cookies(), odd, "session=s; Path=/")


def test_where_none_are_kept_none_are_sent() -> None:
    assert trio.run(sent_back, NoCookies(), "session=s; Path=/", *ODD) == ""
