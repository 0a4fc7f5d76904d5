"""The page over real sockets: who is answered, what stands in every answer, and who never reads."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest
import trio

from actors.secret import Secret
from sim.live.page.broadcast import Broadcast
from sim.live.page.gate import HEADERS, Gate
from sim.live.page.serving import STUCK_S, CannotListen, listen, serving
from sim.live.page.site import MAX_LOOKERS, Site
from sim.runtime.commands import Command, NotDone, StopRun

BOUND_S = 60.0


@attrs.frozen
class Served:
    gate: Gate
    site: Site
    broadcast: Broadcast
    done: list[Command]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gate.port}"

    @property
    def cookies(self) -> dict[str, str]:
        return {self.gate.cookie_name: self.gate.token}

    @property
    def headers(self) -> dict[str, str]:
        return {"origin": self.url, "x-simulate": "1"}


@asynccontextmanager
async def served(
    *,
    steers: bool = True,
    text: str = "<h1>the page</h1>",
    stuck_s: float = STUCK_S,
    scrape: Secret | None = None,
) -> AsyncIterator[Served]:
    done: list[Command] = []

    page_bytes = text.encode()

    async def page() -> bytes:
        return page_bytes

    def order(command: Command) -> str:
        if command != StopRun():
            raise NotDone("not now")
        done.append(command)
        return "stopped"

    taken, broadcast = listen("127.0.0.1", 0), Broadcast()
    gate = Gate(*taken.getsockname(), scrape=scrape)
    site = Site(gate, page, broadcast, order if steers else None, lambda: "simulate_calls_total 5\n")
    with trio.fail_after(BOUND_S):
        async with serving(site.app(), taken, stuck_s):
            yield Served(gate, site, broadcast, done)


async def test_the_printed_address_leads_to_the_page_and_the_token_leaves_the_address() -> None:
    async with served() as it, httpx.AsyncClient(follow_redirects=True) as client:
        assert (await client.get(it.url)).status_code == 401
        answer = await client.get(it.gate.address)
        assert answer.text == "<h1>the page</h1>"
        assert it.gate.token not in str(answer.url)
        assert (await client.get(it.url)).status_code == 200


async def test_every_answer_bears_the_headers_that_keep_it_safe_and_none_that_lets_others_in() -> None:
    async with served() as it, httpx.AsyncClient(cookies=it.cookies) as client:
        answers = [
            await client.get(it.url),
            await client.get(f"{it.url}/nowhere"),
            await client.get(it.url, headers={"host": "evil.example"}),
            await client.post(f"{it.url}/orders", content="{}"),
            await client.options(f"{it.url}/orders", headers={"origin": "http://evil.example"}),
        ]
        assert [each.status_code for each in answers] == [200, 404, 421, 403, 405]
        for answer in answers:
            assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert it.gate.token not in answer.text


async def test_prometheus_reads_the_figures_with_the_token_and_nobody_without() -> None:
    async with served() as it, httpx.AsyncClient() as client:
        answer = await client.get(f"{it.url}/metrics", params={"t": it.gate.token})
        assert (answer.status_code, answer.text) == (200, "simulate_calls_total 5\n")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert (await client.get(f"{it.url}/metrics")).status_code == 401


async def test_prometheus_reads_the_figures_with_a_token_that_opens_nothing_else() -> None:
    async with served(scrape=Secret("0123456789abcdef")) as it, httpx.AsyncClient() as client:
        headers = {"authorization": "Bearer 0123456789abcdef"}
        answer = await client.get(f"{it.url}/metrics", headers=headers)
        assert (answer.status_code, answer.text) == (200, "simulate_calls_total 5\n")
        for path in ("/", "/events", "/nowhere"):
            assert (await client.get(f"{it.url}{path}", headers=headers)).status_code == 401
        # The address that was asked for counts, not one that a Host is made to look like.
        odd = {**headers, "host": "evil.example/metrics?"}
        assert (await client.get(it.url, headers=odd)).status_code in (400, 421)


async def test_orders_are_carried_out_or_refused_with_a_reason() -> None:
    async with served() as it, httpx.AsyncClient(cookies=it.cookies, headers=it.headers) as client:
        url = f"{it.url}/orders"
        done = await client.post(url, content='{"do":"stop"}')
        assert (done.status_code, done.json(), it.done) == (200, {"text": "stopped"}, [StopRun()])
        for body, status in (('{"do":"pause","on":true}', 409), ("{}", 400), ("x" * 5000, 400)):
            answer = await client.post(url, content=body)
            assert (answer.status_code, list(answer.json())) == (status, ["problem"])
        assert (await client.get(url)).status_code == 405


async def test_a_page_that_only_shows_takes_no_orders() -> None:
    async with (
        served(steers=False) as it,
        httpx.AsyncClient(cookies=it.cookies, headers=it.headers) as client,
    ):
        assert (await client.post(f"{it.url}/orders", content='{"do":"stop"}')).status_code == 403


async def test_events_are_replayed_from_the_number_that_a_browser_says() -> None:
    async with served() as it, httpx.AsyncClient(cookies=it.cookies) as client:
        for number in range(1, 6):
            it.broadcast.send("row", {"at": number})
        it.broadcast.end()
        for said, expected in (("3", [4, 5]), ("", [1, 2, 3, 4, 5]), ("junk", [1, 2, 3, 4, 5])):
            answer = await client.get(f"{it.url}/events", headers={"last-event-id": said} if said else {})
            assert answer.headers["content-type"].startswith("text/event-stream")
            numbers = [int(line[4:]) for line in answer.text.splitlines() if line.startswith("id: ")]
            assert numbers == expected


async def mute(it: Served, path: str) -> trio.SocketStream:
    """Somebody who asks for something, and never reads."""
    stream = await trio.open_tcp_stream("127.0.0.1", it.gate.port)
    cookie = f"{it.gate.cookie_name}={it.gate.token}"
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{it.gate.port}\r\ncookie: {cookie}\r\n\r\n"
    await stream.send_all(request.encode())
    return stream


async def there_are(it: Served, lookers: int) -> None:
    """Soon so many of them."""
    with trio.fail_after(BOUND_S):
        while it.site.lookers != lookers:  # noqa: ASYNC110
            await trio.sleep(0.01)


async def test_a_long_page_arrives_whole_and_costs_no_memory_of_whoever_does_not_read_it() -> None:
    text = "".join(f"{number:07} " for number in range(10**6))
    async with served(text=text) as it, httpx.AsyncClient(cookies=it.cookies) as client:
        assert (await client.get(it.url)).text == text
        tracemalloc.start()
        idle = [await mute(it, "/") for _ in range(8)]
        await trio.sleep(0.5)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 0.2 * 8 * len(text), (held, peak)
    for stream in idle:
        await stream.aclose()


async def test_who_takes_nothing_for_long_loses_the_place_to_others() -> None:
    async with served(stuck_s=0.3) as it:
        idle = [await mute(it, "/events") for _ in range(MAX_LOOKERS)]
        await there_are(it, MAX_LOOKERS)
        for _ in range(4000):
            it.broadcast.send("row", "x" * 5000)
        await there_are(it, 0)
    for stream in idle:
        await stream.aclose()


async def test_who_never_reads_holds_up_nobody_and_there_are_not_too_many() -> None:
    async with served() as it:
        idle = [await mute(it, "/events") for _ in range(20)]
        await there_are(it, MAX_LOOKERS)
        for _ in range(2000):
            it.broadcast.send("row", "x" * 5000)
        await trio.sleep(0.2)
        assert it.site.lookers <= MAX_LOOKERS
        async with httpx.AsyncClient(cookies=it.cookies) as client:
            assert (await client.get(it.url)).status_code == 200
            assert (await client.get(f"{it.url}/events")).status_code == 503
    # The block has ended within its bound, whoever still does not read.
    for stream in idle:
        await stream.aclose()


def test_an_address_that_is_taken_is_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CannotListen, match="address already in use"):
            listen("127.0.0.1", other.getsockname()[1])
