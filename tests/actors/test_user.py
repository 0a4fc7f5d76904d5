"""A user: one task, one session at a time, and every failure an outcome."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.errors import CallError, CredentialsRejected, Outcome, SessionLost
from actors.events import Phase, SetupStep, SetupTiming
from actors.lifecycle import TRANSITIONS, IllegalTransition, Lifecycle, State
from actors.messages import ActorGone, Done, Failed, Reply, Step
from actors.roster import open_roster
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage

SEARCH = Step("story", "search", "nc_notes_search_notes", {"query": "x"}, 1)
LOST = SessionLost(Outcome.TRANSPORT_ERROR, "forgotten", status=404)
REFUSED = CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect")


async def test_a_session_is_opened_and_closed_in_the_users_own_task(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            assert isinstance(await alice.ask(SEARCH), Done)
    assert connector.opened == connector.closed == ["alice"]
    assert len({id(task) for _, task in connector.tasks}) == 1
    assert alice.state is State.GONE


async def test_a_lost_session_fails_the_step_and_the_next_step_opens_another(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    connector.planned["nc_notes_search_notes"] = [LOST]
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            assert isinstance(await alice.ask(SEARCH), Failed)
            assert alice.state is State.DISCONNECTED
            assert roster.count_on_stage == 1
            assert isinstance(await alice.ask(SEARCH), Done)
            assert alice.state is State.ON_STAGE
    assert connector.opened == ["alice", "alice"]
    steps = [fact.step for fact in facts if isinstance(fact, SetupTiming)]
    assert steps == [SetupStep.SESSION, SetupStep.RECONNECT]
    assert [call.outcome for call in facts.calls] == [Outcome.TRANSPORT_ERROR, Outcome.OK]


async def test_reconnecting_backs_off_longer_and_longer_and_every_step_is_answered(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    connector.planned["nc_notes_search_notes"] = [LOST]
    waits = []
    with trio.fail_after(600):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            await alice.ask(SEARCH)
            connector.refusals = [REFUSED] * 6
            for _ in range(6):
                asked = trio.current_time()
                reply = await alice.ask(SEARCH)
                assert isinstance(reply, Failed)
                assert reply.error.reason == "connect"
                waits.append(trio.current_time() - asked)
            assert isinstance(await alice.ask(SEARCH), Done)
    assert waits[0] < 0.1
    assert waits[5] > waits[1] > waits[0]
    assert max(waits) <= 15.1


async def test_rejected_credentials_are_told_so(autojump_clock: object) -> None:
    connector, facts, credentials = StoreConnector("alice"), Facts(), NoCredentials()
    connector.planned["nc_notes_search_notes"] = [
        CredentialsRejected(Outcome.AUTHORIZATION, "no", status=401)
    ]
    with trio.fail_after(60):
        async with open_roster(connector, facts, seed=1) as roster:
            alice = roster.enter(person("alice"), credentials)
            assert await alice.wait_on_stage()
            assert isinstance(await alice.ask(SEARCH), Failed)
            assert isinstance(await alice.ask(SEARCH), Done)
    assert credentials.rejections == 1


async def test_who_is_cast_stays_until_the_workflow_lets_him_go(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            alice.hold()
            alice.leave()
            assert roster.count_on_stage == 0
            assert isinstance(await alice.ask(SEARCH), Done)
            alice.release()
            await roster.wait_until(lambda roster: not len(roster))
            assert isinstance(await alice.ask(SEARCH), ActorGone)


async def test_leaving_while_connecting_ends_the_attempt(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    connector.refusals = [REFUSED] * 50
    with trio.fail_after(60):
        async with open_roster(connector, facts, seed=1) as roster:
            alice = roster.enter(person("alice"), NoCredentials())
            await trio.sleep(5)
            alice.leave()
            assert not await alice.wait_on_stage()
            await roster.wait_until(lambda roster: not len(roster))
    assert connector.opened == []


async def test_a_user_cancelled_in_mid_call_finishes_it_and_makes_no_other(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice", seconds=10), Facts()
    replies: list[Reply] = []

    async def ask() -> None:
        replies.append(await alice.ask(SEARCH))

    with trio.fail_after(60):
        async with trio.open_nursery() as askers:
            async with trio.open_nursery() as nursery:
                alice = None
                async with open_roster(connector, facts, seed=1) as roster:
                    alice = roster.enter(person("alice"), NoCredentials())
                    await alice.wait_on_stage()
                    for _ in range(3):
                        askers.start_soon(ask)
                    await trio.testing.wait_all_tasks_blocked()
                    nursery.cancel_scope.cancel()
                    await trio.sleep_forever()
    assert replies[:2] == [ActorGone("alice")] * 2
    assert isinstance(replies[2], Done)
    assert [call.outcome for call in facts.calls] == [Outcome.OK]
    assert connector.closed == ["alice"]


async def test_a_call_that_was_sent_is_finished_although_its_asker_has_gone(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice", seconds=10), Facts()
    with trio.fail_after(120):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            with trio.move_on_after(1):
                await alice.ask(SEARCH)
            assert isinstance(await alice.ask(SEARCH), Done)
    assert [call.outcome for call in facts.calls] == [Outcome.OK, Outcome.OK]
    assert [call.finished - call.started for call in facts.calls] == [10, 10]


async def test_the_time_in_the_inbox_is_measured_apart_from_the_call(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice", seconds=2), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(alice.ask, SEARCH)
    assert [round(call.inbox_wait_s) for call in facts.calls] == [0, 2, 4]
    assert [round(call.finished - call.started) for call in facts.calls] == [2, 2, 2]


async def test_a_call_outside_any_workflow_belongs_to_the_set_up(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (_, [alice]):
            await alice.ask(Step("", "settings", "notes://settings", {}, 1))
    assert facts.calls[0].phase is Phase.SETUP


async def test_a_bug_escapes_and_ends_the_run(autojump_clock: object) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    connector = StoreConnector("alice", tamper=broken)  # type: ignore[arg-type]
    with trio.fail_after(60), pytest.raises(ExceptionGroup) as caught:
        async with users_on_stage(connector, Facts(), "alice") as (_, [alice]):
            await alice.ask(SEARCH)
    assert caught.group_contains(RuntimeError, match="a bug")


@pytest.mark.parametrize("state", State)
def test_a_user_moves_only_along_the_table(state: State) -> None:
    for to in State:
        life = Lifecycle()
        life._state = state
        if to in TRANSITIONS[state]:
            life.move(to)
            assert life.state is to
        else:
            with pytest.raises(IllegalTransition):
                life.move(to)
