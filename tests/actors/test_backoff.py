"""A user whose server is in trouble asks less and less; what they wait is nobody's service time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
import trio

from actors.backoff import INITIAL_BACKOFF_S, MAX_BACKOFF_S, MAX_RETRY_AFTER_S, Backoff
from actors.errors import CallError, CredentialsRejected, LoginError, Outcome, SessionLost
from actors.messages import Done
from actors.roster import open_roster
from tests.support.cast import step, tool_error
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage

SEARCH = step(query="x")
TOOL = SEARCH.tool


def transport(status: int | None = None, reason: str = "", retry_after_s: float | None = None) -> CallError:
    return CallError(Outcome.TRANSPORT_ERROR, "x", status=status, reason=reason, retry_after_s=retry_after_s)


TROUBLE: list[Callable[[], CallError]] = [
    lambda: transport(reason="connect"),
    lambda: transport(reason="cut"),
    lambda: transport(reason="timeout"),
    lambda: transport(500),
    lambda: transport(502),
    lambda: transport(503),
    lambda: transport(429),
    lambda: CallError(Outcome.AUTHORIZATION, "x", reason="login"),
]


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_calls_at_a_server_in_trouble_are_further_and_further_apart(
    autojump_clock: object, trouble: Callable[[], CallError]
) -> None:
    connector, facts = StoreConnector("ann", seconds=0), Facts()
    connector.planned[TOOL] = [trouble() for _ in range(20)]
    with trio.fail_after(1000):
        async with users_on_stage(connector, facts, "ann") as (_, [ann]):
            for _ in range(20):
                await ann.ask(SEARCH)
    pauses = [after.started - before.finished for before, after in pairwise(facts.calls)]
    for number, pause in enumerate(pauses, 1):
        longest = min(MAX_BACKOFF_S, INITIAL_BACKOFF_S * 2**number)
        assert longest / 2 <= pause <= longest
    assert {call.finished - call.started for call in facts.calls} == {0}
    assert [call.inbox_wait_s for call in facts.calls[1:]] == pytest.approx(pauses)


@pytest.mark.parametrize(
    "answer",
    [
        tool_error(404),
        tool_error(500),
        CallError(Outcome.PROTOCOL_ERROR, "x"),
        transport(404),
        transport(400),
    ],
)
async def test_who_gets_an_answer_of_any_kind_does_not_wait(
    autojump_clock: object, answer: CallError
) -> None:
    connector, facts = StoreConnector("ann", seconds=0), Facts()
    connector.planned[TOOL] = [transport(503), *[answer] * 10]
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "ann") as (_, [ann]):
            for _ in range(12):
                await ann.ask(SEARCH)
    assert {call.started - facts.calls[1].started for call in facts.calls[1:]} == {0}


async def test_one_good_answer_ends_the_pauses(autojump_clock: object) -> None:
    connector, facts = StoreConnector("ann", seconds=0), Facts()
    connector.planned[TOOL] = [transport(503)] * 8
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, "ann") as (_, [ann]):
            for _ in range(8):
                await ann.ask(SEARCH)
            assert isinstance(await ann.ask(SEARCH), Done)
            asked = trio.current_time()
            assert isinstance(await ann.ask(SEARCH), Done)
            assert trio.current_time() == asked


@pytest.mark.parametrize(
    ("asked_s", "least_s", "most_s"),
    [(5, 5, 5.5), (0, 0.25, 0.5), (30, 30, 30.5), (1e9, MAX_RETRY_AFTER_S, MAX_RETRY_AFTER_S + 0.5)],
)
async def test_a_server_that_says_how_long_is_not_asked_before_within_bounds(
    autojump_clock: object, asked_s: float, least_s: float, most_s: float
) -> None:
    connector, facts = StoreConnector("ann", seconds=0), Facts()
    connector.planned[TOOL] = [transport(429, retry_after_s=asked_s)]
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, "ann") as (_, [ann]):
            await ann.ask(SEARCH)
            assert isinstance(await ann.ask(SEARCH), Done)
    assert least_s <= facts.calls[1].started - facts.calls[0].finished <= most_s


@pytest.mark.parametrize(
    "error",
    [
        SessionLost(Outcome.TRANSPORT_ERROR, "x", status=404),
        CredentialsRejected(Outcome.AUTHORIZATION, "x", status=401),
    ],
)
async def test_a_lost_session_is_replaced_at_once_and_one_that_is_lost_again_later_and_later(
    autojump_clock: object, error: CallError
) -> None:
    connector, facts = StoreConnector("ann", seconds=0), Facts()
    connector.planned[TOOL] = [error] * 8
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, "ann") as (_, [ann]):
            for _ in range(9):
                await ann.ask(SEARCH)
    pauses = [after.started - before.finished for before, after in pairwise(facts.calls)]
    assert pauses[0] == 0
    for number, pause in enumerate(pauses[1:], 1):
        longest = min(MAX_BACKOFF_S, INITIAL_BACKOFF_S * 2**number)
        assert longest / 2 <= pause <= longest


async def test_a_session_that_opens_after_a_long_outage_serves_at_once(autojump_clock: object) -> None:
    connector = StoreConnector("ann", seconds=0)
    connector.refusals = [transport(reason="connect")] * 8
    with trio.fail_after(200):
        async with open_roster(connector, Facts(), seed=1) as roster:
            ann = roster.enter(person("ann"), NoCredentials())
            assert await ann.wait_on_stage()
            opened = trio.current_time()
            assert isinstance(await ann.ask(SEARCH), Done)
            assert trio.current_time() == opened


@pytest.mark.parametrize(
    "refusal",
    [
        CredentialsRejected(Outcome.AUTHORIZATION, "no", status=401),
        CallError(Outcome.AUTHORIZATION, "no", status=403),
        LoginError("ann", "/login", "no such password"),
    ],
)
async def test_who_is_refused_again_and_again_before_the_first_session_gives_up_and_says_so(
    autojump_clock: object, refusal: CallError | LoginError
) -> None:
    connector, facts = StoreConnector("ann"), Facts()
    connector.refusals = [refusal] * 100
    with trio.fail_after(5):
        async with open_roster(connector, facts, seed=1) as roster:
            ann = roster.enter(person("ann"), NoCredentials())
            assert not await ann.wait_on_stage()
            assert (ann.gave_up, len(roster)) == (True, 0)
            assert "no" in ann.last_error
    assert len(facts.setups) == 3


async def test_a_server_that_is_down_makes_nobody_give_up(autojump_clock: object) -> None:
    connector = StoreConnector("ann")
    connector.refusals = [transport(503)] * 50
    with trio.fail_after(5000):
        async with open_roster(connector, Facts(), seed=1) as roster:
            ann = roster.enter(person("ann"), NoCredentials())
            assert await ann.wait_on_stage()
            assert not ann.gave_up


def test_users_who_failed_together_do_not_come_back_together() -> None:
    pauses = []
    for name in range(100):
        backoff = Backoff(Random(name))
        backoff.fail(0.0, retry_after_s=10.0)
        pauses.append(backoff.until)
    assert len(set(pauses)) == 100
    assert min(pauses) >= 10
