"""Who must not see a thing looks for it, and what was refused is read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
import trio

from actors.events import CheckKind, Ending, Execution, ViolationKind
from sim.standin.store_errors import StoreError
from sim.standin.toolbox import ToolAnswer
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.settings import Settings

KNOWN = {workflow.name: workflow for workflow in BUILT_IN}
SHARING = [workflow for workflow in BUILT_IN if len(workflow.roles) + bool(workflow.crowd) > 1]
OF_NOTES = [workflow for workflow in SHARING if workflow.name != "file_share"]
UIDS = ("alice", "bob", "carl", "dora")
GET, UPDATE, SEARCH = "nc_notes_get_note", "nc_notes_update_note", "nc_notes_search_notes"
SHARES, DOWNLOAD = "nc_share_list", "nc_webdav_read_file"
LEAK = ViolationKind.PERMISSION_LEAK


async def play(
    workflow: Workflow, connector: StoreConnector, *, on_stage: int = 4, **settings: Any
) -> tuple[Execution, Facts]:
    facts = Facts()
    with trio.fail_after(600):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            users[0].random.seed(1)
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(**settings), Budget())
                size = workflow.cast_size(on_stage, 3)
                execution = await director.play(workflow, tuple(users[:size]))
    return execution, facts


def open_to(connector: StoreConnector, *uids: str) -> None:
    """Let these users read every note, whoever it belongs to."""

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if uid not in uids or tool != GET or not answer.is_error:
            return answer
        return ToolAnswer(connector.standin.notes.get("alice", arguments["note_id"]).as_json(), "")

    connector.tamper = tamper


@pytest.mark.parametrize("on_stage", [2, 3, 4])
@pytest.mark.parametrize("workflow", OF_NOTES, ids=lambda workflow: workflow.name)
async def test_that_everybody_may_read_every_note_is_noticed_by_each_story_of_notes(
    autojump_clock: object, workflow: Workflow, on_stage: int
) -> None:
    connector = StoreConnector(*UIDS)
    open_to(connector, *UIDS)
    execution, _ = await play(workflow, connector, on_stage=on_stage)
    assert {violation.kind for violation in execution.violations} == {LEAK}
    assert execution.ending is Ending.FAILED
    assert connector.leftovers() == {}


@pytest.mark.parametrize("workflow", OF_NOTES, ids=lambda workflow: workflow.name)
async def test_that_one_user_too_many_may_read_a_note_is_noticed_where_there_are_users_enough(
    autojump_clock: object, workflow: Workflow
) -> None:
    connector = StoreConnector(*UIDS)
    size = workflow.cast_size(4, 3)
    open_to(connector, UIDS[size - 1])
    execution, _ = await play(workflow, connector)
    assert [(violation.kind, violation.user) for violation in execution.violations][:1] == [
        (LEAK, UIDS[size - 1])
    ]


@pytest.mark.parametrize("workflow", SHARING, ids=lambda workflow: workflow.name)
async def test_with_too_few_on_stage_no_outsider_looks_and_the_counts_say_so(
    autojump_clock: object, workflow: Workflow
) -> None:
    with_two, facts = await play(workflow, StoreConnector(*UIDS), on_stage=2)
    with_four, _ = await play(workflow, StoreConnector(*UIDS), on_stage=4)
    assert {call.user for call in facts.calls} <= {"alice", "bob"}
    assert with_two.ending is with_four.ending is Ending.SUCCEEDED
    assert CheckKind.OUTSIDER not in with_two.checks
    assert with_four.checks[CheckKind.OUTSIDER] >= 1
    for execution in (with_two, with_four):
        assert all(execution.checks[kind] > 0 for kind in (CheckKind.CONTENT, CheckKind.PERMISSION))


async def test_a_look_around_makes_no_check_and_says_so(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    checks = []
    with trio.fail_after(600):
        async with users_on_stage(connector, facts, "alice") as (roster, [alice]):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(), Budget())
                for _ in range(30):
                    checks.append((await director.play(KNOWN["baseline"], (alice,))).checks)
    assert {} in checks
    assert {CheckKind.CONTENT: 2} in checks
    assert len({tuple(one.items()) for one in checks}) == 2


@pytest.mark.parametrize(
    ("name", "tool", "step"),
    [
        ("note_share", SEARCH, "outsider_search"),
        ("note_share", GET, "read_before_share"),
        ("file_share", SHARES, "outsider_list_shares"),
        ("file_share", DOWNLOAD, "outsider_download"),
    ],
)
async def test_what_a_third_user_is_shown_of_anothers_things_is_a_leak(
    autojump_clock: object, name: str, tool: str, step: str
) -> None:
    """Carl is shown what Alice or Bob would be."""
    connector = StoreConnector(*UIDS)

    async def as_another(uid: str, called: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        other = "bob" if called == SHARES else "alice"
        is_spoiled = (uid, called) == ("carl", tool)
        return await real(other if is_spoiled else uid, called, arguments)

    real = connector.standin.tools.call
    connector.standin.tools.call = as_another  # type: ignore[method-assign]
    execution, _ = await play(KNOWN[name], connector)
    assert [(v.kind, v.user, v.step) for v in execution.violations] == [(LEAK, "carl", step)]


@pytest.mark.parametrize("name", ["note_share", "file_share"])
async def test_who_still_reads_after_the_share_was_taken_back_is_a_leak(
    autojump_clock: object, name: str
) -> None:
    connector = StoreConnector(*UIDS)

    def keeps(uid: str, share_id: int) -> None:
        connector.standin.store.share_by_id(uid, share_id)

    connector.standin.store.unshare = keeps  # type: ignore[method-assign]
    execution, _ = await play(KNOWN[name], connector)
    [violation] = execution.violations
    assert (violation.kind, violation.user) == (LEAK, "bob")
    assert "after_unshare" in violation.step


@pytest.mark.parametrize(("at", "step"), [(0, "verify_unchanged"), (1, "verify_unchanged_again")])
async def test_a_server_that_refuses_and_writes_all_the_same_leaks(
    autojump_clock: object, at: int, step: str
) -> None:
    refused: list[float] = []

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool == UPDATE and answer.is_error:
            refused.append(trio.current_time())
            if len(refused) == at + 1:
                notes = connector.standin.notes
                notes.update("alice", arguments["note_id"], None, content=arguments["content"])
        return answer

    connector = StoreConnector(*UIDS, tamper=tamper)
    execution, _ = await play(KNOWN["permission_escalation"], connector)
    [violation] = execution.violations
    assert (violation.kind, violation.user, violation.step) == (LEAK, "alice", step)
    assert violation.expected == "what was refused is not written"
    assert connector.leftovers() == {}


class AsNextcloudHasIt(StoreConnector):
    """No share of a file is raised beyond what a file can have."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(*UIDS)
        store = self.standin.store
        change = store.change_share

        def refuse_beyond(uid: str, share_id: int, permissions: int) -> Any:
            if permissions & ~19:
                raise StoreError(404, "Cannot increase permissions of /Notes/x.md")
            return change(uid, share_id, permissions)

        monkeypatch.setattr(store, "change_share", refuse_beyond)


