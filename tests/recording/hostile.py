"""Recordings of people, tools and texts that mean no good, drawn by chance."""

from __future__ import annotations

from random import Random
from typing import Any

from sim.recording.document import Head, RecordedCall, RecordedPerson, Recording, ToolList

Json = Any
TEXTS = (
    'it\'s "both"',
    '"""',
    "'''",
    "\\",
    '\\"',
    "a\nb\r\nc\ttab",
    "{x} {{y}} %s {0}",
    "# noqa",
    "class",
    "def",
    "None",
    "import os",
    "__import__('os').system('true')",
    "SELECT name FROM users WHERE id = 12 with care",
    "/tmp/x/y",
    "/var/tmp/12345",
    "0.0.0.0",
    "<hidden>",
    "before <hidden> after",
    "\u202eright to left\u200b",
    "\ud800 half a pair",
    "\x00\x07",
    "ünïcödé — …",
    "👍🏽",
    "",
    " ",
    "x" * 5000,
    "word " * 900,
    "line\n" * 700,
    "12",
    "4711",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://x.example/boards/12?id=4711&q=%2FNotes%2Fa.md",
    '{"id": 4711, "deep": {"text": "a \\"b\\""}}',
    '[1, 2, {"uid": "alice"}]',
    '/Notes/it\'s "both".md',
    "/a 'b' \"c\"/{d}.txt",
    "alice",
    "bob",
    "2026-11-26",
    "password",
)
KEYS = [
    "id",
    "note_id",
    "title",
    "content",
    "path",
    "etag",
    "if_match",
    "name",
    "uid",
    "token",
    "password",
    "share_with",
    "permissions",
    "query",
    "class",
    "number",
    "step",
    "expects",
    "sees",
    "share",
    "more",
    "self",
    "def",
    "board_id",
    "data",
    "summary",
    "message",
    "@type",
    "x-y",
    "a b",
    'q"uote',
    "new\nline",
    "ünï",
    "",
    "1st",
    "k" * 300,
    "\\",
    "{x}",
    "lambda",
]
TOOLS = [
    "nc_notes_create_note",
    "nc_notes_get_note",
    "nc_notes_update_note",
    "nc_notes_append_content",
    "nc_notes_delete_note",
    "nc_share_create",
    "nc_share_list",
    "nc_share_delete",
    "nc_webdav_write_file",
    "nc_webdav_read_file",
    "create",
    "delete",
    "get",
    "tracker.issues.create",
    "tracker.issues.delete",
    "deck_create_card",
    "deck_get_cards",
    "class",
    "def",
    'to"ol',
    "to\nol",
    "tool {x}",
    "",
    "t" * 400,
    "ünï_create_ünï",
    "\\",
    "9lives",
    "notes://settings",
]
NAMES = (
    "alice",
    "bob",
    "class",
    'O\'Brien "x"',
    "",
    None,
    "scene",
    "Role",
    "müller",
    "l",
    "x" * 100,
    "print",
)
ERRORS = ("not found", "Access denied (HTTP 403)", "modified by someone else", "error 500", '"""\n\\', "")


class Foe:
    """Draws what one recording holds."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"foe/{seed}")

    def recording(self, calls: int = 12) -> Recording:
        random = self._random
        people = tuple(
            RecordedPerson(0.0, f"p{n}", random.choice(NAMES)) for n in range(random.randint(1, 4))
        )
        at, each = 0.0, []
        for n in range(1, calls + 1):
            at += random.choice((-0.2, 0.0, 0.1, 3.0, 1000.0))
            each.append(self._call(max(0.0, at), n, random.choice(people).who))
        tools = tuple(
            {
                "name": name,
                "inputSchema": random.choice((None, {}, {"required": ["id", 3], "properties": {"id": {}}})),
            }
            for name in TOOLS[:20]
        )
        head = Head(
            1, random.choice(TEXTS), f"https://x.example/{random.choice(TEXTS)}", random.choice(TEXTS)
        )
        return Recording(head, people, (ToolList(0.0, "p0", tools),), tuple(each))

    def _call(self, at: float, n: int, who: str) -> RecordedCall:
        random, name = self._random, self._random.choice(TOOLS)
        arguments = {random.choice(KEYS): self.value(2) for _ in range(random.randint(0, 5))}
        is_resource = "://" in name
        method = "resources/read" if is_resource else "tools/call"
        outcome = random.choice(
            ("ok",) * 8 + ("tool_error", "refused", "cut", "unanswered", "protocol_error")
        )
        result: Any = {
            "structuredContent": {random.choice(KEYS): self.value(3) for _ in range(5)},
            "content": [],
        }
        if is_resource:
            result = {"contents": [{"text": random.choice(TEXTS)}]}
        if outcome == "tool_error":
            result = {"content": [{"type": "text", "text": random.choice(ERRORS)}], "isError": True}
        elif outcome != "ok" or random.random() < 0.1:
            result = random.choice((None, {}, {"content": "no"}, {"structuredContent": [1]}))
        return RecordedCall(at, random.random(), who, n, method, name, arguments, result, None, outcome, 200)

    def value(self, depth: int) -> Json:
        random = self._random
        kind = random.random()
        if depth and kind < 0.2:
            return [self.value(depth - 1) for _ in range(random.randint(0, 4))]
        if depth and kind < 0.4:
            return {random.choice(KEYS): self.value(depth - 1) for _ in range(random.randint(0, 4))}
        if kind < 0.75:
            return random.choice(TEXTS)
        return random.choice((None, True, False, 0, 1, 12, 4711, -3, 1.5, float("inf"), 10**30, 123456))
