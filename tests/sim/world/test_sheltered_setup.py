"""What the set-up has sent to the MCP server comes to its answer, as in the load."""

from __future__ import annotations

import pytest
import trio

from actors.shelter import Shelter
from sim.world.recorded import RecordedConnector
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person

NOTE = {"title": "T", "content": "c", "category": ""}


@pytest.mark.parametrize(
    ("tool", "arguments", "leaves", "is_finished"),
    [
        ("nc_notes_create_note", NOTE, False, True),
        ("nc_notes_create_note", NOTE, True, False),
        ("nc_notes_search_notes", {"query": "T"}, False, False),
    ],
)
async def test_a_call_that_may_change_something_comes_to_its_answer_unless_the_run_is_left(
    tool: str, arguments: dict[str, str], leaves: bool, is_finished: bool, autojump_clock: object
) -> None:
    facts, shelter = Facts(), Shelter()
    if leaves:
        shelter.leave()
    unanswered: dict[str, float] = {}
    connector = RecordedConnector(StoreConnector("ann", seconds=5), facts, shelter, unanswered)
    with trio.fail_after(60):
        async with connector.open_session(person("ann"), NoCredentials()) as session:
            with trio.move_on_after(1):
                await session.call_tool(tool, arguments)
    (call,) = facts.calls
    assert call.outcome == ("ok" if is_finished else "interrupted")
    assert set(unanswered) == ({"ann"} if leaves else set())
