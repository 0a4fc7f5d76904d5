"""What `simulate tools` says of a server's tools, to people and to programs."""

from __future__ import annotations

import pytest

from actors.offered_tool import OfferedTool, ToolArgument
from sim.cli.offer import effect_of, offer_document, offer_lines
from workflows.catalogue import BUILT_IN

GET = OfferedTool(
    "nc_notes_get_note",
    (ToolArgument("note_id", "integer", True), ToolArgument("raw", "any", False)),
    True,
    input_schema={"properties": {"note_id": {"type": "integer"}, "raw": {}}, "required": ["note_id"]},
)
WORKFLOWS = {workflow.name: workflow for workflow in BUILT_IN if workflow.name == "note_share"}


@pytest.mark.parametrize(
    ("is_read_only", "is_destructive", "effect"),
    [
        (True, None, "read-only"),
        (True, True, "read-only"),
        (False, True, "destructive"),
        (None, True, "destructive"),
        (False, False, "writes"),
        (False, None, "writes"),
        (None, False, ""),
        (None, None, ""),
    ],
)
def test_an_effect_that_the_server_does_not_tell_is_not_made_up(
    is_read_only: bool | None, is_destructive: bool | None, effect: str
) -> None:
    assert effect_of(OfferedTool("t", (), is_read_only, is_destructive)) == effect


def test_a_line_has_what_a_tool_does_what_it_needs_and_who_uses_it() -> None:
    first, *rest = offer_lines({GET.name: GET}, WORKFLOWS)
    told = "nc_notes_get_note  read-only  (note_id: integer, raw?: any)  note_share  --tools: needs note_id"
    assert first == told
    assert all(line.startswith("lacking for note_share: ") for line in rest)
    assert len(rest) == 1


def test_programs_are_told_the_same_and_null_for_what_is_not_known() -> None:
    document = offer_document({GET.name: GET}, WORKFLOWS)
    assert document["tools"][GET.name] == {
        "arguments": {
            "note_id": {"type": "integer", "required": True},
            "raw": {"type": "any", "required": False},
        },
        "read_only": True,
        "destructive": None,
        "idempotent": None,
        "needs": ["note_id"],
        "workflows": ["note_share"],
        "in_tool_mix": {"callable": False, "known_to_read": True, "cannot_be_invented": ["note_id"]},
    }
    assert "nc_notes_create_note" in document["lacking"]["note_share"]


def test_a_server_without_tools_is_told_in_one_line() -> None:
    assert offer_lines({}, {}) == ["no tools at all"]


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        (OfferedTool("deck_get_boards"), "yes"),
        (OfferedTool("talk_mark_as_read"), "only with --tools-may-write"),
        (OfferedTool("talk_mark_as_read", is_read_only=True), "yes"),
        (OfferedTool("deck_get_boards", is_read_only=False), "writes"),
        (GET, "needs note_id"),
    ],
)
def test_a_line_says_whether_a_mix_of_tools_can_call_it_and_why_not(tool: OfferedTool, told: str) -> None:
    assert offer_lines({tool.name: tool}, {})[0].endswith(f"--tools: {told}")


def test_where_a_server_gives_hints_a_tool_without_one_is_not_known_to_read_whatever_its_name() -> None:
    lists = OfferedTool("shopping_list_get_lists")
    assert offer_lines({lists.name: lists}, {})[0].endswith("--tools: yes")
    offered = {tool.name: tool for tool in (lists, GET)}
    assert offer_lines(offered, {})[1].endswith("--tools: only with --tools-may-write")


def test_what_is_known_to_be_called_with_is_looked_at_too() -> None:
    known = {GET.name: [{"note_id": 7}]}
    assert offer_lines({GET.name: GET}, {}, known)[0].endswith("--tools: yes")
    assert offer_document({GET.name: GET}, {}, known)["tools"][GET.name]["in_tool_mix"]["callable"]


def test_a_tool_that_may_be_called_again_is_said_to_be_so() -> None:
    assert effect_of(OfferedTool("t", (), False, True, True)) == "destructive, idempotent"
    assert effect_of(OfferedTool("t", (), None, None, True)) == "idempotent"
