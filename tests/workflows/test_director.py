"""The director: initiative, casting, budgets, arrivals, and stopping."""

from __future__ import annotations

import re
from random import Random

import trio
import trio.testing

from actors.events import Ending, Missed, NotStarted
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person, users_on_stage
from workflows.base import Workflow, workflow
from workflows.catalogue import catalogue
from workflows.director import Budget, Company, Director
from workflows.repertoire import MIXES, Mix
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

KNOWN = catalogue()


@workflow(steps={"look": "nc_notes_search_notes"})
async def look(scene: Scene, user: Role) -> None:
    """One look."""
    await user.does("look", query="x")


@workflow(steps={"look": "nc_notes_search_notes"})
async def pair(scene: Scene, first: Role, second: Role) -> None:
    """Both look at the same time."""
    await scene.together(first.does("look", query="x"), second.does("look", query="x"))


@workflow(steps={"look": "nc_notes_search_notes"})
async def faulty(scene: Scene, user: Role) -> None:
    """A story with a bug."""
    raise KeyError("oops")


def company(story: Workflow, think_s: float = 1.0) -> Company:
    return Company(Mix({story: 1.0}), lambda random: think_s, Random("mix"))


async def test_each_user_starts_one_workflow_after_another_with_think_time_between(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice", "bob", seconds=0.5), Facts()
    with trio.fail_after(100):
        async with users_on_stage(connector, facts, "alice", "bob") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                for user in users:
                    director.give_initiative(user, company(look))
                await trio.sleep(6.1)
                director.close()
                await director.wait_idle()
    starts = [
        round(e.started - facts.executions[0].started, 3) for e in facts.executions if e.cast == ("alice",)
    ]
    assert starts == [0, 1.5, 3.0, 4.5, 6.0]
    assert len(facts.executions) == 10


async def test_a_budget_is_spent_to_the_last_and_not_beyond(autojump_clock: object) -> None:
    connector, facts, budget = StoreConnector("alice", "bob"), Facts(), Budget(7)
    with trio.fail_after(100):
        async with users_on_stage(connector, facts, "alice", "bob") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), budget)
                for user in users:
                    director.give_initiative(user, company(look))
                await budget.spent.wait()
                director.close()
                await director.wait_idle()
    assert len(facts.executions) == 7
    assert {e.ending for e in facts.executions} == {Ending.SUCCEEDED}


async def test_a_workflow_that_finds_too_few_is_postponed_and_counted_once_and_played_later(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice", "bob"), Facts()
    with trio.fail_after(100):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(alice, company(pair, 100))
                await trio.sleep(5)
                assert not facts.executions
                roster.enter(person("bob"), NoCredentials())
                await trio.sleep(5)
                director.close()
                await director.wait_idle()
    assert [f.why for f in facts if isinstance(f, NotStarted)] == [Missed.POSTPONED]
    assert facts.executions[0].cast == ("alice", "bob")


async def test_closing_lets_what_is_played_finish_and_starts_nothing_more(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice", seconds=3), Facts()
    with trio.fail_after(100):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(alice, company(look))
                await trio.sleep(1)
                director.close()
                await director.wait_idle()
    assert [e.ending for e in facts.executions] == [Ending.SUCCEEDED]


async def test_cancelling_interrupts_what_is_played_and_the_users_stay(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice", seconds=30), Facts()
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                director.give_initiative(alice, company(look))
                await trio.sleep(1)
                nursery.cancel_scope.cancel()
            await trio.testing.wait_all_tasks_blocked()
            assert roster.count_on_stage == 1
    assert [e.ending for e in facts.executions] == [Ending.INTERRUPTED]
    # What has been sent comes to its answer, although its story is over.
    assert [c.outcome.value for c in facts.calls] == ["ok"]


async def test_arrivals_take_free_users_and_are_dropped_when_nobody_is_free_in_time(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice", seconds=10), Facts()
    with trio.fail_after(200):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                crowd = company(look)
                director.offer(alice, crowd)
                begun = trio.current_time()
                for at in (0.0, 1.0, 9.0):
                    await trio.sleep_until(begun + at)
                    director.arrive(begun + at, crowd, max_lag_s=5)
                await trio.sleep_until(begun + 30)
                director.close()
                await director.wait_idle()
                nursery.cancel_scope.cancel()
    assert [round(e.started - e.due) for e in facts.executions if e.due is not None] == [0, 1]
    assert [f.why for f in facts if isinstance(f, NotStarted)] == [Missed.DROPPED]
    assert [round(c.finished - c.due) for c in facts.calls if c.due is not None] == [10, 11]


async def test_a_bug_in_a_story_is_a_failed_execution_that_names_the_place_and_the_run_goes_on(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(100):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                for story in (faulty, look, faulty):
                    await director.play(story, (alice,))
    first, second, third = facts.executions
    assert re.fullmatch(r"workflow_error: test_director\.py:\d+: KeyError: 'oops'", first.failure)
    assert (first.ending, first.is_workflow_error) == (Ending.FAILED, True)
    assert (second.ending, second.is_workflow_error) == (Ending.SUCCEEDED, False)
    assert third.failure == first.failure
    assert not director.bugs.hopeless.is_set()


def test_the_named_mixes_are_those_that_people_know() -> None:
    assert MIXES["mixed"] == {"baseline": 50, "note_share": 30, "collaborative_edit": 15, "file_share": 5}
    assert all(name in KNOWN for mix in MIXES.values() for name in mix)


def test_a_mix_draws_by_weight_and_from_the_given_stream_only() -> None:
    mix = Mix({look: 3.0, pair: 1.0})
    drawn = [mix.draw(random).name for random in [Random(1)] for _ in range(4000)]
    assert 0.72 < drawn.count("look") / 4000 < 0.78
    again = [mix.draw(random).name for random in [Random(1)] for _ in range(4000)]
    assert drawn == again
