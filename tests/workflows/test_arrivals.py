"""The open model: arrivals that find a free user, wait for one, or are dropped; and how they are booked."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
import trio

from actors.events import Ending, Missed
from actors.user import User
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


class Arrivals:
    """Open model: users who are offered, and workflows that arrive."""

    def __init__(self, director: Director, users: Sequence[User], story: Workflow = ONE) -> None:
        self._director = director
        self._company = company(story)
        for user in users:
            director.offer(user, self._company)

    def come(self, number: int = 1, max_lag_s: float = 1.0) -> None:
        for _ in range(number):
            self._director.arrive(trio.current_time(), self._company, max_lag_s)


async def test_who_is_free_is_taken_also_when_no_lag_is_allowed(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a", "b", seconds=2), facts, "a", "b") as (roster, users):
            async with trio.open_nursery() as nursery:
                arrivals = Arrivals(Director(nursery, roster, facts, Settings(), Budget()), users)
                arrivals.come(3, max_lag_s=0)
                await trio.sleep(5)
                arrivals.come(1, max_lag_s=0)
                await trio.sleep(5)
                nursery.cancel_scope.cancel()
    assert len(facts.executions) == 3
    assert [missed.why for missed in facts.missed] == [Missed.DROPPED]


async def test_an_arrival_that_waited_counts_from_when_it_was_due(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a", seconds=2), facts, "a") as (roster, users):
            async with trio.open_nursery() as nursery:
                Arrivals(Director(nursery, roster, facts, Settings(), Budget()), users).come(3, max_lag_s=3)
                await trio.sleep(20)
                nursery.cancel_scope.cancel()
    assert [e.started - e.due for e in facts.executions if e.due is not None] == pytest.approx([0, 2])
    assert [c.finished - c.due for c in facts.calls if c.due is not None] == pytest.approx([2, 4])
    assert len(facts.missed) == 1


async def test_an_arrival_that_finds_too_few_for_its_roles_is_dropped_and_its_user_stays_free(
    autojump_clock: object,
) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a", "b"), facts, "a") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                arrivals = Arrivals(director, users, TWO)
                arrivals.come()
                await trio.sleep(2)
                assert [missed.why for missed in facts.missed] == [Missed.DROPPED]
                assert await roster.enter(person("b"), NoCredentials()).wait_on_stage()
                arrivals.come()
                await trio.sleep(2)
                nursery.cancel_scope.cancel()
    assert [e.cast for e in facts.executions] == [("a", "b")]


async def test_who_has_left_is_passed_over(autojump_clock: object) -> None:
    facts = Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector("a", "b"), facts, "a", "b") as (roster, users):
            async with trio.open_nursery() as nursery:
                arrivals = Arrivals(Director(nursery, roster, facts, Settings(), Budget()), users)
                users[0].leave()
                arrivals.come()
                await trio.sleep(2)
                nursery.cancel_scope.cancel()
    assert [e.cast for e in facts.executions] == [("b",)]


async def test_nothing_arrives_after_the_close_and_beyond_the_budget(autojump_clock: object) -> None:
    facts, budget = Facts(), Budget()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector(*NAMES), facts, *NAMES) as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), budget)
                arrivals = Arrivals(director, users)
                budget.limit(3)
                arrivals.come(5)
                assert not budget.spent.is_set()  # nothing has started yet
                await trio.sleep(2)
                assert budget.spent.is_set()
                budget.limit(5)
                director.close()
                arrivals.come(5)
                await director.wait_idle()
    assert len(facts.executions) == 3
    assert facts.missed == []


def booked(facts: Facts) -> list[float]:
    """The instants at which something was due: what was played, interrupted or dropped."""
    played = [execution.due for execution in facts.executions if execution.due is not None]
    return sorted([*played, *(missed.at for missed in facts.missed)])


@pytest.mark.parametrize("how", ["closed", "cancelled", "closed and cancelled"])
async def test_whatever_was_due_is_played_dropped_or_interrupted_at_its_own_instant(
    autojump_clock: object, how: str
) -> None:
    """Twelve arrivals for one user who takes 1.7 s for each: most still wait when the arrivals end."""
    facts, due = Facts(), []
    with trio.fail_after(200):
        async with users_on_stage(StoreConnector("a", seconds=1.7), facts, "a") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                arrivals = Arrivals(director, users)
                for _ in range(12):
                    due.append(trio.current_time())
                    arrivals.come(max_lag_s=100)
                    await trio.sleep(0.5)
                if "closed" in how:
                    director.close()
                    await trio.sleep(0.1)
                nursery.cancel_scope.cancel()
    assert booked(facts) == due
    assert {missed.why for missed in facts.missed} == {Missed.DROPPED}
    endings = [execution.ending for execution in facts.executions]
    assert endings.count(Ending.INTERRUPTED) == 1
    assert len(endings) + len(facts.missed) == len(due)


@pytest.mark.parametrize("wanted", [1, 5, 20])
async def test_what_is_dropped_gives_its_place_in_the_budget_back(
    autojump_clock: object, wanted: int
) -> None:
    facts, budget = Facts(), Budget()
    due = 0
    with trio.fail_after(2000):
        async with users_on_stage(StoreConnector("a", seconds=2), facts, "a") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), budget)
                arrivals = Arrivals(director, users)
                budget.limit(wanted)
                while not budget.spent.is_set():
                    arrivals.come(3, max_lag_s=1)
                    await trio.sleep(1)
                    due += 3
                director.close()
                await director.wait_idle()
    assert [execution.ending for execution in facts.executions] == [Ending.SUCCEEDED] * wanted
    assert len(facts.missed) > 0 or wanted < 3
    assert len(booked(facts)) <= due
