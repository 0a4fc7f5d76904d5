"""Bugs in a story of one's own: a failed execution that says where, and never the end of a run by itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
import trio

from actors.errors import Outcome
from actors.events import Ending
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.stories import SEARCH, play_once, told
from workflows.bugs import HOPELESS_AFTER, BugWatch
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

Told = Callable[..., Awaitable[None]]


async def raises(error: BaseException) -> None:
    raise error


class Unspeakable(Exception):
    """An exception whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no")


BUGS: dict[str, tuple[BaseException, str]] = {
    "a missing key": (KeyError("title"), "KeyError: 'title'"),
    "an exit": (SystemExit(1), "SystemExit: 1"),
    "a base exception": (BaseException("odd"), "BaseException: odd"),
    "several lines": (ValueError("a\nb\x1b[2J"), "ValueError: a b\N{REPLACEMENT CHARACTER}[2J"),
    "half a surrogate pair": (ValueError("\ud800"), "ValueError: \N{REPLACEMENT CHARACTER}"),
    "no text at all": (AssertionError(), "AssertionError"),
    "a text that fails": (Unspeakable(), "Unspeakable: (its text cannot be made)"),
    "too deep": (RecursionError("deep"), "RecursionError: deep"),
}


@pytest.mark.parametrize("nested", ["plain", "together", "nursery", "nursery in nursery"])
@pytest.mark.parametrize("name", BUGS)
async def test_whatever_a_story_raises_is_a_workflow_error_with_its_place(
    autojump_clock: object, name: str, nested: str
) -> None:
    error, text = BUGS[name]

    async def story(scene: Scene, user: Role) -> None:
        async def buggy() -> None:
            raise error

        if nested == "plain":
            await buggy()
        elif nested == "together":
            await scene.together(user.does("look", query="x"), buggy())
        else:
            async with trio.open_nursery() as nursery:
                if nested == "nursery":
                    nursery.start_soon(buggy)
                else:
                    async with trio.open_nursery() as inner:  # noqa: ASYNC112 (groups within groups)
                        inner.start_soon(buggy)

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert (execution.ending, execution.is_workflow_error) == (Ending.FAILED, True)
    place = r"workflow_error: test_story_bugs\.py:\d+: "
    assert re.fullmatch(place + re.escape(text), execution.failure), execution.failure
    assert execution.failure.isprintable()
    assert execution.violations == ()


def true(answer: object) -> Any:
    return True


def words(answer: object) -> Any:
    return ("wrong",)


def fails(answer: Any) -> Any:
    raise KeyError("title")


def too_deep(answer: Any) -> Any:
    return too_deep(answer)


