"""Ways of an MCP server, and of what stands before it, to go wrong: calls, sessions, streams."""

from __future__ import annotations

import json

import attrs

from tests.field.end import Misbehaviour, row
from tests.support.front import Answer, Cut, Drip, Hook, Linger, Raw, Reply, Request, Silence, page
from tests.support.spoiling import (
    BUSY,
    DEEP,
    GATEWAY,
    NASTY,
    NO_PAGE,
    START_PAGE,
    Match,
    Rule,
    Site,
    asks,
    document,
    lost,
    packed,
    put,
    redirect,
    say,
    spoil,
    told,
    twisted,
)

MCP = asks("POST", "/mcp")
CALLS = asks("POST", "/mcp", "tools/call")
LISTS = asks("POST", "/mcp", "tools/list")
READS = asks("POST", "/mcp", "nc_notes_get_note")


def calls(tool: str) -> Match:
    return asks("POST", "/mcp", tool)


def restarted(status: int, body: bytes) -> Rule:
    """After the tenth call every session of before is unknown; new ones are as good as ever."""

    def rule(site: Site) -> Hook:
        known: set[str] = set()
        seen = [0]

        def hook(request: Request) -> Reply | None:
            session = {k.lower(): v for k, v in request.headers.items()}.get("mcp-session-id", "")
            seen[0] += CALLS(request)
            if seen[0] < 10:
                known.add(session)
            elif session and session in known:
                return Answer(status, body, (("Content-Type", "application/json"),))
            return None

        return hook

    return rule


LOST_SESSION = json.dumps(
    {"jsonrpc": "2.0", "id": "server-error", "error": {"code": -32600, "message": "No valid session ID"}}
).encode()


def slash(request: Request, site: Site) -> Reply:
    """The endpoint lies behind a slash, as many frameworks have it."""
    if request.path == "/mcp":
        return Answer(307, b"", (("Location", f"{site.front}/mcp/"),))
    return request.forward("/mcp")


def gone_from(number: int) -> Rule:
    return spoil(asks("", "/mcp", but=".well-known"), say(Cut(reset=True)), skip=number)


CHANGES = {
    "nc_notes_create_note": "note_share",
    "nc_notes_update_note": "baseline",
    "nc_share_create": "note_share",
    "nc_webdav_write_file": "file_share",
}
"""A tool, and a workflow that calls it."""

TORN = Answer(200, b'{"jsonrpc": ', (("Content-Type", "application/json"),))
SWITCH = Raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
REFUSED = document(401, {"error": "invalid_token"})

UNSURE = (0, 3, 4, 5)
"""A call whose answer was lost may be carried out later: its user's files are named as possibly left."""

