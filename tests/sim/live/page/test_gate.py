"""Who gets in: the exact host and port, the token, and for what acts the page's own origin."""

from __future__ import annotations

import pytest

from actors.secret import Secret
from sim.live.page.gate import ACTS, Gate

GATE = Gate("127.0.0.1", 4711)
OUTSIDE = Gate("192.0.2.7", 4711)
HOST = {"host": "127.0.0.1:4711"}
ACT = {**HOST, "origin": "http://127.0.0.1:4711", ACTS: "1", "sec-fetch-site": "same-origin"}


def status(
    method: str,
    headers: dict[str, str],
    token: str = "",
    cookie: str = "",
    gate: Gate = GATE,
    path: str = "/",
) -> int:
    refusal = gate.check(method, path, headers, token, cookie)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4711",
        "127.0.0.1",
        "127.0.0.1:4712",
        "127.0.0.1:4711.evil.example",
        "127.0.0.1:4711@evil.example",
        "[::1]:4711",
        "localhost.evil.example:4711",
        "",
    ],
)
def test_another_host_or_port_is_not_answered_even_with_the_token(host: str) -> None:
    assert status("GET", {"host": host}, GATE.token, GATE.token) == 421
    assert status("POST", {**ACT, "host": host}, "", GATE.token) == 421


SCRAPE = Secret("0123456789abcdef")
SCRAPED = Gate("192.0.2.7", 9464, scrape=SCRAPE)


def test_who_reads_the_figures_by_a_token_of_their_own_sees_nothing_else() -> None:
    def asked(path: str, authorization: str, method: str = "GET", gate: Gate = SCRAPED) -> int:
        # By a name too, as in a cluster: no browser adds such a header for another site.
        headers = {"host": "simulate.monitoring.svc:9464", "authorization": authorization}
        return status(method, headers, gate=gate, path=path)

    good = f"Bearer {SCRAPE.reveal()}"
    assert asked("/metrics", good) == asked("/metrics", good.replace("Bearer", "bearer"), "HEAD") == 200
    for path in ("/", "/events", "/orders", "/metrics/", "/Metrics"):
        assert asked(path, good) == 421
    assert asked("/metrics", good, "POST") == 421
    for wrong in (
        "",
        "Bearer",
        "Bearer ",
        f"{good}x",
        good[:-1],
        good.replace("Bearer", "Basic"),
        "Bearer ü",
    ):
        assert asked("/metrics", wrong) == 421
        here = {"host": "192.0.2.7:9464", "authorization": wrong}
        assert status("GET", here, gate=SCRAPED, path="/metrics") == 401
    assert asked("/metrics", f"Bearer {OUTSIDE.token}", gate=OUTSIDE) == 421
    assert SCRAPE.reveal() not in repr(SCRAPED)


def test_its_own_names_are_answered() -> None:
    for host in ("127.0.0.1:4711", "localhost:4711", "LOCALHOST:4711"):
        assert status("GET", {"host": host}, GATE.token) == 200
    assert status("GET", {}, GATE.token) == 400


WRONG = ("", "x", "ü" * 22, GATE.token[:-1], GATE.token + "x", OUTSIDE.token)


@pytest.mark.parametrize("token", WRONG, ids=["none", "short", "no ASCII", "cut", "longer", "another's"])
def test_without_the_token_nobody_sees_anything(token: str) -> None:
    assert status("GET", HOST, token, "") == 401
    assert status("GET", HOST, "", token) == 401
    assert status("POST", ACT, GATE.token, token) == 401


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:4711"},
        {"origin": "http://localhost:4711"},
        {"origin": ""},
        {ACTS: ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_only_the_page_itself_may_act(change: dict[str, str]) -> None:
    assert status("POST", {**ACT, **change}, "", GATE.token) == 403


def test_the_page_itself_may_act_also_in_a_browser_that_says_less() -> None:
    assert status("POST", ACT, "", GATE.token) == 200
    del (less := dict(ACT))["sec-fetch-site"]
    assert status("POST", less, "", GATE.token) == 200


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT"])
def test_no_other_method_is_known(method: str) -> None:
    assert status(method, ACT, GATE.token, GATE.token) == 405


def test_beyond_this_machine_only_addresses_are_hosts_since_names_can_be_moved() -> None:
    assert not OUTSIDE.is_local
    assert status("GET", {"host": "192.0.2.7:4711"}, OUTSIDE.token, gate=OUTSIDE) == 200
    for host in ("rebound.example:4711", "192.0.2.7:80", "192.0.2.7"):
        assert status("GET", {"host": host}, OUTSIDE.token, gate=OUTSIDE) == 421


def test_tokens_are_long_and_another_each_time_and_stand_in_no_repr() -> None:
    tokens = {Gate("127.0.0.1", 1).token for _ in range(100)}
    assert len(tokens) == 100 and min(map(len, tokens)) >= 22
    assert GATE.token not in repr(GATE)
    for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in GATE.cookie
