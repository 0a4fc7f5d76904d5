"""Views of the past: what a server shows that answers from a cache or a replica which is behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from sim.standin.faults.book import Injected
from sim.standin.nodes import Share
from sim.standin.note_store import StoredNote
from sim.standin.toolbox import ToolAnswer


@attrs.frozen
class _Hidden:
    """Something that is not shown yet, until `until`."""

    fault: Injected
    until: float
    note_id: int
    writer: str = ""
    """A change: who made it is shown it, the others are shown `content`."""
    content: str = ""
    share: Share | None = None
    recipient: str = ""


class StaleViews:
    """Answers as they were before what is hidden. What is hidden twice is shown as it was first."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hidden: list[_Hidden] = []

    def hide_change(self, fault: Injected, writer: str, note_id: int, content: str) -> None:
        """Show everybody but `writer` the note with this `content`, for as long as the fault lasts."""
        self._hide(_Hidden(fault, fault.at + fault.seconds, note_id, writer, content))

    def hide_share(self, fault: Injected, recipient: str, share: Share) -> None:
        """Show `recipient` nothing of `share`, for as long as the fault lasts."""
        until = fault.at + fault.seconds
        self._hide(_Hidden(fault, until, share.node.id, share=share, recipient=recipient))

    def shown_to(self, uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        """`answer` as `uid` is shown it."""
        now = self._now()
        self._hidden = [each for each in self._hidden if now < each.until]
        for each in self._hidden:
            spoiled = shown(each, uid, tool, arguments, answer)
            if spoiled is not None:
                each.fault.spoiled.append(uid)
                return spoiled
        return answer

    def _hide(self, hidden: _Hidden) -> None:
        hidden.fault.spoiled.clear()
        self._hidden.append(hidden)
        # Of a note that has not reached a user, nobody sees an old text either.
        self._hidden.sort(key=lambda each: each.share is None)


def shown(
    hidden: _Hidden, uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer
) -> ToolAnswer | None:
    """The answer without what is hidden; None where that makes no difference."""
    if hidden.share is None:
        is_reader = tool == "nc_notes_get_note" and int(arguments["note_id"]) == hidden.note_id
        return as_before(hidden, answer) if is_reader and uid != hidden.writer else None
    return without_share(hidden.share, tool, arguments, answer) if uid == hidden.recipient else None


def as_before(hidden: _Hidden, answer: ToolAnswer) -> ToolAnswer:
    """The note with its old content, and the etag that goes with it."""
    value = answer.structured or {}
    told = {key: value[key] for key in ("id", "title", "category", "modified", "readonly")}
    etag = StoredNote(content=hidden.content, **told).etag
    return attrs.evolve(answer, structured={**value, "content": hidden.content, "etag": etag})


def without_share(
    share: Share, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer
) -> ToolAnswer | None:
    match tool:
        case "nc_notes_get_note" if int(arguments["note_id"]) == share.node.id:
            return ToolAnswer.failure(f"Note {share.node.id} not found", 404)
        case "nc_webdav_read_file" if arguments["path"] == share.target:
            return ToolAnswer.failure(f'{tool} failed: Not found — "{share.target}" (HTTP 404)', 404)
        case "nc_share_list" if arguments.get("shared_with_me"):
            rows = json.loads(answer.text)
            kept = [row for row in rows if row["id"] != str(share.id)]
            text = json.dumps(kept)
            return ToolAnswer({"result": text}, text) if len(kept) < len(rows) else None
        case _:
            return None
