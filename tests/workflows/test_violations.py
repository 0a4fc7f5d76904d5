"""What stories find when a server misbehaves in ways that single answers do not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
import trio

from actors.errors import CallError, Outcome
from actors.events import Ending, Execution, ViolationKind
from sim.standin.toolbox import ToolAnswer
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.insisting import MAX_TRIES
from workflows.settings import Settings

KNOWN = {workflow.name: workflow for workflow in BUILT_IN}
GET, APPEND, UPDATE = "nc_notes_get_note", "nc_notes_append_content", "nc_notes_update_note"
UIDS = ("alice", "bob", "carl")
CUT = CallError(Outcome.TRANSPORT_ERROR, "cut", reason="cut", answered=False)
CONFLICT = CallError(Outcome.TOOL_ERROR, "server error (412)", status=412)


async def play(
    name: str, connector: StoreConnector, facts: Facts | None = None, seed: int = 1, **settings: Any
) -> Execution:
    workflow: Workflow = KNOWN[name]
    facts = Facts() if facts is None else facts
    with trio.fail_after(600):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            users[0].random.seed(seed)
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(**settings), Budget())
                execution = await director.play(workflow, tuple(users[: workflow.cast_size(3, 3)]))
    return execution


def kinds(execution: Execution) -> set[ViolationKind]:
    return {violation.kind for violation in execution.violations}


def with_content(answer: ToolAnswer, change: Callable[[str], str]) -> ToolAnswer:
    value = answer.structured or {}
    return attrs.evolve(answer, structured={**value, "content": change(value["content"])})


class Cache:
    """A server that goes on showing the first text of a note for a while after it was changed.

    Attributes:
        lag_s: how long a reader sees the text that was shown first.
    """

    def __init__(self, lag_s: float) -> None:
        self._lag_s = lag_s
        self._shown: dict[str, tuple[str, float]] = {}

    def __call__(self, uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool != GET or answer.is_error:
            return answer
        now = trio.current_time()
        old, since = self._shown.setdefault(uid, ((answer.structured or {})["content"], now))
        return answer if now > since + self._lag_s else with_content(answer, lambda _: old)


@pytest.mark.parametrize(
    ("lag_s", "kind"), [(2.0, ViolationKind.STALE_READ), (1000.0, ViolationKind.LOST_UPDATE)]
)
@pytest.mark.parametrize("name", ["baseline", "permission_escalation", "review_cycle"])
async def test_an_update_that_is_seen_late_is_a_stale_read_and_one_that_is_never_seen_a_lost_update(
    autojump_clock: object, name: str, lag_s: float, kind: ViolationKind
) -> None:
    """Whoever looks at an updated text is shown the one before, from the update on for so many seconds."""
    updated: list[tuple[float, str]] = []

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool == UPDATE and not answer.is_error and not updated:
            updated.append(
                (trio.current_time(), connector.standin.notes.previous_content(answer_id(answer)) or "")
            )
        if tool == GET and not answer.is_error and updated and trio.current_time() < updated[0][0] + lag_s:
            return with_content(answer, lambda _: updated[0][1])
        return answer

    connector = StoreConnector(*UIDS, tamper=tamper)
    execution = await play(name, connector, seed=1)
    assert [violation.kind for violation in execution.violations] == [kind]
    assert connector.leftovers() == {}


def answer_id(answer: ToolAnswer) -> int:
    return int((answer.structured or {})["id"])


async def test_additions_that_are_seen_late_are_stale_and_not_lost(autojump_clock: object) -> None:
    connector = StoreConnector(*UIDS, tamper=Cache(2.0))
    execution = await play("collaborative_edit", connector)
    assert kinds(execution) == {ViolationKind.STALE_READ}
    assert len(execution.violations) == 3


async def test_additions_that_are_never_seen_are_lost(autojump_clock: object) -> None:
    connector = StoreConnector(*UIDS, tamper=Cache(1000))
    execution = await play("collaborative_edit", connector, propagation_timeout_s=2)
    assert kinds(execution) == {ViolationKind.LOST_UPDATE}
    assert connector.leftovers() == {}


async def test_an_addition_whose_answer_was_cut_may_be_there_or_not_and_is_not_repeated(
    autojump_clock: object,
) -> None:
    for carried_out in (True, False):
        connector, facts = StoreConnector(*UIDS), Facts()
        if carried_out:
            cut = iter([True])

            def tamper(
                uid: str,
                tool: str,
                arguments: Mapping[str, Any],
                answer: ToolAnswer,
                cut: Any = cut,
            ) -> ToolAnswer:
                if tool == APPEND and not answer.is_error and next(cut, False):
                    raise CUT
                return answer

            connector.tamper = tamper
        else:
            connector.planned[APPEND] = [CUT]
        execution = await play("collaborative_edit", connector, facts)
        assert execution.ending is Ending.FAILED
        assert execution.failure.endswith("transport_error/cut")
        assert execution.violations == ()
        cut_calls = [call for call in facts.calls if call.reason == "cut"]
        assert len(cut_calls) == 1
        after = [c for c in facts.calls if c.step == cut_calls[0].step and c.started > cut_calls[0].started]
        assert after == []
        assert connector.leftovers() == {}


async def test_an_addition_gives_up_after_so_many_conflicts(autojump_clock: object) -> None:
    connector, facts = StoreConnector(*UIDS), Facts()
    connector.planned[APPEND] = [CONFLICT] * 1000
    execution = await play("collaborative_edit", connector, facts)
    appends = [call for call in facts.calls if call.tool == APPEND]
    assert len(appends) == MAX_TRIES * len(UIDS)
    assert execution.conflicts == (MAX_TRIES - 1) * len(UIDS)
    assert execution.failure.startswith("concurrent_append_")
    assert execution.violations == ()


async def test_what_was_acknowledged_is_verified_also_when_another_addition_failed(
    autojump_clock: object,
) -> None:
    """Carl's addition is refused, and Bob's is lost: the loss must be found."""
    connector = StoreConnector(*UIDS)

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if (uid, tool) == ("carl", APPEND):
            return ToolAnswer.failure("Failed to append content to note 1: server error (500)")
        if tool == GET and not answer.is_error:
            return with_content(answer, without_bob)
        return answer

    def without_bob(text: str) -> str:
        return "".join(line for line in text.splitlines(keepends=True) if "by bob" not in line)

    connector.tamper = tamper
    execution = await play("collaborative_edit", connector, propagation_timeout_s=1)
    assert kinds(execution) == {ViolationKind.LOST_UPDATE}


@pytest.mark.parametrize("name", ["hand_over_chain", "review_cycle"])
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda line: "", ViolationKind.LOST_UPDATE),
        (lambda line: f"{line}\n{line}", ViolationKind.DUPLICATE),
    ],
    ids=["lost", "doubled"],
)
async def test_a_line_that_the_last_reader_misses_or_sees_twice_is_found(
    autojump_clock: object, name: str, change: Callable[[str], str], kind: ViolationKind
) -> None:
    lines: list[str] = []

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool == APPEND and not answer.is_error:
            lines.append(arguments["content"])
        if (uid, tool) == ("alice", GET) and lines:
            return with_content(answer, lambda text: text.replace(lines[-1], change(lines[-1])))
        return answer

    connector = StoreConnector(*UIDS, tamper=tamper)
    execution = await play(name, connector)
    assert kinds(execution) == {kind}
    assert execution.violations[0].user == "alice"
    assert connector.leftovers() == {}


@pytest.mark.parametrize(
    ("allowed", "step"),
    [
        ((UPDATE, 0), "edit_refused"),
        ((UPDATE, 1), "edit_refused_again"),
        ((GET, 0), "read_before_share"),
        ((GET, 1), "read_refused"),
    ],
)
async def test_every_door_that_must_be_shut_is_tried(
    autojump_clock: object, allowed: tuple[str, int], step: str
) -> None:
    """Of the refusals of one tool, let one through."""
    refusals: list[str] = []

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if uid != "bob" or not answer.is_error:
            return answer
        refusals.append(tool)
        if (tool, refusals.count(tool) - 1) == allowed:
            return ToolAnswer({"success": True, "id": 1, "content": "", "etag": "e"}, "")
        return answer

    execution = await play("permission_escalation", StoreConnector(*UIDS, tamper=tamper))
    assert [(v.kind, v.step, v.user) for v in execution.violations] == [
        (ViolationKind.PERMISSION_LEAK, step, "bob")
    ]


async def test_one_reader_of_many_who_sees_another_text_is_named(autojump_clock: object) -> None:
    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        return with_content(answer, lambda text: "other") if (uid, tool) == ("carl", GET) else answer

    execution = await play("fan_out", StoreConnector(*UIDS, tamper=tamper))
    assert [(v.kind, v.step, v.user) for v in execution.violations] == [
        (ViolationKind.WRONG_CONTENT, "read_note_2", "carl")
    ]


@pytest.mark.parametrize("size", [1, 2, 400, 70_000])
@pytest.mark.parametrize("seed", range(6))
async def test_a_file_of_any_size_arrives_byte_for_byte(autojump_clock: object, size: int, seed: int) -> None:
    connector = StoreConnector(*UIDS)
    execution = await play("file_share", connector, seed=seed, file_size=size)
    assert execution.ending is Ending.SUCCEEDED, execution
    assert connector.leftovers() == {}
