"""A password that is not taken, as at a real Nextcloud: XML, and a wait for the whole address."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from sim.standin.behaviour import StandinOptions
from tests.standin.conftest import Client


@pytest.mark.parametrize("path", ["/ocs/v2.php/cloud/user", "/ocs/v1.php/cloud/users"])
async def test_a_wrong_password_gets_xml_whatever_format_was_asked_for(client: Client, path: str) -> None:
    async with client("alice") as http:
        answer = await http.get(f"{path}?format=json", auth=("alice", "wrong"))
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (401, "text/xml")
    assert "<statuscode>997</statuscode>" in answer.text


async def test_whoever_shows_no_password_gets_the_format_that_was_asked_for(client: Client) -> None:
    async with client("") as http:
        answer = await http.get("/ocs/v2.php/cloud/user?format=json")
    assert answer.json()["ocs"]["meta"]["statuscode"] == 997


async def test_the_wait_of_an_address_is_told_in_the_capabilities(
    client: Client, autojump_clock: MockClock
) -> None:
    async with client("") as stranger:
        for _ in range(3):
            await stranger.get("/ocs/v2.php/cloud/user", auth=("bob", "wrong"))
    before = autojump_clock.current_time()
    async with client("alice") as http:
        answer = await http.get("/ocs/v2.php/cloud/capabilities?format=json")
    wait_s = 4 * StandinOptions().brute_force_s
    delay_ms = answer.json()["ocs"]["data"]["capabilities"]["bruteforce"]["delay"]
    assert (delay_ms, wait_s > 0) == (pytest.approx(1000 * wait_s), True)
    assert autojump_clock.current_time() - before == pytest.approx(wait_s)
