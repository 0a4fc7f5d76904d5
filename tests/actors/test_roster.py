"""The roster: who is on stage, a fair draw of casts, and everybody seen off."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import trio

from actors.errors import CallError, Outcome
from actors.lifecycle import State
from actors.messages import ActorGone, Done
from actors.roster import Roster, StagePool, open_roster
from actors.user import User
from tests.support.cast import step
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage

NAMES = tuple("abcdefgh")


@asynccontextmanager
async def crowd(*names: str) -> AsyncIterator[tuple[Roster, list[User]]]:
    async with users_on_stage(StoreConnector(*names), Facts(), *names) as (roster, users):
        yield roster, users


async def test_somebody_is_on_stage_only_once_his_session_is_open(autojump_clock: object) -> None:
    connector = StoreConnector("alice", seconds=3)
    with trio.fail_after(60):
        async with open_roster(connector, Facts(), seed=1) as roster:
            alice = roster.enter(person("alice"), NoCredentials())
            assert (len(roster), roster.count_on_stage, alice.state) == (1, 0, State.OFF_STAGE)
            await trio.sleep(1)
            assert (len(roster), roster.count_on_stage, alice.state) == (1, 0, State.CONNECTING)
            assert await alice.wait_on_stage()
            assert (len(roster), roster.count_on_stage, alice.state) == (1, 1, State.ON_STAGE)
        assert (len(roster), roster.count_on_stage, alice.state) == (0, 0, State.GONE)


async def test_a_cast_is_its_leading_user_and_different_others(autojump_clock: object) -> None:
    with trio.fail_after(60):
        async with crowd(*NAMES) as (roster, users):
            for others in range(len(NAMES)):
                cast = roster.cast(users[3], others, Random(others))
                assert cast is not None
                assert cast[0] is users[3]
                assert len(set(cast)) == len(cast) == others + 1
            assert roster.cast(users[3], len(NAMES), Random(1)) is None


async def test_everybody_is_cast_about_as_often(autojump_clock: object) -> None:
    with trio.fail_after(60):
        async with crowd(*NAMES) as (roster, users):
            random = Random(7)
            seen = Counter(user.uid for _ in range(7000) for user in roster.cast(users[0], 2, random) or ())
    del seen["a"]
    assert set(seen) == set(NAMES[1:])
    assert 1800 < min(seen.values()) <= max(seen.values()) < 2200


async def test_casting_draws_from_the_given_stream_only(autojump_clock: object) -> None:
    with trio.fail_after(60):
        async with crowd(*NAMES) as (roster, users):
            first = [roster.cast(users[0], 3, Random(seed)) for seed in range(20)]
            for user in users[1:]:
                user.random.random()
                roster.cast(user, 2, user.random)
            assert [roster.cast(users[0], 3, Random(seed)) for seed in range(20)] == first


async def test_who_leaves_or_has_left_is_not_cast(autojump_clock: object) -> None:
    with trio.fail_after(60):
        async with crowd("a", "b", "c") as (roster, (a, b, c)):
            b.hold()
            b.leave()
            assert b.state is State.LEAVING
            assert all(b not in (roster.cast(a, 1, Random(seed)) or ()) for seed in range(20))
            assert roster.cast(a, 2, Random(1)) is None
            b.release()
            c.leave()
            await roster.wait_until(lambda roster: len(roster) == 1)
            assert roster.cast(a, 1, Random(1)) is None
            assert roster.cast(a, 0, Random(1)) == (a,)


async def test_each_user_draws_from_a_stream_that_depends_on_seed_and_name_alone(
    autojump_clock: object,
) -> None:
    with trio.fail_after(60):
        async with crowd("a", "b") as (_, (a, b)):
            draws = a.random.random(), b.random.random()
        async with crowd("b", "c", "a") as (_, (b, _, a)):
            assert (a.random.random(), b.random.random()) == draws
    assert draws[0] != draws[1]


async def test_waiting_for_a_condition_wakes_when_states_change(autojump_clock: object) -> None:
    connector = StoreConnector("a", "b")
    with trio.fail_after(60):
        async with open_roster(connector, Facts(), seed=1) as roster:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(roster.wait_until, lambda roster: roster.count_on_stage >= 2)
                roster.enter(person("a"), NoCredentials())
                await trio.sleep(1)
                assert len(nursery.child_tasks) == 1
                roster.enter(person("b"), NoCredentials())


async def test_who_comes_back_draws_anew_and_the_same_in_every_run(autojump_clock: object) -> None:
    async def three_lives() -> list[float]:
        draws = []
        async with open_roster(StoreConnector("a"), Facts(), seed=1) as roster:
            for _ in range(3):
                a = roster.enter(person("a"), NoCredentials())
                assert await a.wait_on_stage()
                draws.append(a.random.random())
                a.leave()
                await roster.wait_until(lambda roster: not len(roster))
        return draws

    with trio.fail_after(60):
        first = await three_lives()
        assert len(set(first)) == 3
        assert await three_lives() == first


async def test_nobody_is_woken_for_whom_nothing_has_come_true(autojump_clock: object) -> None:
    looked, woken = Counter[int](), []
    with trio.fail_after(60):
        async with (
            open_roster(StoreConnector(*NAMES), Facts(), seed=1) as roster,
            trio.open_nursery() as nursery,
        ):

            async def wait_for(count: int) -> None:
                def enough(roster: Roster) -> bool:
                    looked[count] += 1
                    return roster.count_on_stage >= count

                await roster.wait_until(enough)
                woken.append(count)
                # Before it waits, where the state changed, and when it has been woken.
                assert looked[count] <= 3 + 3 * len(NAMES)

            for count in range(len(NAMES), 0, -1):
                nursery.start_soon(wait_for, count)
            await trio.sleep(1)
            for name in NAMES:
                assert await roster.enter(person(name), NoCredentials()).wait_on_stage()
                await trio.sleep(1)
                assert woken == sorted(woken)
                assert len(woken) == roster.count_on_stage


async def test_what_was_negotiated_is_known_also_of_those_who_have_gone(autojump_clock: object) -> None:
    connector = StoreConnector("a", "b")
    connector.refusals = [CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect")]
    with trio.fail_after(60):
        async with open_roster(connector, Facts(), seed=1) as roster:
            a = roster.enter(person("a"), NoCredentials())
            assert roster.protocols == {}
            assert await a.wait_on_stage()
            assert roster.protocols == {"in-process": 1}
            a.leave()
            await roster.wait_until(lambda roster: not len(roster))
            assert roster.protocols == {"in-process": 1}
            for name in ("a", "b"):
                assert await roster.enter(person(name), NoCredentials()).wait_on_stage()
            assert roster.protocols == {"in-process": 2}
    assert roster.protocols == {"in-process": 2}


async def test_who_is_asked_to_leave_before_he_has_begun_never_opens_a_session(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(60):
        async with open_roster(connector, facts, seed=1) as roster:
            alice = roster.enter(person("alice"), NoCredentials())
            alice.leave()
            alice.leave()
            assert not await alice.wait_on_stage()
            assert await alice.ask(step()) == ActorGone("alice")
            assert len(roster) == 0
    assert connector.opened == []
    assert facts == []


async def test_the_end_of_the_block_closes_every_session(autojump_clock: object) -> None:
    connector = StoreConnector(*NAMES)
    with trio.fail_after(60):
        async with users_on_stage(connector, Facts(), *NAMES) as (_, users):
            pass
    assert sorted(connector.closed) == sorted(NAMES)
    assert {user.state for user in users} == {State.GONE}


async def test_a_roster_that_closes_waits_for_nobodys_story(autojump_clock: object) -> None:
    connector = StoreConnector("alice")
    with trio.fail_after(60):
        async with users_on_stage(connector, Facts(), "alice") as (_, [alice]):
            alice.hold()
            ended = trio.current_time()
    assert trio.current_time() == ended
    assert alice.state is State.GONE
    assert connector.closed == ["alice"]


async def test_cancelling_the_block_closes_every_session_too(autojump_clock: object) -> None:
    connector = StoreConnector(*NAMES)
    with trio.fail_after(60):
        with trio.CancelScope() as scope:
            async with users_on_stage(connector, Facts(), *NAMES):
                scope.cancel()
                await trio.sleep_forever()
    assert sorted(connector.closed) == sorted(NAMES)


async def test_the_trouble_of_one_user_is_not_that_of_another(autojump_clock: object) -> None:
    connector, facts = StoreConnector("a", "b"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "a") as (roster, [a]):
            connector.refusals = [CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect")] * 3
            b = roster.enter(person("b"), NoCredentials())
            for _ in range(5):
                assert isinstance(await a.ask(step(query="x")), Done)
            assert await b.wait_on_stage()
            assert b.last_error == "refused"


def test_taking_anybody_out_leaves_the_others_in() -> None:
    """Against a plain list, whatever the order of coming and going."""
    random, stage = Random(3), StagePool()
    there: list[Any] = []
    users: list[Any] = [object() for _ in range(12)]
    for _ in range(2000):
        user = random.choice(users)
        if random.random() < 0.5:
            stage.add(user)
            there = [*there, user] if user not in there else there
        else:
            stage.discard(user)
            there = [one for one in there if one is not user]
        assert len(stage) == len(there)
        assert all((one in stage) is (one in there) for one in users)
        if there:
            assert stage.draw(random) in there
