"""Failures that are part of a story are no errors; and creations of unknown fate are tidied up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import trio

from actors.errors import CallError, Outcome
from actors.events import Ending, Execution
from sim.standin.toolbox import ToolAnswer
from tests.support.cast import tool_error
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.stories import SEARCH, play_once, told
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.failures import StepFailed
from workflows.insisting import MAX_TRIES
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

UIDS = ("alice", "bob", "carl")
KNOWN = {workflow.name: workflow for workflow in BUILT_IN}
CREATE, APPEND = "nc_notes_create_note", "nc_notes_append_content"
CONFLICT = CallError(Outcome.TOOL_ERROR, "server error (412)", status=412)
OF_NOTES = [workflow for workflow in BUILT_IN if CREATE in workflow.tools]


async def play(workflow: Workflow, connector: StoreConnector) -> tuple[Execution, Facts]:
    facts = Facts()
    with trio.fail_after(3600):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            users[0].random.seed(1)
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                execution = await director.play(workflow, tuple(users[: workflow.cast_size(3, 3)]))
    return execution, facts


async def test_a_conflict_that_is_retried_is_expected_and_the_one_that_is_given_up_is_not(
    autojump_clock: object,
) -> None:
    execution, facts = await play(KNOWN["collaborative_edit"], StoreConnector(*UIDS))
    conflicts = [call for call in facts.calls if call.status == 412]
    assert execution.ending is Ending.SUCCEEDED
    assert execution.conflicts == len(conflicts) > 0
    assert {(call.outcome, call.is_expected) for call in conflicts} == {(Outcome.TOOL_ERROR, True)}

    connector = StoreConnector(*UIDS)
    connector.planned[APPEND] = [CONFLICT] * 1000
    execution, facts = await play(KNOWN["collaborative_edit"], connector)
    unexpected = [call for call in facts.calls if call.status == 412 and not call.is_expected]
    assert len(unexpected) == len(UIDS)
    assert execution.conflicts == (MAX_TRIES - 1) * len(UIDS)


@pytest.mark.parametrize("workflow", BUILT_IN, ids=lambda workflow: workflow.name)
async def test_on_a_good_server_no_failed_call_of_a_story_is_an_error(
    autojump_clock: object, workflow: Workflow
) -> None:
    _, facts = await play(workflow, StoreConnector(*UIDS))
    assert [call for call in facts.calls if call.outcome is not Outcome.OK and not call.is_expected] == []


@pytest.mark.parametrize(
    ("error", "is_expected"),
    [
        (tool_error(412), True),
        (tool_error(404), False),
        (CallError(Outcome.TRANSPORT_ERROR, "HTTP 412", status=412), False),
    ],
)
async def test_only_what_the_tool_said_and_the_story_tolerates_is_expected(
    autojump_clock: object, error: CallError, is_expected: bool
) -> None:
    met: list[StepFailed] = []

    async def story(scene: Scene, user: Role) -> None:
        try:
            await user.does("look", tolerates=[412], query="x")
        except StepFailed as failure:
            met.append(failure)

    connector, facts = StoreConnector("alice"), Facts()
    connector.planned[SEARCH] = [error]
    await play_once(told(story), connector, facts)
    assert [call.is_expected for call in facts.calls] == [is_expected]
    assert len(met) == 1


def cut() -> CallError:
    return CallError(Outcome.TRANSPORT_ERROR, "cut", reason="cut", answered=False)


def gateway() -> CallError:
    return CallError(Outcome.TRANSPORT_ERROR, "HTTP 504", status=504)


def nonsense() -> CallError:
    return CallError(Outcome.PROTOCOL_ERROR, "invalid answer")


@pytest.mark.parametrize("error", [cut, gateway, nonsense, None])
@pytest.mark.parametrize("workflow", OF_NOTES, ids=lambda workflow: workflow.name)
async def test_a_note_whose_creation_was_not_acknowledged_is_looked_for_by_its_title_and_removed(
    autojump_clock: object, workflow: Workflow, error: Any
) -> None:
    """None: the server answers something that names no note."""

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool != CREATE:
            return answer
        if error is not None:
            raise error()
        return ToolAnswer({"success": True}, "")

    connector = StoreConnector(*UIDS, tamper=tamper)
    connector.standin.notes.create("alice", "Diary trial 1-10", "somebody's own", "")
    execution, _ = await play(workflow, connector)
    assert (execution.ending, execution.leftovers) == (Ending.FAILED, 0)
    assert connector.standin.notes.count() == 1


async def test_a_note_that_comes_to_be_after_its_creator_hung_up_is_found_and_removed(
    autojump_clock: object,
) -> None:
    """The server goes on for a second after the answer was lost."""
    connector = StoreConnector(*UIDS)
    real = connector.standin.tools.call
    with trio.fail_after(600):
        async with trio.open_nursery() as server:

            async def slow(uid: str, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
                if tool != CREATE:
                    return await real(uid, tool, arguments)
                server.start_soon(go_on, uid, arguments)
                raise cut()

            async def go_on(uid: str, arguments: Mapping[str, Any]) -> None:
                await trio.sleep(1)
                await real(uid, CREATE, arguments)

            connector.standin.tools.call = slow  # type: ignore[method-assign]
            execution, _ = await play(KNOWN["fan_out"], connector)
    assert execution.leftovers == 0
    assert connector.leftovers() == {}


@pytest.mark.parametrize(
    ("error", "leftovers"),
    [
        (cut(), 1),  # nobody knows, and it is not there (yet)
        (tool_error(500), 0),  # answered, looked for, and not there
        (tool_error(403), 0),
        (CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect"), 0),
    ],
)
async def test_what_is_not_found_counts_as_left_only_where_nobody_knows(
    autojump_clock: object, error: CallError, leftovers: int
) -> None:
    connector, facts = StoreConnector(*UIDS), Facts()
    connector.planned[CREATE] = [error]
    execution, facts = await play(KNOWN["fan_out"], connector)
    assert execution.leftovers == leftovers
    looked = any(call.tool == SEARCH for call in facts.calls)
    assert looked is (error.status == 500 or not error.answered)


async def test_where_the_search_fails_the_note_counts_as_left(autojump_clock: object) -> None:
    connector = StoreConnector(*UIDS)
    connector.planned[CREATE] = [gateway()]
    connector.planned[SEARCH] = [tool_error(500)]
    execution, _ = await play(KNOWN["fan_out"], connector)
    assert execution.leftovers == 1
