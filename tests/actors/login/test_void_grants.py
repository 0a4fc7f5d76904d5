"""What an MCP server keeps for a name whose owner is gone: it is told to forget it, before it tries it."""

from __future__ import annotations

import pytest
import trio

from actors.answer import Json
from actors.call_errors import no_answer
from actors.errors import CallError, Outcome
from actors.login.basic import Nobody
from tests.actors.login.test_provisioning import (
    ALREADY,
    ANN,
    LOGIN_URL,
    NOT_PROVISIONED,
    REQUIRED,
    open_grants,
    scripted,
)


async def test_what_somebody_new_is_said_to_have_granted_is_void_and_is_not_tried(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = scripted([ALREADY, REQUIRED])
    async with open_grants(server) as grants:
        assert await grants.provision(ANN, Nobody(), is_new=True)
    assert server.granted == [LOGIN_URL]
    assert (len(server.forgotten), server.times("nc_notes_search_notes")) == (1, [])


UNKNOWN_TOOL = CallError(Outcome.TOOL_ERROR, "Unknown tool")


@pytest.mark.parametrize(
    ("check", "look", "is_new", "was_void"),
    [
        ({"status": "provisioned"}, UNKNOWN_TOOL, True, True),
        ({"status": "provisioned"}, {"results": []}, False, False),
        ({"status": "provisioned"}, NOT_PROVISIONED, False, True),
        ({"status": "not_initiated"}, UNKNOWN_TOOL, True, False),
        (UNKNOWN_TOOL, UNKNOWN_TOOL, True, False),
        ("no object at all", UNKNOWN_TOOL, True, False),
    ],
)
async def test_only_what_is_void_is_forgotten(
    check: Json, look: Json, *, is_new: bool, was_void: bool
) -> None:
    server = scripted([REQUIRED], [check], [look])
    async with open_grants(server) as grants:
        assert await grants.forget_void(ANN, Nobody(), is_new=is_new) is was_void
    assert (len(server.forgotten), server.app_passwords) == (int(was_void), [])


@pytest.mark.parametrize(
    "trouble",
    [
        CallError(Outcome.TRANSPORT_ERROR, "reset", reason="cut", answered=False),
        CallError(Outcome.PROTOCOL_ERROR, "content of type 'text/html'", answered=False),
        CallError(Outcome.TRANSPORT_ERROR, "busy", status=503),
    ],
    ids=str,
)
async def test_a_server_that_does_not_say_what_it_keeps_is_not_asked_to_forget_and_the_run_goes_on(
    trouble: CallError,
) -> None:
    server = scripted([REQUIRED], [trouble])
    async with open_grants(server) as grants:
        assert not await grants.forget_void(ANN, Nobody(), is_new=True)
    assert server.forgotten == []


async def test_a_server_that_gives_no_answer_to_what_it_keeps_would_give_none_to_what_it_offers() -> None:
    server = scripted([REQUIRED], [no_answer(30.0)])
    async with open_grants(server) as grants:
        with pytest.raises(CallError, match="no answer within 30 s"):
            await grants.forget_void(ANN, Nobody(), is_new=True)
    assert server.forgotten == []


@pytest.mark.parametrize("stop_after_s", [None, 0.5], ids=["undisturbed", "stopped"])
async def test_an_app_password_that_takes_as_long_as_nextcloud_makes_an_address_wait_is_waited_for(
    stop_after_s: float | None, autojump_clock: trio.testing.MockClock
) -> None:
    server = scripted([REQUIRED])
    server.making_s = 26.0
    async with open_grants(server) as grants:
        with trio.move_on_after(stop_after_s or 100) as stopped:
            await grants.withdraw(ANN)
    assert trio.current_time() >= 26.0
    assert stopped.cancelled_caught is (stop_after_s is not None)
    assert (len(server.forgotten), server.app_passwords) == (int(stop_after_s is None), [])
