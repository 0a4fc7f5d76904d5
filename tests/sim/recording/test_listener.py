"""What is said in HTTP becomes the lines of a recording: who, what, when, and what came of it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from sim.recording.listener import MAX_MESSAGE_BYTES, ExchangeEnd
from sim.recording.recorded_lines import (
    Gap,
    RecordedCall,
    RecordedQuestion,
    ToolList,
)
from tests.support.ears import EVENTS, JSON, RESULT, Ears, call, event, session


def test_a_call_is_written_with_its_answer_and_times() -> None:
    ears = Ears()
    ears.at = 1.25
    ears.post(call("nc_note", "a", id=7), {"jsonrpc": "2.0", "id": "a", "result": RESULT})
    assert ears.last == RecordedCall(
        1.25, 0.5, "p1", 1, "tools/call", "nc_note", {"id": 7}, RESULT, None, "ok", 200
    )


def test_what_is_read_and_prompted_are_calls_too() -> None:
    ears = Ears()
    read = {"id": 1, "method": "resources/read", "params": {"uri": "nc://x"}}
    ears.post(read, {"id": 1, "result": {"contents": []}})
    prompt = {"id": 2, "method": "prompts/get", "params": {"name": "p", "arguments": {"a": "b"}}}
    ears.post(prompt, {"id": 2, "result": {"messages": []}})
    assert [(c.method, c.name, c.arguments) for c in ears.of(RecordedCall)] == [
        ("resources/read", "nc://x", {}),
        ("prompts/get", "p", {"a": "b"}),
    ]


def test_each_way_to_end_has_its_outcome() -> None:
    ears = Ears()
    failed = {**RESULT, "isError": True}
    ears.post(call("t"), {"id": 1, "result": failed})
    ears.post(call("t"), {"id": 1, "error": {"code": -32602, "message": "no"}})
    ears.post(call("t"), None, status=401)
    ears.post(call("t"), {"id": "server-error", "error": {"code": -32600, "message": "gone"}}, status=404)
    ears.post(call("t"), {"id": 1, "result": RESULT}, ending=ExchangeEnd.SERVER_CUT)
    ears.post(call("t"), None, ending=ExchangeEnd.CLIENT_GONE)
    ears.post(call("t"), None, status=0, ending=ExchangeEnd.NO_ANSWER)
    ears.post(call("t"), None, status=202)
    assert [(c.outcome, c.status, (c.error or {}).get("message")) for c in ears.of(RecordedCall)] == [
        ("tool_error", 200, None),
        ("protocol_error", 200, "no"),
        ("refused", 401, None),
        ("refused", 404, "gone"),
        ("cut", 200, None),
        ("cut", 200, None),
        ("unanswered", None, None),
        ("unanswered", 202, None),
    ]
    assert [gap.reason for gap in ears.of(Gap)] == [
        ExchangeEnd.SERVER_CUT.value,
        ExchangeEnd.CLIENT_GONE.value,
        ExchangeEnd.NO_ANSWER.value,
    ]
    assert len([line for line in ears.told if not line.startswith("p1 is")]) == 3


def test_events_are_heard_as_they_come_however_they_are_cut() -> None:
    ears = Ears()
    progress = {"method": "notifications/progress", "params": {}}
    answer = event(progress) + event({"id": 1, "result": RESULT})
    ears.post(call("t"), answer, answer_headers=(EVENTS,))
    assert (ears.last.outcome, ears.last.result) == ("ok", RESULT)


def test_an_answer_may_come_on_another_stream_of_the_session() -> None:
    ears = Ears()
    ears.post(
        call("t"), event({}, "e1"), session("s"), answer_headers=(EVENTS,), ending=ExchangeEnd.SERVER_CUT
    )
    assert not ears.of(RecordedCall)
    again = ears.listener.request(ears.at, "GET", [session("s"), (b"Last-Event-ID", b"e1")])
    again.answered(ears.at, 200, [EVENTS])
    again.piece(event({"id": 1, "result": RESULT}), 9.0)
    again.end(9.5, ExchangeEnd.CLIENT_GONE)
    assert (ears.last.outcome, ears.last.took) == ("ok", 9.0)


def test_a_stream_that_was_never_taken_up_again_is_a_cut_call() -> None:
    ears = Ears()
    ears.post(
        call("t"), event({}, "e1"), session("s"), answer_headers=(EVENTS,), ending=ExchangeEnd.SERVER_CUT
    )
    ears.listener.close(20.0)
    assert (ears.last.outcome, ears.last.took) == ("cut", 20.0)


def test_packed_answers_are_read() -> None:
    ears = Ears()
    packed = gzip.compress(json.dumps({"id": 1, "result": RESULT}).encode())
    ears.post(call("t"), packed, answer_headers=(JSON, (b"Content-Encoding", b"gzip")))
    assert ears.last.result == RESULT


def test_what_cannot_be_read_is_a_gap_and_no_guess() -> None:
    ears = Ears()
    ears.post(call("t"), b"\x1f\x8bnonsense", answer_headers=(JSON, (b"Content-Encoding", b"gzip")))
    ears.post(call("t"), b"?", answer_headers=(JSON, (b"Content-Encoding", b"br")))
    ears.post(call("big"), b'{"id":1,"result":"' + b"x" * MAX_MESSAGE_BYTES, answer_headers=(EVENTS,))
    assert not ears.of(RecordedCall)
    assert [gap.reason.rpartition("(")[2] for gap in ears.of(Gap)] == ["t)", "t)", "big)"]


def test_nonsense_is_a_gap_and_the_next_call_is_heard() -> None:
    ears = Ears()
    for nonsense in (b"{", b"[1]", b"null", b"\xff", b"[" * 100_000):
        hearing = ears.listener.request(0, "POST", ())
        hearing.asked(nonsense, 0)
        hearing.end(0, ExchangeEnd.WHOLE)
    deep = b'{"id":1,"result":' + b"[" * 500 + b"]" * 500 + b"}"
    ears.post(call("t"), deep)
    ears.call()
    assert len(ears.of(Gap)) == 6
    assert ears.last.outcome == "ok"


def test_the_same_id_in_two_sessions_is_two_calls() -> None:
    ears = Ears()
    first = ears.listener.request(0, "POST", [session("a")])
    first.asked(json.dumps(call("one")).encode(), 0)
    ears.post(call("two"), {"id": 1, "result": RESULT}, session("b"))
    first.answered(5, 200, [JSON])
    first.piece(json.dumps({"id": 1, "result": RESULT}).encode(), 5)
    first.end(5, ExchangeEnd.WHOLE)
    assert [(c.n, c.name, c.who) for c in ears.of(RecordedCall)] == [(2, "two", "p2"), (1, "one", "p1")]


def test_a_batch_is_so_many_calls() -> None:
    ears = Ears()
    ears.post([call("a", 1), call("b", 2)], [{"id": 2, "result": RESULT}, {"id": 1, "result": RESULT}])
    assert [(c.n, c.name) for c in ears.of(RecordedCall)] == [(2, "b"), (1, "a")]


def test_what_the_server_wants_to_know_is_written_with_the_answer() -> None:
    ears = Ears()
    hearing = ears.listener.request(0, "POST", [session("s")])
    hearing.asked(json.dumps(call("t")).encode(), 0)
    hearing.answered(1, 200, [EVENTS])
    hearing.piece(event({"id": 5, "method": "elicitation/create", "params": {"message": "who?"}}), 1)
    reply = {"id": 5, "result": {"action": "accept", "content": {"name": "x", "password": "hunter2"}}}
    ears.post(reply, None, session("s"), status=202)
    hearing.piece(event({"id": 1, "result": RESULT}), 3)
    hearing.end(3, ExchangeEnd.WHOLE)
    answer = {"action": "accept", "content": {"name": "x", "password": "<hidden>"}}
    asked = RecordedQuestion(1, "p1", 1, "elicitation/create", {"message": "who?"}, answer)
    assert ears.of(RecordedQuestion) == [asked]
    assert ears.last.outcome == "ok"


def test_a_call_that_wants_answers_first_is_one_call() -> None:
    ears = Ears()
    for number, key in enumerate(("k", "l")):
        halted = {
            "resultType": "input_required",
            "inputRequests": {key: {"method": "elicitation/create", "params": {"message": key}}},
            "requestState": "s",
        }
        asked = call("t", number, a=1)
        asked["params"] |= {"inputResponses": {"k": {"action": "decline"}}} if number else {}
        ears.post(asked, {"id": number, "result": halted})
    again = call("t", 2, a=1)
    again["params"] |= {"inputResponses": {"l": {"action": "accept"}}, "requestState": "s"}
    ears.post(again, {"id": 2, "result": RESULT})
    assert [(c.n, c.took, c.outcome) for c in ears.of(RecordedCall)] == [(1, 2.5, "ok")]
    assert [(q.during, q.params["message"], q.answer) for q in ears.of(RecordedQuestion)] == [
        (1, "k", {"action": "decline"}),
        (1, "l", {"action": "accept"}),
    ]


def test_tools_are_written_when_they_differ_from_those_before_also_in_pages() -> None:
    ears = Ears()

    def listed(tools: list[str], cursor: str = "", then: str = "") -> None:
        params = {"cursor": cursor} if cursor else {}
        page: dict[str, Any] = {"tools": [{"name": name} for name in tools]}
        page |= {"nextCursor": then} if then else {}
        ears.post(
            {"id": 3, "method": "tools/list", "params": params}, {"id": 3, "result": page}, session("s")
        )

    listed(["a"], then="2")
    listed(["b"], cursor="2")
    listed(["a"], then="2")
    listed(["b"], cursor="2")
    listed(["c"])
    assert [[t["name"] for t in line.tools] for line in ears.of(ToolList)] == [["a", "b"], ["c"]]


def test_a_session_that_the_client_ends_is_over() -> None:
    ears = Ears()
    open_call = ears.listener.request(0, "POST", [session("s")])
    open_call.asked(json.dumps(call("t")).encode(), 0)
    end = ears.listener.request(4, "DELETE", [session("s")])
    end.answered(4, 200, [])
    end.end(4, ExchangeEnd.WHOLE)
    assert (ears.last.outcome, ears.last.took) == ("unanswered", 4)


def test_a_cancelled_call_is_unanswered() -> None:
    ears = Ears()
    open_call = ears.listener.request(0, "POST", [session("s")])
    open_call.asked(json.dumps(call("t", 9)).encode(), 0)
    cancelled = {"method": "notifications/cancelled", "params": {"requestId": 9}}
    ears.post(cancelled, None, session("s"), status=202)
    open_call.end(5, ExchangeEnd.CLIENT_GONE)
    assert [c.outcome for c in ears.of(RecordedCall)] == ["unanswered"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_call_that_is_sent_elsewhere_is_made_once(status: int) -> None:
    ears = Ears()
    moved = (b"Location", b"http://127.0.0.1:1/mcp/")
    for _ in range(2):
        ears.post(call("t"), b"", status=status, answer_headers=(moved,))
        ears.call()
    assert [line.outcome for line in ears.of(RecordedCall)] == ["ok", "ok"]
    assert ears.listener.shared.made == 2
    assert ears.told == []
