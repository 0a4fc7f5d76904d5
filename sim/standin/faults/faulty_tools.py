"""Tools that fail on purpose: the same `call` as the toolbox, with faults of the store and of the tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from sim.standin.faults.book import FaultBook, Injected
from sim.standin.faults.spec import FaultKind
from sim.standin.faults.stale import StaleViews
from sim.standin.note_store import Notes
from sim.standin.note_tools import summary
from sim.standin.store import Store
from sim.standin.toolbox import ToolAnswer, Toolbox

APPEND, UPDATE = "nc_notes_append_content", "nc_notes_update_note"
READS = ("nc_notes_get_note", "nc_webdav_read_file")
WRITE_FILE = "nc_webdav_write_file"
SHARE = "nc_share_create"


class FaultyTools:
    """Calls tools, and spoils what the book says. With an empty book it only passes calls on."""

    def __init__(self, toolbox: Toolbox, store: Store, notes: Notes, book: FaultBook) -> None:
        self._toolbox = toolbox
        self._store = store
        self._notes = notes
        self._book = book
        self._stale = StaleViews(book.now)

    async def call(self, uid: str, name: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """As `Toolbox.call`."""
        if not self._book:
            return await self._toolbox.call(uid, name, arguments)
        if fault := self._book.draw(FaultKind.IS_ERROR, uid, name):
            return ToolAnswer.failure(f"Error executing tool {name}: {blame(fault)}: server error (500)")
        if fault := self._book.draw(FaultKind.SUCCESS_FALSE, uid, name):
            return refusal(name, fault)
        answer = await self._toolbox.call(uid, name, arguments)
        # From here on nothing waits: whoever reads next sees what is left behind here.
        if answer.is_error:
            return self._leak(uid, name, arguments, answer)
        if name == APPEND:
            self._spoil_append(uid, arguments)
        if name in (APPEND, UPDATE):
            self._hide_change(uid, name, int(arguments["note_id"]))
        if name == SHARE:
            self._hide_share(uid, arguments["share_with"], answer)
        return self._spoil_read(uid, name, self._stale.shown_to(uid, name, arguments, answer))

    def _spoil_append(self, uid: str, arguments: Mapping[str, Any]) -> None:
        """Take an append back that is acknowledged, or carry it out again."""
        number, line = int(arguments["note_id"]), str(arguments["content"])
        if self._book.draw(FaultKind.LOST_UPDATE, uid, APPEND, line):
            self._notes.take_back(number)
        elif self._book.draw(FaultKind.DUPLICATE, uid, APPEND, line):
            text = self._notes.get(uid, number).content
            self._notes.update(uid, number, None, content=f"{text}\n---\n{line}")

    def _hide_change(self, uid: str, name: str, note_id: int) -> None:
        note = self._notes.get(uid, note_id)
        previous = self._notes.previous_content(note_id)
        if previous is None or previous == note.content:
            return
        if fault := self._book.draw(FaultKind.STALE_READ, uid, name, note.title):
            self._stale.hide_change(fault, uid, note_id, previous)

    def _hide_share(self, uid: str, recipient: str, answer: ToolAnswer) -> None:
        share = self._store.shares[int(json.loads(answer.text)["id"])]
        if fault := self._book.draw(FaultKind.STALE_READ, uid, SHARE, share.node.name):
            self._stale.hide_share(fault, recipient, share)

    def _leak(self, uid: str, name: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        """Let a write through that was refused for want of permission."""
        if answer.status != 403 or name not in (APPEND, UPDATE, WRITE_FILE):
            return answer
        if not self._book.draw(FaultKind.PERMISSION_LEAK, uid, name, str(arguments["content"])):
            return answer
        if name == WRITE_FILE:
            data = str(arguments["content"]).encode()
            self._store.write_file(uid, arguments["path"], data, if_match="*", leak=True)
            return ToolAnswer({"success": True, "status_code": 204, "path": arguments["path"]}, "")
        number, text = int(arguments["note_id"]), str(arguments["content"])
        if name == APPEND:
            text = f"{self._notes.get(uid, number).content}\n---\n{text}"
        return ToolAnswer(summary(self._notes.update(uid, number, None, content=text, leak=True)), "")

    def _spoil_read(self, uid: str, name: str, answer: ToolAnswer) -> ToolAnswer:
        value = answer.structured
        if name not in READS or value is None or not value["content"]:
            return answer
        if not self._book.draw(FaultKind.WRONG_BODY, uid, name, str(value.get("title") or value.get("path"))):
            return answer
        return attrs.evolve(answer, structured={**value, "content": with_one_changed(value["content"])})


def blame(fault: Injected) -> str:
    """Words by which a failed call is found again in the list."""
    return f"injected fault {fault.number}"


def refusal(name: str, fault: Injected) -> ToolAnswer:
    """`success: false` in a result that is no error, shaped as the tool shapes its results."""
    value = {"success": False, "status_code": 409, "message": f"{name}: {blame(fault)}"}
    if name.startswith("nc_share_"):
        return ToolAnswer({"result": json.dumps(value)}, json.dumps(value))
    return ToolAnswer(value, "")


def with_one_changed(text: str) -> str:
    """`text` with one letter changed, in its middle where there is one; base64 stays base64."""
    places = [i for i, sign in enumerate(text) if sign.isascii() and sign.isalnum()]
    if not places:
        return f"{text}x"
    at = places[len(places) // 2]
    return f"{text[:at]}{'y' if text[at] == 'x' else 'x'}{text[at + 1 :]}"