@pytest.mark.parametrize("verb", ["does", "until"])
@pytest.mark.parametrize("check", [true, words, fails, too_deep])
async def test_a_check_that_raises_or_gives_no_findings_is_a_bug_of_its_story(
    check: Any, verb: str, autojump_clock: object
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await getattr(user, verb)("look", query="x", expects=check)

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice"), facts)
    assert (execution.ending, execution.is_workflow_error) == (Ending.FAILED, True)
    assert "test_story_bugs.py:" in execution.failure
    assert [call.outcome for call in facts.calls] == [Outcome.OK], "the server has answered well"


@pytest.mark.parametrize("wrong", ["look_7", "look_{i}_", "lok", "7"])
async def test_a_step_that_is_not_in_the_table_is_answered_with_those_that_are(
    autojump_clock: object, wrong: str
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.does(wrong, query="x")

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert f"no step {wrong!r}; the table has: look, look_{{i}}, create, read, delete" in execution.failure
    assert ("(say 'look_{i}' with number=7)" in execution.failure) is (wrong == "look_7")


async def test_a_move_that_nobody_awaits_is_a_bug_that_names_the_step(autojump_clock: object) -> None:
    async def forgets(scene: Scene, user: Role) -> None:
        user.does("look", query="x")

    async def forgets_to_look(scene: Scene, user: Role) -> None:
        user.until("look", query="x")

    async def hands_over(scene: Scene, user: Role) -> None:
        scene.afterwards(user.does("look", query="x"))
        await scene.together(user.does("look", query="x"))

    for story in (forgets, forgets_to_look):
        execution = await play_once(told(story), StoreConnector("alice"), Facts())
        assert execution.is_workflow_error
        assert "step 'look' was never made: write 'await' before it" in execution.failure
    execution = await play_once(told(hands_over), StoreConnector("alice"), Facts())
    assert execution.ending is Ending.SUCCEEDED


async def test_a_task_that_goes_on_after_its_story_is_a_bug(autojump_clock: object) -> None:
    facts, connector = Facts(), StoreConnector("alice", seconds=1)
    with trio.fail_after(60):
        async with trio.open_nursery() as elsewhere:

            async def story(scene: Scene, user: Role) -> None:
                async def leak() -> None:
                    await user.does("look", query="x")

                elsewhere.start_soon(leak)
                await trio.sleep(0.5)

            execution = await play_once(told(story), connector, facts)
    assert execution.is_workflow_error
    assert "1 of its steps are still being made" in execution.failure


async def test_what_the_server_did_in_a_nursery_of_the_storys_own_is_no_bug(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(raises_not_found, user)
            await trio.sleep_forever()

    async def raises_not_found(user: Role) -> None:
        await user.does("read", note_id=12345)

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert (execution.failure, execution.is_workflow_error) == ("read: tool_error/404", False)


@pytest.mark.parametrize("tries_to_go_on", [False, True])
async def test_a_cancellation_is_never_kept_back(autojump_clock: object, tries_to_go_on: bool) -> None:
    """Not in a nursery of the story's own that fails at the same time, nor where the story catches all."""

    async def story(scene: Scene, user: Role) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(fails_when_cancelled)
                await user.does("look", query="x")
        except BaseException:  # noqa: ASYNC103 (which is what this is about)
            if not tries_to_go_on:
                raise
            await user.does("look", query="again")  # noqa: ASYNC102

    async def fails_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("in the middle of it")

    facts = Facts()
    with trio.fail_after(100):
        async with users_on_stage(StoreConnector("alice", seconds=10), facts, "alice") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                with trio.move_on_after(1) as scope:
                    await director.play(told(story), tuple(users))
    assert scope.cancelled_caught
    assert [execution.ending for execution in facts.executions] == [Ending.INTERRUPTED]


async def test_a_bug_while_tidying_up_leaves_the_other_removals_alone(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        scene.afterwards(user.does("look", query="first noted"))
        scene.afterwards(raises(ZeroDivisionError("oops")))
        scene.afterwards(user.does("look", query="last noted"))

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice"), facts)
    assert len([call for call in facts.calls if call.tool == SEARCH]) == 2
    assert (execution.leftovers, execution.is_workflow_error) == (1, True)
    assert "ZeroDivisionError: oops" in execution.failure


async def play_times(director: Director, user: Any, stories: dict[str, Told], names: str) -> list[bool]:
    """Play these stories, by letter; after each, whether the director has given up."""
    hopeless = []
    for name in names:
        await director.play(told(stories[name]), (user,))
        hopeless.append(director.bugs.hopeless.is_set())
    return hopeless


async def good(scene: Scene, user: Role) -> None:
    await user.does("look", query="x")


async def bad(scene: Scene, user: Role) -> None:
    raise ValueError(f"number {scene.number}")


async def refused(scene: Scene, user: Role) -> None:
    await user.does("read", note_id=12345)


@pytest.mark.parametrize(
    ("fail_fast", "names", "hopeless_at"),
    [
        (True, "ggb", 3),
        (True, "ggr", None),
        (False, "b" * HOPELESS_AFTER, HOPELESS_AFTER),
        (False, "gb" * HOPELESS_AFTER, 2 * HOPELESS_AFTER),
        (False, "b" * (HOPELESS_AFTER - 1), None),
        (False, "r" * 2 * HOPELESS_AFTER, None),
    ],
)
async def test_a_run_is_given_up_at_the_first_bug_or_when_a_workflow_does_nothing_else(
    autojump_clock: object, fail_fast: bool, names: str, hopeless_at: int | None
) -> None:
    facts = Facts()
    with trio.fail_after(600):
        async with users_on_stage(StoreConnector("alice"), facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                watch = BugWatch(fail_fast=fail_fast)
                director = Director(nursery, roster, facts, Settings(), Budget(), watch)
                hopeless = await play_times(director, alice, {"g": good, "b": bad, "r": refused}, names)
    assert (hopeless.index(True) + 1 if True in hopeless else None) == hopeless_at
    assert bool(watch.why) is (hopeless_at is not None)
    assert "\n" not in watch.why
    # One text a place, however many there were: reports count by it.
    assert len({e.failure for e in facts.executions if e.is_workflow_error}) <= 1


async def test_who_led_a_story_with_a_bug_goes_on_to_the_next(autojump_clock: object) -> None:
    facts, budget = Facts(), Budget(40)
    with trio.fail_after(600):
        async with users_on_stage(StoreConnector("alice", "bob"), facts, "alice", "bob") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), budget)
                mix = Mix({told(good): 1, told(bad): 1})
                for user in users:
                    director.give_initiative(user, Company(mix, lambda random: 0.1, Random(1)))
                await budget.spent.wait()
                director.close()
                await director.wait_idle()
    endings = [execution.ending for execution in facts.executions]
    assert len(endings) == 40
    assert {Ending.SUCCEEDED, Ending.FAILED} == set(endings)
