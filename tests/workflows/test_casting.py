"""Whom a workflow is cast from, where a run has several groups of users."""

from __future__ import annotations

from random import Random

import attrs
import trio

from actors.events import Missed
from actors.roster import open_roster
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person
from tests.support.stories import told
from workflows.base import Workflow
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings


async def one(scene: Scene, user: Role) -> None:
    await user.does("look", query="x")


async def two(scene: Scene, first: Role, second: Role) -> None:
    await second.does("look", query="x")


async def crowd(scene: Scene, first: Role, *others: Role) -> None:
    await scene.together(*(other.does("look", query="x") for other in others))


ONE, TWO, CROWD = told(one), told(two), told(crowd)


def company(*stories: Workflow, think_s: float = 1.0, name: str = "") -> Company:
    return Company(Mix(dict.fromkeys(stories, 1.0)), lambda random: think_s, Random("mix"), name)


async def test_a_workflow_is_cast_from_the_leading_users_own_group_unless_all_are_to_be_cast(
    autojump_clock: object,
) -> None:
    """Six editors and two readers; whom a reader casts when they lead a workflow of two."""
    for casts_all in (False, True):
        facts, budget = Facts(), Budget(60)
        with trio.fail_after(600):
            async with open_roster(StoreConnector(*"abcdefgh"), facts, seed=1) as roster:
                people = [
                    attrs.evolve(person(n), group="readers" if n in "gh" else "editors") for n in "abcdefgh"
                ]
                users = [roster.enter(each, NoCredentials()) for each in people]
                for user in users:
                    assert await user.wait_on_stage()
                async with trio.open_nursery() as nursery:
                    director = Director(nursery, roster, facts, Settings(collaborators=9), budget)
                    mix = Mix(dict.fromkeys((TWO, CROWD), 1.0))
                    readers = Company(mix, lambda random: 1.0, Random("mix"), "readers", casts_all=casts_all)
                    director.give_initiative(users[-1], readers)
                    await budget.spent.wait()
                    director.close()
                    await director.wait_idle()
        cast = {uid for execution in facts.executions for uid in execution.cast}
        assert cast == set("abcdefgh" if casts_all else "gh")
        sizes = {len(execution.cast) for execution in facts.executions if execution.workflow == "crowd"}
        assert sizes == {8 if casts_all else 2}


async def test_a_group_that_is_too_few_waits_for_its_own_and_not_for_others(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(600):
        async with open_roster(StoreConnector("a", "b", "c"), facts, seed=1) as roster:
            reader, editor, late = (
                attrs.evolve(person(name), group=group)
                for name, group in (("a", "readers"), ("b", "editors"), ("c", "readers"))
            )
            first = roster.enter(reader, NoCredentials())
            assert await first.wait_on_stage()
            assert await roster.enter(editor, NoCredentials()).wait_on_stage()
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget(1))
                director.give_initiative(first, company(TWO, name="readers"))
                await trio.sleep(5)
                assert [missed.why for missed in facts.missed] == [Missed.POSTPONED]
                roster.enter(late, NoCredentials())
                await trio.sleep(5)
                nursery.cancel_scope.cancel()
    assert [execution.cast for execution in facts.executions] == [("a", "c")]
