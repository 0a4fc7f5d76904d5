"""Users at Nextcloud: only the API's own word counts, and what is not known is never taken for a no."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.accounts import AlreadyExists, NameRefused, NotCreated, OcsAccounts, user_id
from actors.errors import SetupError
from actors.ocs import Denied, NoOcsAnswer
from actors.ports import Person
from actors.secret import Secret
from tests.support.fake_cloud import HTML, ocs

PASSWORD = "an-admin-password"
CARL = Person("carl", Secret("s3cret"), "Carl", "carl+sim-0a1b2c3d@benchmark.local")
Answer = httpx.Response | Exception
Act = Callable[[OcsAccounts], Any]


def run(act: Act, *answers: Answer, said: list[str] | None = None) -> tuple[Any, list[httpx.Request]]:
    """What `act` gives, or raises, where the server answers so; the last answer again and again."""
    asked: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    async def main() -> Any:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(base_url="http://cloud.test/nc", transport=transport) as http:
            with trio.fail_after(600):
                tell = said.append if said is not None else lambda text: None
                return await act(OcsAccounts(http, "admin", Secret(PASSWORD), tell))

    return trio.run(main, clock=MockClock(autojump_threshold=0)), asked


REFUSAL = (
    '<?xml version="1.0"?>\n<ocs>\n <meta>\n  <status>failure</status>\n  <statuscode>997</statuscode>\n'
    "  <message>Unauthorised</message>\n </meta>\n <data/>\n</ocs>\n"
)
"""As Nextcloud 29 sends it to a wrong password, whatever format was asked for."""

WRONG_PASSWORD = httpx.Response(401, text=REFUSAL, headers={"content-type": "text/xml; charset=UTF-8"})

ACTS: dict[str, Act] = {
    "check": lambda accounts: accounts.check(),
    "existing": lambda accounts: accounts.existing(frozenset({"a1", "a2"})),
    "create": lambda accounts: accounts.create(CARL),
    "delete": lambda accounts: accounts.delete("carl"),
    "look": lambda accounts: accounts.look("carl"),
    "password_length": lambda accounts: accounts.password_length(),
    "throttle_note": lambda accounts: accounts.throttle_note(60.0),
    "why_slow": lambda accounts: accounts.why_slow(),
    "user_id": lambda accounts: user_id(accounts._ocs._http, "carl@x", Secret("p")),
}
PAGES = {
    "a page with 200": httpx.Response(200, text=HTML),
    "a page with 404": httpx.Response(404, text=HTML),
    "a gateway": httpx.Response(502, text=HTML),
    "a redirect": httpx.Response(301, headers={"location": "https://other/"}),
    "JSON of another shape": httpx.Response(404, json={"error": "not found"}),
    "an empty 200": httpx.Response(200),
    "a reset": httpx.ReadError("reset"),
    "broken gzip": httpx.DecodingError("gzip"),
    "silence": httpx.ReadTimeout("slow"),
    "nobody there": httpx.ConnectError("refused"),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("act", ACTS)
def test_what_is_no_answer_of_the_api_says_nothing(act: str, page: str) -> None:
    with pytest.raises(SetupError) as caught:
        run(ACTS[act], PAGES[page])
    assert not isinstance(caught.value, AlreadyExists | NameRefused)
    assert PASSWORD not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ocs", "meta", "data", "statuscode", "users", "id", "email", "x"]), inner
        )
    ),
    max_leaves=12,
)
SHAPED = st.builds(
    lambda code, data, message: {"ocs": {"meta": {"statuscode": code, "message": message}, "data": data}},
    st.sampled_from([100, 200, 101, 102, 107, 403, 404, 500, 996, 997, 998, "200", "x", None, 1e400]),
    JSON,
    JSON,
)
BODIES = st.binary(max_size=60) | (JSON | SHAPED).map(lambda value: json.dumps(value).encode())


@settings(max_examples=150, deadline=None)
@given(
    act=st.sampled_from(sorted(ACTS)),
    status=st.sampled_from([200, 201, 204, 301, 302, 400, 401, 403, 404, 412, 418, 429, 500, 502, 503, 599]),
    body=BODIES,
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "location", "content-type", "x-nextcloud-maintenance-mode"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    ),
)
def test_no_answer_whatever_ends_in_anything_but_a_result_or_one_line(
    act: str, status: int, body: bytes, headers: dict[str, str]
) -> None:
    try:
        run(ACTS[act], httpx.Response(status, content=body, headers=headers))
    except SetupError as error:
        assert str(error).isprintable()


@pytest.mark.parametrize(
    ("answers", "kind", "is_refused"),
    [
        ([ocs(102, [])], AlreadyExists, False),
        ([httpx.Response(429), ocs(102, [])], NotCreated, False),
        ([httpx.Response(502, text=HTML)], NotCreated, False),
        ([ocs(101, [], "Bad request")], NotCreated, False),
        ([ocs(996, [], "Internal")], NotCreated, False),
        ([ocs(107, [], "needs a special character")], NotCreated, True),
        ([ocs(101, [], "Login is invalid because files already exist for this user")], NameRefused, True),
        (
            [ocs(101, [], "Für diesen Benutzer gibt es bereits Dateien")],
            NameRefused,
            True,
        ),
    ],
)
def test_how_a_creation_ended_tells_a_refusal_from_an_unknown_fate(
    answers: list[httpx.Response], kind: type[NotCreated], is_refused: bool
) -> None:
    with pytest.raises(NotCreated) as caught:
        run(ACTS["create"], *answers)
    assert type(caught.value) is kind
    assert caught.value.is_refused is is_refused


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_creation_is_sent_once_where_it_may_have_been_carried_out(status: int) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(status, text=HTML)

    async def main() -> None:
        async with httpx.AsyncClient(base_url="http://x", transport=httpx.MockTransport(answer)) as http:
            with pytest.raises(NotCreated):
                await OcsAccounts(http, "admin", Secret("x")).create(CARL)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert asked == ["POST"]


@pytest.mark.parametrize("act", ["check", "existing", "delete", "look", "user_id"])
def test_a_password_that_is_refused_is_known_for_one_and_shown_once(act: str) -> None:
    """Each further try would count for brute-force protection."""

    async def refused(accounts: OcsAccounts) -> None:
        with pytest.raises(Denied):
            await ACTS[act](accounts)

    assert len(run(refused, WRONG_PASSWORD)[1]) == 1


@pytest.mark.parametrize(
    "body",
    [
        REFUSAL.replace("997", "404"),
        REFUSAL.replace("failure", "ok"),
        REFUSAL.replace("Unauthorised", "&x;"),
        REFUSAL + "<html>",
        REFUSAL.replace('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE ocs [<!ENTITY x "y">]>'),
        REFUSAL.replace("Unauthorised", "x" * 5000),
        "",
    ],
)
def test_no_other_page_is_taken_for_a_refused_password(body: str) -> None:
    with pytest.raises(NoOcsAnswer):
        run(ACTS["look"], httpx.Response(401, text=body))


def test_absence_is_the_apis_own_word() -> None:
    assert run(ACTS["look"], ocs(998, []))[0] is None
    assert run(ACTS["look"], ocs(200, {"email": None}))[0].email == ""


@pytest.mark.parametrize("code", [404, 998])
def test_an_api_that_is_switched_off_does_not_say_who_is_not_there(code: int) -> None:
    text = "Invalid query, please check the syntax. API specifications are here: http://www.freedesktop.org/"
    with pytest.raises(NoOcsAnswer, match="Invalid query"):
        run(ACTS["look"], ocs(code, [], text))


def test_names_are_compared_as_nextcloud_does_and_lists_with_gaps_are_read() -> None:
    answer = ocs(200, {"users": {"3": "A1", "7": "b"}})
    assert run(ACTS["existing"], answer)[0] == {"a1"}


def test_maintenance_is_said_at_once() -> None:
    answer = httpx.Response(503, headers={"X-Nextcloud-Maintenance-Mode": "1", "Retry-After": "120"})
    with pytest.raises(SetupError, match="maintenance mode"):
        run(ACTS["check"], answer)


def test_a_long_wait_is_told() -> None:
    said: list[str] = []
    busy = httpx.Response(503, headers={"Retry-After": "20"})
    run(ACTS["look"], busy, ocs(998, []), said=said)
    assert "20 s" in said[0]


@pytest.mark.parametrize(
    ("wait_s", "delay", "is_told"),
    [
        (26.0, 25_000, True),
        (2.0, 25_000, False),
        (2.0, 0, False),
        (2.0, "25000", False),
        (2.0, None, False),
        (2.0, float("nan"), False),
        (0.1, 25_000, False),
    ],
)
async def test_a_server_that_makes_this_address_wait_for_wrong_passwords_is_told(
    wait_s: float, delay: object, is_told: bool, autojump_clock: MockClock
) -> None:
    said: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        await trio.sleep(wait_s)
        is_asked_why = request.url.path.endswith("/capabilities")
        capabilities = {"capabilities": {"bruteforce": {"delay": delay}}} if is_asked_why else {}
        return httpx.Response(
            200, text=json.dumps({"ocs": {"meta": {"statuscode": 200}, "data": capabilities}})
        )

    async with httpx.AsyncClient(base_url="http://cloud.test", transport=httpx.MockTransport(answer)) as http:
        await OcsAccounts(http, "admin", Secret(PASSWORD), said.append).check()
    assert [("wait 25 s" in text, text.isprintable()) for text in said] == [(True, True)] * is_told


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(301, headers={"location": "https://cloud.test/"}), "https://cloud.test/"),
        (httpx.Response(400, json={"error": "Trusted domain error.", "code": 15}), "Trusted domain error"),
        (httpx.Response(400, text="<title>Trusted domain error</title>"), "Trusted domain error"),
        (ocs(997, [], "Current user is not logged in"), "two-factor"),
        (ocs(404, [], "\x1b[31mno\x1b]0;x\x07"), "no"),
        (ocs(429, [], "Reached maximum delay"), "brute-force protection"),
        (WRONG_PASSWORD, "check NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD"),
    ],
)
def test_the_reason_that_is_known_is_told_in_one_harmless_line(answer: httpx.Response, words: str) -> None:
    with pytest.raises(SetupError) as caught:
        run(ACTS["check"], answer)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_an_account_tells_its_own_id_with_its_own_password() -> None:
    uid, asked = run(ACTS["user_id"], ocs(200, {"id": "carl"}))
    assert uid == "carl"
    assert len(asked) == 1
    with pytest.raises(Denied):
        run(ACTS["user_id"], ocs(997, []))
    for odd in ("", None, "a/b", "a\x1b[1m", 7):
        with pytest.raises(SetupError):
            run(ACTS["user_id"], ocs(200, {"id": odd}))
