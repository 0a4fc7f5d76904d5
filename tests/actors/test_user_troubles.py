"""A user in trouble: who waits, how long, what is recorded, and that leaving always works."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
import trio
import trio.testing

from actors.answer import Answer, Finding
from actors.backoff import MAX_BACKOFF_S
from actors.errors import CallError, CredentialsRejected, LoginError, Outcome, SessionLost
from actors.events import SetupStep, ViolationKind
from actors.lifecycle import State
from actors.messages import ActorGone, Done, Failed, Reply
from actors.roster import open_roster
from actors.text import MAX_TEXT_LENGTH
from sim.standin.toolbox import ToolAnswer
from tests.support.cast import step, tool_error
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage

SEARCH = step(query="x")
LOST = SessionLost(Outcome.TRANSPORT_ERROR, "forgotten", status=404, reason="session_lost")
REFUSED = CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect")


async def test_tries_to_come_on_stage_are_further_and_further_apart(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice", seconds=0), Facts()
    connector.refusals = [REFUSED] * 12
    with trio.fail_after(600):
        async with open_roster(connector, facts, seed=1) as roster:
            assert await roster.enter(person("alice"), NoCredentials()).wait_on_stage()
    begun = [timing.started for timing in facts.setups]
    pauses = [after - before for before, after in pairwise(begun)]
    assert len(pauses) == 12
    for number, pause in enumerate(pauses, 1):
        longest = min(MAX_BACKOFF_S, 0.25 * 2**number)
        assert longest / 2 <= pause <= longest
    outcomes = [timing.outcome for timing in facts.setups]
    assert outcomes == [Outcome.TRANSPORT_ERROR] * 12 + [Outcome.OK]
    assert {timing.step for timing in facts.setups} == {SetupStep.SESSION}


async def test_leaving_cuts_off_the_pause_before_another_try(autojump_clock: object) -> None:
    connector = StoreConnector("alice", seconds=0)
    connector.refusals = [REFUSED] * 100
    with trio.fail_after(600):
        async with open_roster(connector, Facts(), seed=1) as roster:
            alice = roster.enter(person("alice"), NoCredentials())
            await trio.sleep(60)
            left = trio.current_time()
            alice.leave()
            await roster.wait_until(lambda roster: not len(roster))
            assert trio.current_time() == left


async def test_leaving_cuts_off_an_opening_that_hangs(autojump_clock: object) -> None:
    connector = StoreConnector("alice", seconds=1000)
    with trio.fail_after(60):
        async with open_roster(connector, Facts(), seed=1) as roster:
            alice = roster.enter(person("alice"), NoCredentials())
            await trio.sleep(5)
            alice.leave()
            assert not await alice.wait_on_stage()
            await roster.wait_until(lambda roster: not len(roster))


async def test_leaving_while_disconnected_ends_at_once(autojump_clock: object) -> None:
    connector = StoreConnector("alice")
    connector.planned["nc_notes_search_notes"] = [LOST]
    with trio.fail_after(60):
        async with users_on_stage(connector, Facts(), "alice") as (roster, [alice]):
            await alice.ask(SEARCH)
            assert alice.state is State.DISCONNECTED
            left = trio.current_time()
            alice.leave()
            await roster.wait_until(lambda roster: not len(roster))
            assert trio.current_time() == left


async def test_who_is_held_reconnects_for_his_workflow_also_when_he_is_leaving(
    autojump_clock: object,
) -> None:
    connector = StoreConnector("alice")
    connector.planned["nc_notes_search_notes"] = [LOST]
    with trio.fail_after(60):
        async with users_on_stage(connector, Facts(), "alice") as (roster, [alice]):
            alice.hold()
            alice.leave()
            assert isinstance(await alice.ask(SEARCH), Failed)
            assert isinstance(await alice.ask(SEARCH), Done)
            assert (alice.state, roster.count_on_stage) == (State.LEAVING, 0)
            alice.release()
            await roster.wait_until(lambda roster: not len(roster))
    assert connector.closed == ["alice", "alice"]


async def test_an_asker_who_gives_up_ends_the_pause_before_reconnecting(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice", seconds=0), Facts()
    connector.planned["nc_notes_search_notes"] = [LOST]
    with trio.fail_after(600):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            await alice.ask(SEARCH)
            connector.refusals = [REFUSED] * 8
            for _ in range(8):
                await alice.ask(SEARCH)
            # The next pause lasts seconds; whoever does not wait for it costs no try.
            openings = len(facts.setups)
            with trio.move_on_after(0.001) as scope:
                await alice.ask(SEARCH)
            assert scope.cancelled_caught
            await trio.testing.wait_all_tasks_blocked()
            assert len(facts.setups) == openings
            asked = trio.current_time()
            assert isinstance(await alice.ask(SEARCH), Done)
            # One pause, not what was left of the first and then another.
            assert MAX_BACKOFF_S / 2 <= trio.current_time() - asked <= MAX_BACKOFF_S


async def test_a_login_that_is_over_fails_the_step_and_is_counted_as_authorization(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    connector.planned["nc_notes_search_notes"] = [LOST]
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            await alice.ask(SEARCH)
            connector.refusals = [LoginError("alice", "/login", "wrong password")]
            reply = await alice.ask(SEARCH)
            assert isinstance(reply, Failed)
            assert reply.error.kind == "authorization/login"
            assert isinstance(await alice.ask(SEARCH), Done)
    assert [t.outcome for t in facts.setups] == [Outcome.OK, Outcome.AUTHORIZATION, Outcome.OK]


async def test_credentials_rejected_at_the_door_are_told_so(autojump_clock: object) -> None:
    connector, credentials = StoreConnector("alice"), NoCredentials()
    connector.refusals = [CredentialsRejected(Outcome.AUTHORIZATION, "no", status=401)] * 2
    with trio.fail_after(60):
        async with open_roster(connector, Facts(), seed=1) as roster:
            assert await roster.enter(person("alice"), credentials).wait_on_stage()
    assert credentials.rejections == 2


@pytest.mark.parametrize("asked", [1, 5, 100])
async def test_whoever_asks_gets_one_reply_when_the_user_is_cancelled(
    autojump_clock: object, asked: int
) -> None:
    """One step in hand, 64 in the inbox, the rest at its door."""
    connector, facts = StoreConnector("alice", seconds=10), Facts()
    replies: list[Reply] = []

    async def ask() -> None:
        replies.append(await alice.ask(SEARCH))

    with trio.fail_after(60):
        async with trio.open_nursery() as askers:
            with trio.CancelScope() as scope:
                async with open_roster(connector, facts, seed=1) as roster:
                    alice = roster.enter(person("alice"), NoCredentials())
                    await alice.wait_on_stage()
                    for _ in range(asked):
                        askers.start_soon(ask)
                    await trio.testing.wait_all_tasks_blocked()
                    assert alice.has_room is (asked <= 64)
                    scope.cancel()
                    await trio.sleep_forever()
    assert replies.count(ActorGone("alice")) == asked - 1
    assert len([reply for reply in replies if isinstance(reply, Done)]) == 1
    assert [call.outcome for call in facts.calls] == [Outcome.OK]


async def test_a_step_in_hand_while_reconnecting_is_answered_when_the_user_is_cancelled(
    autojump_clock: object,
) -> None:
    connector = StoreConnector("alice")
    connector.planned["nc_notes_search_notes"] = [LOST]
    replies: list[Reply] = []

    async def ask() -> None:
        replies.append(await alice.ask(SEARCH))

    with trio.fail_after(60):
        async with trio.open_nursery() as askers:
            with trio.CancelScope() as scope:
                async with users_on_stage(connector, Facts(), "alice") as (_, [alice]):
                    await ask()
                    connector.seconds = 1000
                    askers.start_soon(ask)
                    await trio.testing.wait_all_tasks_blocked()
                    scope.cancel()
                    await trio.sleep_forever()
    assert isinstance(replies[0], Failed)
    assert replies[1:] == [ActorGone("alice")]


async def test_texts_of_failures_and_findings_are_bounded(autojump_clock: object) -> None:
    def finds_much(answer: Answer) -> tuple[Finding, ...]:
        return (Finding(ViolationKind.LOST_UPDATE, "x", "y" * 100),) * 50

    connector, facts = StoreConnector("alice"), Facts()
    connector.planned["nc_notes_search_notes"] = [tool_error(text="z" * 10_000)]
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            await alice.ask(SEARCH)
            await alice.ask(step(query="x", check=finds_much))
    assert [call.outcome for call in facts.calls] == [Outcome.TOOL_ERROR, Outcome.WRONG_CONTENT]
    assert [len(call.text) for call in facts.calls] == [MAX_TEXT_LENGTH] * 2


async def test_a_check_that_fails_is_told_to_the_asker_and_the_user_serves_on(autojump_clock: object) -> None:
    def never(answer: Answer) -> tuple[Finding, ...]:
        return (Finding(ViolationKind.DUPLICATE, "once", "twice"),)

    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("alice"), Facts(), "alice") as (_, [alice]):
            reply = await alice.ask(step(query="x", check=never))
            assert isinstance(reply, Done)
            assert reply.findings == never(Answer(None))
            assert isinstance(await alice.ask(SEARCH), Done)


async def test_a_bug_in_mid_call_still_answers_the_asker(autojump_clock: object) -> None:
    def broken(uid: str, tool: str, arguments: Mapping[str, object], answer: ToolAnswer) -> ToolAnswer:
        raise ZeroDivisionError("a bug")

    connector, facts = StoreConnector("alice", tamper=broken), Facts()
    replies: list[Reply] = []

    async def ask() -> None:
        replies.append(await alice.ask(SEARCH))

    with trio.fail_after(60):
        async with trio.open_nursery() as askers:
            with pytest.raises(ExceptionGroup) as caught:
                async with users_on_stage(connector, facts, "alice") as (_, [alice]):
                    askers.start_soon(ask)
                    await trio.sleep_forever()
    assert caught.group_contains(ZeroDivisionError)
    assert replies == [ActorGone("alice")]
    assert connector.closed == ["alice"]
