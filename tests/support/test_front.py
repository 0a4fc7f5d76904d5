"""The front passes on what it is not told to spoil, and spoils what it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.front import Answer, Cut, Drip, Linger, Reply, Request, open_front, page
from tests.support.processes import StandinServer, running_standin


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin() as server:
        yield server


def test_what_is_not_spoiled_comes_as_the_server_sent_it(standin: StandinServer) -> None:
    with open_front(standin.url) as front:
        direct, through = httpx.get(f"{standin.url}/status.php"), httpx.get(f"{front.url}/status.php")
        assert (through.status_code, through.content) == (direct.status_code, direct.content)
        assert front.count("GET", "status") == 1


def test_the_server_may_have_done_the_work_although_the_answer_is_another(standin: StandinServer) -> None:
    def gateway(request: Request) -> Reply | None:
        if request.method != "POST":
            return None
        assert request.forward().status == 200
        return page(504, "Gateway Time-out")

    with open_front(standin.url, gateway) as front:
        form = {"userid": "front_user", "password": "Long-enough-1-password!", "email": "f@example.org"}
        came = httpx.post(
            f"{front.url}/ocs/v2.php/cloud/users",
            data=form,
            headers={"OCS-APIRequest": "true"},
            auth=("admin", standin.environment["NEXTCLOUD_PASSWORD"]),
        )
        assert came.status_code == 504
    assert "front_user" in standin.get("/standin/holdings")["users"]


@pytest.mark.parametrize("cut", [Cut(), Cut(reset=True), Cut(Answer(200, b"0123456789"), after=5)])
def test_a_connection_breaks_where_it_is_told_to(standin: StandinServer, cut: Cut) -> None:
    with open_front(standin.url, lambda request: cut) as front, pytest.raises(httpx.TransportError):
        httpx.get(f"{front.url}/status.php")


def test_a_slow_body_and_a_stream_that_stays_open_come_whole(standin: StandinServer) -> None:
    stream = Answer(200, b"data: {}\n\n", (("Content-Type", "text/event-stream"),))
    for reply in (Drip(Answer(200, b"data: {}\n\n"), pause_s=0.001), Linger(stream, 0.1), stream):
        with open_front(standin.url, lambda request, reply=reply: reply) as front:
            assert httpx.get(front.url).content == b"data: {}\n\n"
