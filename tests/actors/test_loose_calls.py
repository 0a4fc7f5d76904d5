"""Calls whose answer never came: how long a server is given for them, and who is named."""

from __future__ import annotations

import pytest
import trio

from actors.errors import CallError, Outcome
from actors.loose_calls import MIN_SETTLING_S
from actors.messages import Step
from tests.actors.test_stopping import READ, WRITE, Server, scene


@pytest.mark.parametrize(
    ("error", "step", "named"),
    [
        (CallError(Outcome.TRANSPORT_ERROR, "x", reason="cut", answered=False), WRITE, True),
        (CallError(Outcome.TRANSPORT_ERROR, "x", status=502, answered=False), WRITE, True),
        (CallError(Outcome.TRANSPORT_ERROR, "x", reason="cut", answered=False), READ, False),
        (CallError(Outcome.TRANSPORT_ERROR, "x", reason="connect"), WRITE, False),
        (CallError(Outcome.TOOL_ERROR, "x", status=500), WRITE, False),
        (None, WRITE, False),
    ],
)
async def test_a_call_that_was_cut_off_is_given_time_before_anybody_is_removed(
    autojump_clock: object, error: CallError | None, step: Step, named: bool
) -> None:
    server = Server(call_s=0.1)
    async with scene(server) as it:
        await trio.sleep(1)
        server.error = error
        sent = trio.current_time()
        await it.user.ask(step)
        assert it.roster.unanswered == (frozenset({"ann"}) if named else frozenset())
    assert it.roster.unanswered == frozenset()
    assert (trio.current_time() >= sent + MIN_SETTLING_S) is named


async def test_a_slow_server_gets_more_time(autojump_clock: object) -> None:
    server = Server(call_s=8)
    async with scene(server) as it:
        await it.user.ask(WRITE)
        server.error = CallError(Outcome.TRANSPORT_ERROR, "x", reason="cut", answered=False)
        sent = trio.current_time()
        await it.user.ask(WRITE)
    assert trio.current_time() >= sent + 2 * 8


@pytest.mark.parametrize(("pause_s", "named"), [(0, True), (15, True), (60, False)])
async def test_a_call_that_ran_into_its_time_out_may_go_on_as_long_again(
    autojump_clock: object, pause_s: float, named: bool
) -> None:
    server = Server(call_s=20)
    async with scene(server) as it:
        server.error = CallError(Outcome.TRANSPORT_ERROR, "x", reason="timeout", answered=False)
        await it.user.ask(WRITE)
        await trio.sleep(pause_s)
    assert it.roster.unanswered == (frozenset({"ann"}) if named else frozenset())