@pytest.mark.parametrize("workflow", SHARING, ids=lambda workflow: workflow.name)
async def test_every_story_succeeds_where_a_note_is_a_file_and_its_etag_follows_permissions(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch, workflow: Workflow
) -> None:
    execution, facts = await play(workflow, AsNextcloudHasIt(monkeypatch))
    assert (execution.ending, execution.failure) == (Ending.SUCCEEDED, "")
    assert {call.status for call in facts.calls} <= {None, 412}


@pytest.mark.parametrize(
    ("tool", "told", "kind"),
    [
        ("nc_share_create", 3, LEAK),
        ("nc_share_create", "15", LEAK),
        ("nc_share_create", 17, None),
        ("nc_share_create", None, None),
        ("nc_share_create", "many", None),
        ("nc_share_update", 1, ViolationKind.WRONG_CONTENT),
        ("nc_share_update", 19, None),
    ],
)
async def test_permissions_are_read_back_from_what_the_server_answers(
    autojump_clock: object, tool: str, told: Any, kind: ViolationKind | None
) -> None:
    """The first answer of this tool tells other permissions than were asked for."""
    spoiled: list[str] = []

    def tamper(uid: str, called: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if called != tool or spoiled:
            return answer
        spoiled.append(called)
        text = json.dumps({**json.loads(answer.text), "permissions": told})
        return attrs.evolve(answer, structured={"result": text}, text=text)

    execution, _ = await play(KNOWN["permission_escalation"], StoreConnector(*UIDS, tamper=tamper))
    assert [violation.kind for violation in execution.violations] == ([kind] if kind else [])
    assert spoiled == [tool]
