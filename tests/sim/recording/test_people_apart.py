"""Who is who: by session, by the subject of what they log in with, and by nothing that is kept."""

from __future__ import annotations

import base64

from sim.recording.document import gathered
from sim.recording.recorded_lines import (
    Gap,
    Head,
    RecordedCall,
    RecordedPerson,
)
from sim.recording.strangers import as_one_person, doubts_about
from tests.support.ears import JSON, RESULT, Ears, bearer, call, jwt, session


def test_sessions_are_people_and_those_of_one_subject_the_same_person() -> None:
    ears = Ears()
    for headers in ([session("a")], [session("b")], [session("a")]):
        ears.call(*headers)
    alice = jwt(sub="alice")
    ears.call(session("c"), bearer(alice))
    ears.call(session("d"), bearer(jwt(sub="alice", exp=2)))
    ears.call(session("c"), bearer("opaque-token"))
    ears.call(session("e"), bearer("opaque-token"))
    ears.call(bearer("another-token"))
    assert [c.who for c in ears.of(RecordedCall)] == ["p1", "p2", "p1", "p3", "p3", "p3", "p3", "p4"]
    assert {p.who: p.name for p in ears.of(RecordedPerson)} == {
        "p1": None,
        "p2": None,
        "p3": "alice",
        "p4": None,
    }


def test_people_are_named_by_their_token_or_their_login() -> None:
    ears = Ears()
    basic = base64.b64encode("bøb:pass:word".encode()).decode()
    ears.call((b"authorization", f"Basic {basic}".encode()))
    ears.call(bearer(jwt(sub="b7c1", preferred_username="carol\x1b[2J")))
    assert [p.name for p in ears.of(RecordedPerson)] == ["bøb", "carol\N{REPLACEMENT CHARACTER}[2J"]


def test_a_session_is_its_persons_from_the_handshake_on() -> None:
    ears = Ears()
    hello = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "nc", "version": "2"}}
    params = {"protocolVersion": "2026-07-28", "clientInfo": {"name": "claude", "version": "1"}}
    given = (JSON, session("s"))
    ears.post(
        {"id": 0, "method": "initialize", "params": params}, {"id": 0, "result": hello}, answer_headers=given
    )
    ears.call(session("s"))
    person = ears.of(RecordedPerson)[-1]
    assert (person.client, person.server, person.protocol) == ("claude 1", "nc 2", "2025-11-25")
    assert ears.last.who == person.who == "p1"
    assert ears.told == ["p1 is somebody, with claude 1"]


def test_people_without_sessions_and_credentials_are_told_apart_by_their_clients() -> None:
    ears = Ears()
    for name in ("a", "b", "a"):
        meta = {
            "io.modelcontextprotocol/clientInfo": {"name": name, "version": "1"},
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        }
        message = call("t")
        message["params"]["_meta"] = meta
        ears.post(message, {"id": 1, "result": RESULT})
    assert [c.who for c in ears.of(RecordedCall)] == ["p1", "p2", "p1"]
    assert ears.of(RecordedPerson)[-1].protocol == "2026-07-28"


def test_without_sessions_and_names_a_program_is_the_person_who_said_hello_with_it() -> None:
    ears = Ears()
    hello = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "nc", "version": "2"}}
    for name in ("a", "b"):
        agent = (b"User-Agent", name.encode())
        params = {"clientInfo": {"name": name, "version": "1"}}
        ears.post({"id": 0, "method": "initialize", "params": params}, {"id": 0, "result": hello}, agent)
        ears.call(agent)
    assert [c.who for c in ears.of(RecordedCall)] == ["p1", "p2"]
    assert {p.who: p.client for p in ears.of(RecordedPerson)} == {"p1": "a 1", "p2": "b 1"}


def test_credentials_are_in_no_line_also_when_a_server_says_them() -> None:
    ears = Ears()
    token = "opaque-token-of-the-tests"
    said = {"content": [{"type": "text", "text": f"you are {token}"}]}
    headers = (bearer(token), (b"Cookie", b"a=1; sid=cookie-value-1"), (b"X-Api-Key", b"key-value-12"))
    told = {"note": "cookie-value-1 key-value-12"}
    ears.post(call("t", 1, **told), {"id": 1, "result": said}, *headers)
    ears.post(call(f"t {token}", 1), {"id": 1, "error": {"code": 1, "message": token}}, *headers)
    read = {"id": 2, "method": "resources/read", "params": {"uri": f"nc://x?token=s3cr3t-1&y={token}"}}
    ears.post(read, b'{"id": 2, "result": ' + b"[" * 500 + b"]" * 500 + b"}", *headers)
    ears.post(read, b"x", *headers, answer_headers=(JSON, (b"Content-Encoding", b"br")))
    assert len(ears.of(Gap)) == 2
    for line in (*ears.lines, *ears.told):
        assert "s3cr3t" not in str(line)
        assert not any(secret in str(line) for secret in (token, "cookie-value", "key-value"))


def test_programs_that_log_in_as_one_are_one_person_who_is_said_to_have_them_all() -> None:
    ears = Ears()
    for name, place in (("a", "x"), ("b", "y"), ("a", "z")):
        params = {"clientInfo": {"name": name, "version": "1"}}
        login = bearer(jwt(sub="alice"))
        hello = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "nc", "version": "2"}}
        given = (JSON, session(place))
        message = {"id": 0, "method": "initialize", "params": params}
        ears.post(message, {"id": 0, "result": hello}, login, answer_headers=given)
        ears.call(session(place), login)
    person = ears.of(RecordedPerson)[-1]
    assert (person.who, person.client, person.also) == ("p1", "a 1", ("b 1",))
    assert ears.told == ["p1 is alice, with a 1", "p1 is alice, with a 1 and b 1"]
    assert list(doubts_about([person])) == ["p1 alice is one person with several programs: a 1, b 1"]


def test_sessions_without_a_login_are_several_until_they_are_said_to_be_one() -> None:
    ears = Ears()
    for place in "abc":
        ears.call(session(place))
    ears.call(session("d"), bearer(jwt(sub="alice")))
    head = Head(1, "simulate 0", "https://cloud.example/mcp", "2026-11-26T08:00:00Z")
    found = gathered([head, *ears.lines])
    assert [call.who for call in found.calls] == ["p1", "p2", "p3", "p4"]
    one = as_one_person(found)
    assert [call.who for call in one.calls] == ["p1", "p1", "p1", "p4"]
    assert [person.who for person in one.people] == ["p1", "p4"]
    nobodies = [RecordedPerson(0.0, who, None, "cli 1") for who in ("p1", "p2", "p3", "p4", "p5", "p6")]
    (doubt,) = doubts_about(nobodies)
    assert doubt == (
        "p1, p2, p3, p4, p5, … are sessions of cli 1 without a login; are they one person? --one-person"
    )