CALL_ROWS: tuple[Misbehaviour, ...] = (
    *(
        row(f"a gateway gives up after {tool}", spoil(calls(tool), lost(GATEWAY), times=2), *UNSURE,
            outcomes=("transport_error/504",), arguments=("--mix", f"{story}=1"),
            weighs=tool == "nc_notes_create_note")
        for tool, story in CHANGES.items()
    ),
    row("a gateway gives up after every change", spoil(CALLS, lost(GATEWAY), every=2), *UNSURE),
    row("a page with 200 instead of calls", spoil(CALLS, say(START_PAGE), every=3), *UNSURE,
        outcomes=("protocol_error",), weighs=True),
    row("a page with 404 instead of calls", spoil(CALLS, say(NO_PAGE), every=5), *UNSURE),
    row("bursts of 503 at the endpoint", spoil(CALLS, say(BUSY), every=4), *UNSURE,
        outcomes=("transport_error/503",)),
    row("every answer is gzip", spoil(MCP, twisted(packed)), weighs=True),
    row("streams stay open", spoil(CALLS, twisted(lambda a: Linger(a, 1.0))), 0, 3),
    row("the connection is reset after calls", spoil(CALLS, lost(Cut(reset=True)), every=4), *UNSURE),
    row("the connection is reset before calls", spoil(CALLS, say(Cut(reset=True)), every=4), *UNSURE),
    row("half answers", spoil(CALLS, twisted(lambda a: Cut(a, len(a.body) // 2)), every=4), *UNSURE),
    row("answers drip", spoil(CALLS, twisted(lambda a: Drip(a, 0.0005))), 0, 3),
    row("nothing comes of some calls", spoil(CALLS, lambda r, s: (r.forward(), Silence(3.0))[1], every=6),
        *UNSURE, arguments=("--call-timeout", "1")),
    row("broken JSON", spoil(CALLS, say(TORN), every=3), *UNSURE, outcomes=("protocol_error",)),
    row("deep JSON from tools", spoil(CALLS, say(DEEP), every=3), *UNSURE),
    row("huge answers from tools", spoil(CALLS, say(Answer(200, b" " * (80 << 20))), times=2), *UNSURE),
    row("an answer of another type", spoil(
        CALLS, twisted(lambda a: a.with_header("Content-Type", "text/plain")), every=3), *UNSURE),
    row("HTTP/1.0", spoil(MCP, twisted(lambda a: Raw(
        f"HTTP/1.0 {a.status} X\r\n".encode()
        + "".join(f"{k}: {v}\r\n" for k, v in a.headers).encode() + b"\r\n" + a.body)))),
    row("protocols switch at the endpoint", spoil(CALLS, say(SWITCH), every=4), *UNSURE),
    row("errors of tools bring escape sequences", spoil(CALLS, told(put(
        {"isError": True, "content": [{"type": "text", "text": NASTY}]}, "result")), every=3), *UNSURE,
        outcomes=("tool_error",), weighs=True),
    row("errors of the protocol bring escape sequences", spoil(
        CALLS, say(document(200, {"jsonrpc": "2.0", "id": 3, "error": {"code": -1, "message": NASTY}})),
        every=3), *UNSURE),
    row("notes hold escape sequences", spoil(READS, told(put(
        {"id": 1, "title": NASTY, "content": NASTY, "etag": "x"}, "result", "structuredContent"))), *UNSURE),
    row("reads give no object", spoil(READS, told(put([], "result"))), *UNSURE),
)  # fmt: skip

SESSION_ROWS: tuple[Misbehaviour, ...] = (
    *(
        row(f"sessions are lost with {status}", restarted(status, body), 0, 3, 5, weighs=status == 400)
        for status, body in ((400, LOST_SESSION), (404, LOST_SESSION), (410, b""), (404, b""))
    ),
    row("the endpoint lies behind a slash", spoil(asks("", "/mcp", but=".well-known"), slash)),
    row("the endpoint moved elsewhere", spoil(MCP, redirect(307, "{elsewhere}")), 3),
    row("the endpoint moves elsewhere in the run", spoil(CALLS, redirect(308, "{elsewhere}")), 3,
        weighs=True),
    row("pages of tools go round in a circle", spoil(LISTS, told(put("again", "result", "nextCursor"))), 3,
        says=("page",)),
    row("pages of tools never end", spoil(LISTS, told(
        lambda d: put(str(id(d)) + d["id"].__str__(), "result", "nextCursor")(d))), 3),
    row("there are no tools", spoil(LISTS, told(put([], "result", "tools"))), 3),
    row("tools are missing", spoil(LISTS, told(lambda d: put(
        [t for t in d["result"]["tools"] if "share" not in t["name"]], "result", "tools")(d))), 0, 3),
    row("the server does not answer at all", spoil(MCP, say(Cut(reset=True))), 3),
    row("the server is a start page", spoil(MCP, say(START_PAGE)), 3),
    row("the server is gone in mid-run", gone_from(25), *UNSURE, outcomes=("transport_error",), weighs=True),
    row("the server is gone when sessions close", spoil(asks("DELETE", "/mcp"), say(Cut(reset=True)))),
    row("sessions close slowly", spoil(asks("DELETE", "/mcp"), say(Silence(3.0)))),
    row("sessions close with a page", spoil(asks("DELETE", "/mcp"), say(page(500, "Oh")))),
    row("cookies at the endpoint", spoil(MCP, twisted(
        lambda a: attrs.evolve(a, headers=(*a.headers, ("Set-Cookie", "who=stranger; Path=/")))))),
    row("calls are refused for good", spoil(CALLS, say(REFUSED)), 3),
    row("calls are refused now and then", spoil(CALLS, say(REFUSED), every=7),
        *UNSURE),
)  # fmt: skip
