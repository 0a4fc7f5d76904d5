"""The director: whose draws decide what, and who starts nothing any more."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import trio
import trio.testing

from actors.events import Ending, Missed
from actors.lifecycle import State
from actors.roster import open_roster
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage
from tests.support.stories import told
from workflows.base import Workflow
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

NAMES = ("a", "b", "c", "d", "e")


async def one(scene: Scene, user: Role) -> None:
    await user.does("look", query="x")


async def two(scene: Scene, first: Role, second: Role) -> None:
    await second.does("look", query="x")


async def crowd(scene: Scene, first: Role, *others: Role) -> None:
    await scene.together(*(other.does("look", query="x") for other in others))


ONE, TWO, CROWD = told(one), told(two), told(crowd)


def company(*stories: Workflow, think_s: float = 1.0, name: str = "") -> Company:
    return Company(Mix(dict.fromkeys(stories, 1.0)), lambda random: think_s, Random("mix"), name)


def told_of(facts: Facts, leading: str) -> list[tuple[str, tuple[str, ...], float]]:
    """What a user led: the workflow, its cast, and how long they thought before it."""
    led = [execution for execution in facts.executions if execution.cast[0] == leading]
    thought = [0.0, *(round(after.started - before.finished, 6) for before, after in pairwise(led))]
    return [(e.workflow, e.cast, think_s) for e, think_s in zip(led, thought, strict=True)]


async def perform(initiative: Sequence[int], seconds: float) -> Facts:
    """The users at these places of `NAMES` have the initiative; each call takes so many seconds."""
    facts = Facts()
    with trio.fail_after(3600):
        async with open_roster(StoreConnector(*NAMES, seconds=seconds), facts, seed=1) as roster:
            users = [roster.enter(person(NAMES[0]), NoCredentials())]
            for name in NAMES[1:]:
                # One after another: a draw is a place among those on stage, in their order of coming.
                assert await users[-1].wait_on_stage()
                users.append(roster.enter(person(name), NoCredentials()))
            assert await users[-1].wait_on_stage()
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                everybody = Company(
                    Mix({ONE: 1, TWO: 1, CROWD: 1}), lambda random: random.uniform(0.5, 1.5), Random("mix")
                )
                for place in initiative:
                    director.give_initiative(users[place], everybody)
                await trio.sleep(60)
                director.close()
                await director.wait_idle()
    return facts


async def test_what_a_user_plays_and_with_whom_depends_on_his_own_draws(
    autojump_clock: object,
) -> None:
    alone = told_of(await perform([0], 0.2), "a")
    in_company = told_of(await perform([3, 1, 0], 0.2), "a")
    hurried = told_of(await perform([0, 4], 0.01), "a")
    length = min(map(len, (alone, in_company, hurried)))
    assert length > 20
    assert alone[:length] == in_company[:length] == hurried[:length]
    assert len({cast for _, cast, _ in alone}) > 10


async def test_a_crowd_is_as_large_as_the_stage_and_the_settings_allow(autojump_clock: object) -> None:
    for names, collaborators, size in ((NAMES, 3, 3), (NAMES, 10, 5), (NAMES[:2], 10, 2), (NAMES, 1, 2)):
        facts = Facts()
        with trio.fail_after(60):
            async with users_on_stage(StoreConnector(*names), facts, *names) as (roster, users):
                async with trio.open_nursery() as nursery:
                    settings = Settings(collaborators=collaborators)
                    director = Director(nursery, roster, facts, settings, Budget(1))
                    director.give_initiative(users[0], company(CROWD))
                    await trio.sleep(5)
                    nursery.cancel_scope.cancel()
        assert [len(set(e.cast)) for e in facts.executions] == [size]


async def test_who_leaves_starts_nothing_more_and_finishes_what_he_plays(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a", seconds=2), facts, "a") as (roster, [a]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(a, company(ONE))
                await trio.sleep(4)
                a.leave()
                assert a.state is State.LEAVING
                await roster.wait_until(lambda roster: not len(roster))
    assert [e.ending for e in facts.executions] == [Ending.SUCCEEDED] * 2


async def test_a_postponed_workflow_of_somebody_who_leaves_comes_to_nothing(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a"), facts, "a") as (roster, [a]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(a, company(TWO, name="editors"))
                await trio.sleep(5)
                a.leave()
    assert facts.executions == []
    assert [(m.workflow, m.why, m.group) for m in facts.missed] == [("two", Missed.POSTPONED, "editors")]


async def test_closing_ends_think_time_and_postponement_at_once(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a"), facts, "a") as (roster, [a]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(a, company(ONE, think_s=1000))
                director.give_initiative(a, company(TWO, think_s=1000))
                await trio.sleep(5)
                director.close()
                await director.wait_idle()
    assert [e.workflow for e in facts.executions] == ["one"]


async def test_idle_means_that_nothing_is_played_any_more(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector(*NAMES, seconds=3), facts, *NAMES) as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                for number, user in enumerate(users):
                    director.give_initiative(user, company(ONE))
                    await trio.sleep(number / 10)
                assert director.in_flight == len(users)
                closed = trio.current_time()
                director.close()
                await director.wait_idle()
                assert director.in_flight == 0
                assert closed < trio.current_time() <= closed + 3
    assert len(facts.executions) == len(users)


async def test_a_grace_that_is_over_interrupts_stories_and_lets_their_calls_come_to_an_answer(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector(*NAMES), Facts()
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, *NAMES) as (roster, users):
            connector.seconds = 100
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                for user in users:
                    director.give_initiative(user, company(ONE))
                await trio.sleep(5)
                director.close()
                with trio.move_on_after(2) as grace:
                    await director.wait_idle()
                assert grace.cancelled_caught
                nursery.cancel_scope.cancel()
            assert director.in_flight == 0
            assert roster.count_on_stage == len(users)
    assert [e.ending for e in facts.executions] == [Ending.INTERRUPTED] * 5
    assert [call.outcome.value for call in facts.calls] == ["ok"] * 5
