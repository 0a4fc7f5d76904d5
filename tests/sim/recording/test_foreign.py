"""HAR files and cassettes become recordings, as if a proxy had been there; what is neither is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sim.recording.document import Recording, gathered
from sim.recording.reading import BadRecording
from sim.recording.taking_in import taken_in

URL = "https://bob:pw@cloud.example/mcp?key=s3cr3t"
RESULT = {"content": [{"type": "text", "text": "x"}], "isError": False}


def entry(second: float, message: Any, answer: Any, took: float = 100, **response: Any) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    whole, part = divmod(second, 1)
    return {
        "startedDateTime": f"2026-11-26T09:00:{int(whole):02}.{int(1000 * part):03}+01:00",
        "time": took,
        "request": {
            "method": "POST",
            "url": response.pop("url", URL),
            "headers": [{"name": "Mcp-Session-Id", "value": response.pop("session", "s")}],
            "postData": {"mimeType": "application/json", "text": json.dumps(message)},
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Encoding", "value": "br"}],
            "content": {"mimeType": response.pop("mime", "application/json"), "text": text},
            **response,
        },
    }


def call(name: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def har(*entries: Any) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {}, "entries": list(entries)}}


def read(tmp_path: Path, value: Any, url: str | None = None) -> Recording:
    path = tmp_path / "foreign"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return gathered(taken_in(path, "simulate 0", url))


def test_the_calls_of_a_har_file_are_in_the_order_of_time_with_what_came_of_them(tmp_path: Path) -> None:
    events = f"event: message\ndata: {json.dumps({'id': 1, 'result': RESULT})}\n\n"
    packed = base64.b64encode(json.dumps({"id": 1, "result": RESULT}).encode()).decode()
    page = entry(0, call("x"), "")
    page["request"] |= {"method": "GET", "url": "https://cloud.example/page", "postData": None}
    found = read(
        tmp_path,
        har(
            page,
            entry(5, call("second"), events, mime="text/event-stream; charset=utf-8"),
            entry(3.5, call("first", password="hunter2"), {"id": 1, "result": RESULT}, took=250),
            entry(
                6,
                call("third"),
                "",
                content={"text": packed, "encoding": "base64", "mimeType": "application/json"},
            ),
            entry(7, call("refused"), "no", status=403, mime="text/plain"),
            entry(8, call("lost"), "", status=0),
        ),
    )
    assert [(c.name, c.at, c.took, c.outcome) for c in found.calls] == [
        ("first", 0.0, 0.25, "ok"),
        ("second", 1.5, 0.1, "ok"),
        ("third", 2.5, 0.1, "ok"),
        ("refused", 3.5, 0.1, "refused"),
        ("lost", 4.5, 0.1, "unanswered"),
    ]
    assert found.calls[0].arguments == {"password": "<hidden>"}
    assert (found.head.url, found.head.began) == ("https://cloud.example/mcp", "2026-11-26T08:00:03Z")
    assert found.is_whole


def test_concurrent_requests_of_a_har_file_and_their_people(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        har(
            entry(1, call("long"), {"id": 1, "result": RESULT}, took=5000),
            entry(2, call("short"), {"id": 1, "result": RESULT}, session="t"),
        ),
    )
    assert [(c.n, c.name, c.who, c.outcome) for c in found.calls] == [
        (1, "long", "p1", "ok"),
        (2, "short", "p2", "ok"),
    ]


def test_one_of_several_endpoints_is_chosen(tmp_path: Path) -> None:
    other = entry(1, call("other"), {"id": 1, "result": RESULT}, url="https://other.example/mcp")
    value = har(entry(1, call("mine"), {"id": 1, "result": RESULT}), other)
    with pytest.raises(BadRecording, match="several MCP endpoints; say --url"):
        read(tmp_path, value)
    assert [c.name for c in read(tmp_path, value, "https://other.example/mcp").calls] == ["other"]
    with pytest.raises(BadRecording, match="nothing there speaks MCP"):
        read(tmp_path, value, "https://third.example/mcp")


def test_answers_that_a_har_file_lacks_are_said_to_be_missing(tmp_path: Path) -> None:
    found = read(tmp_path, har(entry(1, call("t"), "", content={"mimeType": "application/json"})))
    assert [c.outcome for c in found.calls] == ["unanswered"]
    assert found.gaps[0].reason == "the file lacks the content of 1 answers"


def test_who_was_sent_to_another_address_said_it_there_alone(tmp_path: Path) -> None:
    there = f"{URL.partition('?')[0]}/"
    sent = entry(1, call("t"), "", status=307)
    found = read(tmp_path, har(sent, entry(1.2, call("t"), {"id": 1, "result": RESULT}, url=there)))
    assert [(c.name, c.outcome) for c in found.calls] == [("t", "ok")]
    assert found.head.url == "https://cloud.example/mcp/"


@pytest.mark.parametrize("text", ["", None])
def test_a_browser_that_keeps_no_content_of_events_leaves_a_gap(tmp_path: Path, text: str | None) -> None:
    kept = {"mimeType": "text/event-stream", "size": 812, "text": text}
    found = read(tmp_path, har(entry(1, call("t"), "", content=kept)))
    assert [gap.reason for gap in found.gaps] == ["the file lacks the content of 1 answers"]


def test_a_file_with_a_byte_order_mark_and_a_browsers_own_keys_is_read(tmp_path: Path) -> None:
    one = entry(1, call("t"), {"id": 1, "result": RESULT}, took=-1)
    one |= {"_priority": "High", "pageref": "page_1", "timings": {"send": 0}, "cache": {}}
    one["request"]["headers"].append({"name": ":authority", "value": "cloud.example"})
    one["request"]["cookies"] = [{"name": "nc_session", "value": "s3cr3t"}]
    content = b"\xef\xbb\xbf" + json.dumps(har(one)).encode()
    found = read(tmp_path, content)
    assert [(c.outcome, c.took) for c in found.calls] == [("ok", 0.0)]


def tape(*interactions: Any, **more: Any) -> dict[str, Any]:
    metadata = {"recorded_at": "2026-02-17T20:25:23.85+00:00", "server_url": "http://127.0.0.1:8000"}
    return {"version": "1.0", "metadata": metadata, "interactions": list(interactions), **more}


def taped(request: Any, response: Any, latency_ms: int = 100, status: int = 200) -> dict[str, Any]:
    facts = {"type": "jsonrpc_request", "response_is_sse": True, "response_status": status}
    return {**facts, "request": request, "response": response, "latency_ms": latency_ms}


def test_a_cassette_is_one_persons_session(tmp_path: Path) -> None:
    params = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "mcp", "version": "0.1.0"}}
    hello = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "Calculator", "version": "2"}}
    end = {
        "type": "lifecycle",
        "request": None,
        "response": None,
        "http_method": "DELETE",
        "http_path": "/mcp",
    }
    found = read(
        tmp_path,
        tape(
            taped({"id": 0, "method": "initialize", "params": params}, {"id": 0, "result": hello}, 7),
            {"type": "notification", "request": {"method": "notifications/initialized"}, "latency_ms": 1},
            taped({"id": 1, "method": "tools/list"}, {"id": 1, "result": {"tools": [{"name": "add"}]}}, 22),
            taped(call("add", 2, a=2), {"id": 2, "result": RESULT}, 18),
            taped(call("add", 3, a=3), {"id": 3, "error": {"code": -32602, "message": "no"}}, 0),
            taped(call("add", 4), None, 5, 500),
            end,
        ),
    )
    assert [(c.n, c.at, c.took, c.outcome) for c in found.calls] == [
        (1, 0.03, 0.018, "ok"),
        (2, 0.048, 0.0, "protocol_error"),
        (3, 0.048, 0.005, "refused"),
    ]
    assert (found.people[0].client, found.people[0].server) == ("mcp 0.1.0", "Calculator 2")
    assert [tool["name"] for line in found.tools for tool in line.tools] == ["add"]


GOOD = taped(call("t"), {"id": 1, "result": RESULT})


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"{}",
        b"7",
        b"[" * 100_000,
        {"log": []},
        {"log": {"entries": 7}},
        har({}),
        har({"startedDateTime": "soon", "request": {"method": "POST", "url": "x"}}),
        har({**entry(1, call("t"), {}), "startedDateTime": "soon"}),
        har({**entry(1, call("t"), {}), "time": {}}),
        har(),
        har(entry(1, "no message", {})),
        tape(),
        tape(7),
        tape({"type": "notification", "request": None}),
        tape(GOOD, version="2.0"),
        tape(GOOD, metadata={"recorded_at": "\x1b[2J"}),
        tape({**GOOD, "latency_ms": "quick"}),
        tape(GOOD, interactions={}),
    ],
)
def test_what_is_neither_is_refused_in_one_harmless_line(value: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRecording) as refused:
        read(tmp_path, value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def test_odd_times_and_urls_break_nothing(tmp_path: Path) -> None:
    odd = har({**entry(1, call("t"), {"id": 1, "result": RESULT}, url="http://[::1"), "time": -1})
    assert read(tmp_path, odd).calls[0].took == 0
    endless = json.dumps(har(entry(1, call("t"), {"id": 1, "result": RESULT}, took=0))).replace(
        '"time": 0', '"time": 1e308'
    )
    assert read(tmp_path, endless.encode()).calls[0].outcome == "ok"
