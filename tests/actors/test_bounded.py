"""Whatever Nextcloud sends, an answer of it ends, and takes no more room than any that is of use."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import trio

from actors import bounded
from actors.accounts import OcsAccounts
from actors.content import Account
from actors.errors import SetupError
from actors.ports import Person
from actors.secret import Secret


class Body(httpx.AsyncByteStream):
    """Comes piece by piece, and tells how much of it was taken, and whether it was closed."""

    def __init__(self, piece: bytes, pause_s: float = 0) -> None:
        self.piece, self.pause_s, self.taken, self.is_closed = piece, pause_s, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await trio.sleep(self.pause_s)
            self.taken += 1
            yield self.piece

    async def aclose(self) -> None:
        self.is_closed = True


def client(answer: httpx.Response) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="http://cloud.test", transport=httpx.MockTransport(lambda _: answer))


async def test_a_body_without_end_is_left_at_its_bound() -> None:
    body = Body(b" " * 2**20)
    async with client(httpx.Response(200, stream=body)) as http:
        with pytest.raises(bounded.OutOfBounds, match="more than"):
            await bounded.request(http, "GET", "/")
    assert body.taken <= bounded.MAX_BYTES // 2**20 + 1
    assert body.is_closed


async def test_a_body_that_drips_is_left_after_its_time(autojump_clock: object) -> None:
    body, began = Body(b" ", pause_s=1.0), trio.current_time()
    async with client(httpx.Response(200, stream=body)) as http:
        with pytest.raises(bounded.OutOfBounds, match="no answer within"):
            await bounded.request(http, "GET", "/")
    assert trio.current_time() - began == pytest.approx(bounded.ANSWER_S)
    assert body.is_closed


async def test_a_coding_that_was_not_asked_for_is_undone_and_its_bombs_are_bounded() -> None:
    headers = {"Content-Encoding": "gzip"}
    async with client(httpx.Response(200, headers=headers, content=gzip.compress(b"{}"))) as http:
        answer = await bounded.request(http, "GET", "/")
    assert answer.content == b"{}"
    assert "content-encoding" not in answer.headers
    bomb = gzip.compress(b" " * (bounded.MAX_BYTES + 1))
    async with client(httpx.Response(200, headers=headers, content=bomb)) as http:
        with pytest.raises(bounded.OutOfBounds):
            await bounded.request(http, "GET", "/")


async def test_no_redirect_is_followed() -> None:
    async with client(httpx.Response(307, headers={"Location": "http://elsewhere.test/"})) as http:
        assert (await bounded.request(http, "POST", "/")).status_code == 307


async def test_everything_that_asks_nextcloud_is_bounded(autojump_clock: object) -> None:
    ann = Person("ann", Secret("p"))
    acts: tuple[Callable[[OcsAccounts, Account], Awaitable[object]], ...] = (
        lambda accounts, account: accounts.check(),
        lambda accounts, account: accounts.look("ann"),
        lambda accounts, account: account.files("x"),
        lambda accounts, account: account.delete("/x"),
    )
    for act in acts:
        async with client(httpx.Response(200, stream=Body(b" ", pause_s=1.0))) as http:
            with trio.fail_after(bounded.ANSWER_S + 1), pytest.raises(SetupError, match="no answer within"):
                await act(OcsAccounts(http, "admin", Secret("p")), Account(http, ann))
