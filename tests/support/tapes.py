"""Recordings for tests: two people who work on boards, with tools that the stand-in does not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEAD = {
    "what": "recording",
    "version": 1,
    "made_by": "simulate 0.1.0",
    "url": "https://cloud.example/mcp",
    "began": "2026-11-26T08:00:00Z",
}
CARD = "b7c1f6de-3f0a-4c55-9d2e-0a1b2c3d4e5f"


class Taping:
    """Lines of a recording, written one after another."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = [HEAD]
        self._n = 0

    def person(self, who: str, name: str | None) -> None:
        self.lines.append({"what": "person", "at": 0.1, "who": who, "name": name})

    def tools(self, **hints: bool | None) -> None:
        """Listed with `readOnlyHint` as said."""
        listed = [
            {
                "name": name,
                "description": f"{name}.",
                "inputSchema": {"type": "object", "properties": {}},
                **({} if hint is None else {"annotations": {"readOnlyHint": hint}}),
            }
            for name, hint in hints.items()
        ]
        self.lines.append({"what": "tools", "at": 0.2, "who": "p1", "tools": listed})

    def call(self, who: str, tool: str, answer: Any, *, failed: bool = False, **arguments: Any) -> None:
        """A dict is a structured answer, a text is one, anything else is JSON in a text."""
        self._n += 1
        text = answer if isinstance(answer, str) else json.dumps(answer)
        result: dict[str, Any] = {"content": [{"type": "text", "text": text}], "isError": failed}
        if isinstance(answer, dict):
            result["structuredContent"] = answer
        line = {"what": "call", "at": float(self._n), "took": 0.02, "who": who, "n": self._n}
        line |= {"method": "tools/call", "name": tool, "arguments": arguments, "result": result}
        self.lines.append({**line, "outcome": "tool_error" if failed else "ok", "status": 200})

    def write(self, path: Path) -> Path:
        lines = [*self.lines, {"what": "end", "at": 99.0, "calls": self._n}]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return path


def boards() -> Taping:
    """Alice makes a board with a card, shares it with bob, who looks and changes the card; all is removed."""
    tape = Taping()
    tape.person("p1", "alice")
    tape.person("p2", "bob")
    tape.tools(deck_get_boards=True, deck_get_card=True, deck_get_cards=True, deck_create_board=False)
    board = {"id": 7, "title": "Plan", "owner": {"uid": "alice"}, "etag": "e1f0a2b3"}
    tape.call("p1", "deck_get_boards", {"boards": [{"id": 1, "title": "Welcome"}], "total": 1})
    tape.call("p1", "deck_create_board", board, title="Plan", color="ff0000")
    tape.call("p1", "deck_get_boards", {"boards": [{"id": 1, "title": "Welcome"}, board], "total": 2})
    card = {"id": CARD, "boardId": 7, "title": "Milk", "etag": "c0ffee11"}
    tape.call("p1", "deck_create_card", card, board_id=7, title="Milk")
    tape.call("p2", "deck_get_card", f"Card {CARD} not found", failed=True, card_id=CARD)
    tape.call("p1", "deck_share_board", {"id": 31, "participant": "bob"}, board_id=7, participant="bob")
    tape.call("p2", "deck_get_boards", {"boards": [{"id": 2, "title": "Hello"}, board], "total": 2})
    tape.call("p2", "deck_get_card", {**card, "url": f"/boards/7/cards/{CARD}"}, card_id=CARD)
    changed = {**card, "title": "Bread", "etag": "c0ffee22"}
    tape.call("p2", "deck_update_card", changed, card_id=CARD, title="Bread", etag="c0ffee11")
    tape.call("p1", "deck_get_cards", {"result": json.dumps([changed])}, board_id=7)
    tape.call("p1", "deck_delete_card", {"success": True}, card_id=CARD)
    tape.call("p1", "deck_get_cards", {"result": "[]"}, board_id=7)
    tape.call("p1", "deck_unshare_board", {"success": True}, board_id=7, share_id=31)
    tape.call("p1", "deck_delete_board", {"success": True}, board_id=7)
    return tape
