"""A mix of tools: what is called, with what, and what is looked for in the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from actors.answer import Answer
from actors.events import Ending, ViolationKind
from actors.offered_tool import OfferedTool, reads_by_name
from sim.standin.toolbox import ToolAnswer
from sim.world.virtual.connector import offered_by
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from workflows.tool_mix import NotCallable, fits_schema, planned, steps_of, unplanned

SEARCH, LIST, GET = "nc_notes_search_notes", "nc_webdav_list_directory", "nc_notes_get_note"
CREATE = "nc_notes_create_note"


def of_store(connector: StoreConnector) -> dict[str, OfferedTool]:
    return offered_by(connector.standin.toolbox)


async def test_tools_are_called_as_often_as_their_weights_say(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    mix = planned({SEARCH: 3, LIST: 1, CREATE: 0}, of_store(connector), {})
    for seed in range(80):
        await play_once(mix, connector, facts, draws_seed=seed)
    called = Counter(call.step for call in facts.calls)
    assert called.keys() == {SEARCH, LIST}
    assert 45 <= called[SEARCH] <= 75
    assert {call.workflow for call in facts.calls} == {"tools"}
    assert all(execution.ending is Ending.SUCCEEDED for execution in facts.executions)


async def test_arguments_that_are_known_are_taken_and_what_a_tool_answers_to_them_is_told(
    autojump_clock: object,
) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    mix = planned({GET: 1}, of_store(connector), {GET: [{"note_id": 4711}]})
    execution = await play_once(mix, connector, facts)
    assert execution.failure == f"{GET}: tool_error/404"
    assert [call.status for call in facts.calls] == [404]


async def test_an_argument_may_have_the_name_of_anything(autojump_clock: object) -> None:
    """Arguments are not taken for those of the verbs that stories have."""
    connector, facts = StoreConnector("alice"), Facts()
    known = {SEARCH: [{"query": "x", "step": 1, "number": 2, "expects": 3}]}
    execution = await play_once(planned({SEARCH: 1}, of_store(connector), known), connector, facts)
    assert "unexpected argument: step" in facts.calls[0].text
    assert execution.failure == f"{SEARCH}: tool_error"


async def test_what_a_tool_that_writes_makes_bears_the_mark_of_the_run(autojump_clock: object) -> None:
    connector, facts = StoreConnector("alice"), Facts()
    offered = of_store(connector)
    offered[CREATE] = OfferedTool.described(
        CREATE,
        {**offered[CREATE].input_schema, "required": ["title", "content", "category"]}
        | {"properties": {**offered[CREATE].input_schema["properties"], "category": {"const": ""}}},
        is_read_only=False,
    )
    await play_once(planned({CREATE: 1}, offered, {}, may_write=True), connector, facts, mark="run-7")
    titles = [note.title for note in connector.standin.notes.all_of("alice")]
    assert len(titles) == 1
    assert "run-7" in titles[0]


OFFERED = {
    "get_note": OfferedTool.described(
        "get_note", {"properties": {"note_id": {"type": "integer"}}, "required": ["note_id"]}
    ),
    "list_notes": OfferedTool.described("list_notes", {}),
    "make_note": OfferedTool.described("make_note", {}),
}
HINTED = {
    "list_notes": OfferedTool.described("list_notes", {}, is_read_only=True),
    "delete_note": OfferedTool.described("delete_note", {}, is_read_only=False),
    "list_check_item": OfferedTool.described("list_check_item", {}),
}


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("lst_notes", "no tool 'lst_notes'; did you mean 'list_notes'"),
        ("zzz", "no tool 'zzz'; see simulate tools"),
        ("make_note", "make_note is not known to be read-only (--tools-may-write"),
        ("get_note", "get_note needs note_id, which nobody can invent (--arguments FILE: a recording, or {"),
    ],
)
def test_what_cannot_be_called_is_named_with_what_to_do(tool: str, told: str) -> None:
    with pytest.raises(NotCallable) as caught:
        planned({"list_notes": 1, tool: 1}, OFFERED, {})
    assert told in str(caught.value)
    assert "list_notes " not in str(caught.value)


@pytest.mark.parametrize(
    ("tool", "told"),
    [("delete_note", "changes something"), ("list_check_item", "is not known to be read-only")],
)
def test_a_servers_own_word_goes_before_names(tool: str, told: str) -> None:
    with pytest.raises(NotCallable, match=f"{tool} {told}"):
        planned({"list_notes": 1, tool: 1}, HINTED, {})
    assert planned({"list_notes": 1, tool: 1}, HINTED, {}, may_write=True).steps.keys() == {
        "list_notes",
        tool,
    }


def test_all_that_cannot_be_called_is_named_at_once_and_consent_and_arguments_help() -> None:
    weights = {"get_note": 1.0, "make_note": 1.0}
    with pytest.raises(NotCallable) as caught:
        planned(weights, OFFERED, {})
    assert all(name in str(caught.value) for name in weights)
    mix = planned(weights, OFFERED, {"get_note": [{"note_id": 1}]}, may_write=True)
    assert mix.steps == {name: name for name in weights}


def test_a_tool_of_weight_zero_is_neither_a_step_nor_looked_at() -> None:
    assert planned({"list_notes": 1, "nowhere": 0}, OFFERED, {}).steps == {"list_notes": "list_notes"}


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("nc_notes_get_note", True),
        ("nc_share_list", True),
        ("findAvailability", True),
        ("deck_create_board", False),
        ("get_or_create_board", False),
        ("talk_mark_as_read", False),
        ("create_list", False),
        ("sync", False),
        ("shopping_list_check_item", False),
        ("shopping_list_uncheck_all_items", False),
    ],
)
def test_a_name_is_enough_only_where_it_leaves_no_doubt(name: str, reads: bool) -> None:
    assert reads_by_name(name) is reads


def test_each_tool_has_a_step_of_its_own_on_which_a_limit_can_be_set() -> None:
    steps = steps_of(["a.b", "a_b", "a/b", "7up"])
    assert len(set(steps.values())) == 4
    assert all(step.replace("_", "").isalnum() and not step[0].isdigit() for step in steps.values())
    assert unplanned({"a.b": 1}).steps == {"a_b": "a.b"}


NOTE = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


@pytest.mark.parametrize(
    ("schema", "value", "is_wrong"),
    [
        (NOTE, {"id": 7}, False),
        (NOTE, {"id": "7"}, True),
        (NOTE, {}, True),
        ({"properties": {"result": {"type": "string"}}, "required": ["result"]}, [{"id": 7}], False),
        ({"properties": {"result": {"type": "string"}}, "required": ["result"]}, "a text", False),
        ({"properties": {"result": {"type": "array", "items": NOTE}}}, [{"id": 7}], False),
        ({"properties": {"result": {"type": "array", "items": NOTE}}}, [{"id": "7"}], True),
        ({"properties": {"result": NOTE}}, {"result": {"id": "7"}}, True),
    ],
)
def test_an_answer_that_is_not_as_its_schema_says_is_a_wrong_content(
    schema: Any, value: Any, is_wrong: bool
) -> None:
    found = fits_schema(schema)(Answer(value))
    assert [finding.kind for finding in found] == [ViolationKind.WRONG_CONTENT] * is_wrong


async def test_a_server_that_breaks_its_own_schema_is_found_out(autojump_clock: object) -> None:
    def without_results(uid: str, name: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        return ToolAnswer({"results": "none"}, "")

    schema = {"type": "object", "properties": {"results": {"type": "array"}}}
    for tamper, failure in ((None, ""), (without_results, f"{SEARCH}: wrong_contents")):
        connector, facts = StoreConnector("alice", tamper=tamper), Facts()
        tool = OfferedTool.described(
            SEARCH, of_store(connector)[SEARCH].input_schema, schema, is_read_only=True
        )
        execution = await play_once(planned({SEARCH: 1}, {SEARCH: tool}, {}), connector, facts)
        assert execution.failure == failure
        assert len(execution.violations) == bool(failure)
