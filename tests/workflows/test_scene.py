"""One execution: moves made together, tidying up, the due instant, and how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import pytest
import trio

from actors.errors import CallError, Outcome
from actors.events import Ending, ViolationKind
from sim.standin.toolbox import ToolAnswer
from tests.support.cast import tool_error
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.stories import SEARCH, play_once, told
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.failures import CastGone, StepFailed
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

CUT = CallError(Outcome.TRANSPORT_ERROR, "cut", reason="cut", answered=False)


async def test_moves_made_together_run_at_the_same_time_and_answer_in_order(autojump_clock: object) -> None:
    async def story(scene: Scene, a: Role, b: Role, c: Role) -> None:
        answers = await scene.together(*(role.does("look", query=role.uid) for role in (c, a, b)))
        assert [answer["query"] for answer in answers] == ["c", "a", "b"]
        assert await scene.together() == []
        [alone] = await scene.together(a.does("look", query="alone"))
        assert alone["query"] == "alone"

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("a", "b", "c", seconds=2), facts)
    assert execution.ending is Ending.SUCCEEDED
    *together, alone = [call.started for call in facts.calls]
    assert len(set(together)) == 1 and alone == pytest.approx(together[0] + 2)


@pytest.mark.parametrize("late_one", [0, 1, 2])
async def test_all_moves_are_brought_to_an_end_before_the_first_failure_is_raised(
    autojump_clock: object, late_one: int
) -> None:
    met: list[tuple[float, str]] = []

    async def story(scene: Scene, a: Role, b: Role, c: Role) -> None:
        begun = trio.current_time()

        async def late_failure() -> None:
            await trio.sleep(5)
            await b.does("read", note_id=2)

        try:
            moves: list[Awaitable[Any]] = [a.does("look", query="x"), c.does("read", note_id=1)]
            moves.insert(late_one, late_failure())
            await scene.together(*moves)
        except StepFailed as failure:
            met.append((trio.current_time() - begun, str(failure.reply.error)))

    facts = Facts()
    await play_once(told(story), StoreConnector("a", "b", "c", seconds=1), facts)
    assert met == [(6.0, "Note 1 not found")]
    outcomes = {call.user: call.outcome for call in facts.calls}
    assert outcomes == {"a": Outcome.OK, "b": Outcome.TOOL_ERROR, "c": Outcome.TOOL_ERROR}


async def test_what_was_made_is_removed_in_reverse_order_after_the_end(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        for number in (1, 2, 3):
            scene.afterwards(user.does("look_{i}", number=number, query="x"))
        await user.does("look", query="x")

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice", seconds=1), facts)
    assert [call.step for call in facts.calls] == ["look", "look_3", "look_2", "look_1"]
    assert execution.finished - execution.started == pytest.approx(1)


@pytest.mark.parametrize("ends_well", [True, False])
async def test_what_cannot_be_removed_is_counted_and_what_is_gone_already_is_not(
    autojump_clock: object, ends_well: bool
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        for number in range(5):
            scene.afterwards(user.does("look_{i}", number=number, query="x"))
        if not ends_well:
            await user.does("read", note_id=12345)

    connector, facts = StoreConnector("alice"), Facts()
    connector.planned[SEARCH] = [tool_error(404), tool_error(403), CUT, tool_error(500)]
    execution = await play_once(told(story), connector, facts)
    assert execution.leftovers == 3
    assert execution.ending is (Ending.SUCCEEDED if ends_well else Ending.FAILED)
    assert len([call for call in facts.calls if call.tool == SEARCH]) == 5


@pytest.mark.parametrize(("cancel_after_s", "leftovers"), [(0.5, 3), (1.5, 3), (2.5, 2), (3.5, 1), (9, 0)])
async def test_an_interrupted_execution_counts_what_it_did_not_remove(
    autojump_clock: object, cancel_after_s: float, leftovers: int
) -> None:
    """One second of story, then three removals of a second each; the one in hand may have failed."""

    async def story(scene: Scene, user: Role) -> None:
        for number in (1, 2, 3):
            scene.afterwards(user.does("look_{i}", number=number, query="x"))
        await user.does("look", query="x")

    connector, facts = StoreConnector("alice", seconds=1), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                with trio.move_on_after(cancel_after_s):
                    await director.play(told(story), tuple(users))
    [execution] = facts.executions
    assert execution.leftovers == leftovers
    assert execution.ending is (Ending.INTERRUPTED if cancel_after_s < 1 else Ending.SUCCEEDED)


@pytest.mark.parametrize("workflow", BUILT_IN, ids=lambda workflow: workflow.name)
@pytest.mark.parametrize("seed", range(3))
async def test_the_first_call_made_has_the_due_instant_and_no_other(
    autojump_clock: object, workflow: Workflow, seed: int
) -> None:
    names, facts = ["alice", "bob", "carl"], Facts()
    with trio.fail_after(60):
        async with users_on_stage(StoreConnector(*names), facts, *names) as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                users[0].random.seed(seed)
                cast = tuple(users[: workflow.cast_size(3, 3)])
                execution = await director.play(workflow, cast, due=trio.current_time() - 1)
    assert execution.due is not None
    assert [call.due for call in facts.calls] == [execution.due] + [None] * (len(facts.calls) - 1)


async def test_titles_bear_the_mark_and_are_never_the_same(autojump_clock: object) -> None:
    titles: list[str] = []

    async def story(scene: Scene, user: Role) -> None:
        titles.extend(scene.title("Note") for _ in range(3))

    connector, facts = StoreConnector("alice"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "alice") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(mark="run-x"), Budget())
                for _ in range(3):
                    await director.play(told(story), tuple(users))
    assert len(set(titles)) == 9
    assert all("run-x" in title and title.startswith("Note ") for title in titles)


async def test_a_user_who_has_gone_interrupts_the_story(autojump_clock: object) -> None:

    async def story(scene: Scene, user: Role) -> None:
        raise CastGone("look", "bob")

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert (execution.ending, execution.failure) == (Ending.INTERRUPTED, "look: bob has gone")


async def test_cast_users_are_held_while_it_is_played_and_let_go_however_it_ends(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, a: Role, b: Role) -> None:
        b.user.leave()
        await b.does("look", query="x")
        await a.does("read", note_id=12345)

    connector, facts = StoreConnector("a", "b"), Facts()
    with trio.fail_after(60):
        async with users_on_stage(connector, facts, "a", "b") as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                execution = await director.play(told(story), tuple(users))
                await roster.wait_until(lambda roster: len(roster) == 1)
                assert director.in_flight == 0
    assert execution.ending is Ending.FAILED
    assert [call.outcome for call in facts.calls] == [Outcome.OK, Outcome.TOOL_ERROR]


async def test_a_misread_answer_is_a_violation_of_whoever_read_it(autojump_clock: object) -> None:
    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        return ToolAnswer({"surprise": True}, "")

    async def story(scene: Scene, a: Role, b: Role) -> None:
        found = await b.does("look", query="x")
        found["results"]

    execution = await play_once(told(story), StoreConnector("a", "b", tamper=tamper), Facts())
    [violation] = execution.violations
    assert (violation.kind, violation.step, violation.user) == (ViolationKind.WRONG_CONTENT, "look", "b")
    assert (execution.ending, execution.failure) == (Ending.FAILED, "look: wrong_contents")
