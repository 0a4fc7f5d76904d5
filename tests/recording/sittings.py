"""People at the stand-in, whose calls are written down as a recorder would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import trio

from actors.answer import Json
from actors.errors import CallError
from actors.tool_results import read_tool_result
from sim.recording.document import Head, RecordedCall, RecordedPerson, Recording, ToolList
from sim.standin.toolbox import as_text
from tests.support.in_process import StoreConnector

PEOPLE = {"alice": "p1", "bob": "p2"}
THINKING_S = 1.5


class Sitting:
    """Calls tools of one stand-in for several people, and writes them down. A call takes 0.1 s."""

    def __init__(self) -> None:
        self.connector = StoreConnector(*PEOPLE)
        self._calls: list[RecordedCall] = []
        self._began = trio.current_time()
        self._sent = 0

    async def __call__(self, who: str, tool: str, **arguments: Json) -> Any:
        """The answer; None where the tool says no."""
        await trio.sleep(THINKING_S)
        return await self.at_once(who, tool, **arguments)

    async def at_once(self, who: str, tool: str, **arguments: Json) -> Any:
        self._sent += 1
        n, at = self._sent, trio.current_time() - self._began
        await trio.sleep(0.05)
        if "://" in tool:
            value = self.connector.standin.toolbox.read(who, tool)
            await trio.sleep(0.05)
            self._keep(n, at, who, "resources/read", tool, {}, {"contents": [{"text": as_json(value)}]}, "ok")
            return value
        answer = await self.connector.standin.tools.call(who, tool, arguments)
        await trio.sleep(0.05)
        result: dict[str, Json] = {
            "content": [{"type": "text", "text": as_text(answer)}],
            "isError": answer.is_error,
        }
        if answer.structured is not None:
            result["structuredContent"] = answer.structured
        self._keep(
            n, at, who, "tools/call", tool, arguments, result, "tool_error" if answer.is_error else "ok"
        )
        try:
            return read_tool_result(tool, answer.structured, [as_text(answer)], answer.is_error)
        except CallError:
            return None

    def _keep(
        self, n: int, at: float, who: str, method: str, name: str, arguments: Mapping[str, Json], *rest: Any
    ) -> None:
        result, outcome = rest
        took = trio.current_time() - self._began - at
        call = RecordedCall(
            at, took, PEOPLE[who], n, method, name, dict(arguments), result, None, outcome, 200
        )
        self._calls.append(call)

    @property
    def recording(self) -> Recording:
        tools = tuple(
            {"name": spec.name, "description": spec.summary, "inputSchema": spec.schema}
            for spec in self.connector.standin.toolbox.tools.values()
        )
        head = Head(1, "simulate test", "http://127.0.0.1:8000/mcp", "2026-11-26T08:00:00Z")
        people = tuple(RecordedPerson(0.0, who, name) for name, who in PEOPLE.items())
        calls = tuple(sorted(self._calls, key=lambda call: call.n))
        return Recording(head, people, (ToolList(0.1, "p1", tools),), calls)


def as_json(value: Json) -> str:
    import json

    return json.dumps(value)


async def share_and_read(sit: Sitting) -> None:
    """A note is shared to be read, found, read, and taken back."""
    title, text = "Holiday plans", "# Holiday plans\n\nTwo weeks at the sea.\n"
    note = await sit("alice", "nc_notes_create_note", title=title, content=text, category="")
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    path = f"/Notes/{title}.md"
    share = await sit("alice", "nc_share_create", path=path, share_with="bob", permissions=1)
    await sit("bob", "nc_share_list", shared_with_me=True)
    await sit("bob", "nc_notes_search_notes", query=title)
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_share_delete", share_id=share["id"])
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_notes_delete_note", note_id=note["id"])


async def edited_at_once(sit: Sitting) -> None:
    """Both read, both append, both rewrite at the same time; one of them has to look again."""
    note = await sit("alice", "nc_notes_create_note", title="Minutes", content="# Minutes\n", category="")
    number = note["id"]
    path = "/Notes/Minutes.md"
    await sit("alice", "nc_share_create", path=path, share_with="bob", permissions=3)
    seen: dict[str, Any] = {}

    async def read(who: str) -> None:
        seen[who] = await sit.at_once(who, "nc_notes_get_note", note_id=number)

    async def append(who: str) -> None:
        line = f"seconded by the {'chair' if who == 'alice' else 'clerk'}"
        for pause_s in (0, 0.2, 0.4):
            await trio.sleep(pause_s)
            if await sit.at_once(who, "nc_notes_append_content", note_id=number, content=line):
                break

    async def rewrite(who: str) -> None:
        words = {
            "note_id": number,
            "title": None,
            "category": None,
            "content": f"# Fair copy of {len(who)}\n",
        }
        if await sit.at_once(who, "nc_notes_update_note", etag=seen[who]["etag"], **words) is None:
            await read(who)
            await sit.at_once(who, "nc_notes_update_note", etag=seen[who]["etag"], **words)

    await both(read)
    await both(append)
    await sit("alice", "nc_notes_get_note", note_id=number)
    await both(read)
    await both(rewrite)
    await sit("bob", "nc_notes_get_note", note_id=number)
    await sit("alice", "nc_notes_delete_note", note_id=number)


async def both(act: Callable[[str], Awaitable[None]]) -> None:
    await trio.sleep(THINKING_S)
    async with trio.open_nursery() as nursery:
        for who in PEOPLE:
            nursery.start_soon(act, who)


async def file_handed_over(sit: Sitting) -> None:
    """A file goes to and fro; then the taker may only read, and tries to write."""
    path = "/Quarterly report.txt"
    await sit("alice", "nc_webdav_write_file", path=path, content="first draft of it")
    share = await sit("alice", "nc_share_create", path=path, share_with="bob", permissions=3)
    mine = await sit("bob", "nc_share_list", shared_with_me=True)
    there = mine[0]["file_target"]
    read = await sit("bob", "nc_webdav_read_file", path=there)
    await sit("bob", "nc_webdav_write_file", path=there, content="second draft of it", if_match=read["etag"])
    await sit("alice", "nc_webdav_read_file", path=path)
    await sit("alice", "nc_share_update", share_id=share["id"], permissions=1)
    again = await sit("bob", "nc_webdav_read_file", path=there)
    await sit("bob", "nc_webdav_write_file", path=there, content="a third one", if_match=again["etag"])
    await sit("alice", "nc_webdav_read_file", path=path)
    await sit("alice", "nc_webdav_delete_resource", path=path)


async def rights_come_and_go(sit: Sitting) -> None:
    """Read-only, then edit, then read-only, then nothing."""
    drafts = ["the first version", "not permitted at first", "the second version", "not permitted any more"]
    note = await sit("alice", "nc_notes_create_note", title="Guarded", content=drafts[0], category="")
    whole = {"note_id": note["id"], "title": None, "category": None}
    share = await sit("alice", "nc_share_create", path="/Notes/Guarded.md", share_with="bob", permissions=1)
    seen = await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("bob", "nc_notes_update_note", **whole, etag=seen["etag"], content=drafts[1])
    await sit("alice", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_share_update", share_id=share["id"], permissions=3)
    seen = await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("bob", "nc_notes_update_note", **whole, etag=seen["etag"], content=drafts[2])
    await sit("alice", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_share_update", share_id=share["id"], permissions=1)
    seen = await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("bob", "nc_notes_update_note", **whole, etag=seen["etag"], content=drafts[3])
    await sit("alice", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_share_delete", share_id=share["id"])
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_notes_delete_note", note_id=note["id"])


async def read_before_and_after_a_change(sit: Sitting) -> None:
    """Bob reads what Alice has shared, Alice goes on writing, and Bob reads it again."""
    note = await sit("alice", "nc_notes_create_note", title="Plan", content="Seeds and soil", category="")
    await sit("alice", "nc_share_create", path="/Notes/Plan.md", share_with="bob", permissions=1)
    await sit("bob", "nc_share_list", shared_with_me=True)
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_notes_append_content", note_id=note["id"], content="and water")
    await sit("bob", "nc_notes_get_note", note_id=note["id"])
    await sit("alice", "nc_notes_delete_note", note_id=note["id"])


SITTINGS = (
    share_and_read,
    edited_at_once,
    file_handed_over,
    rights_come_and_go,
    read_before_and_after_a_change,
)


async def recorded_at_the_standin(session: Callable[[Sitting], Awaitable[None]]) -> Recording:
    """What the people of `session` do, written down; nothing of it is left."""
    sit = Sitting()
    with trio.fail_after(600):
        await session(sit)
    assert sit.connector.leftovers() == {}
    return sit.recording
