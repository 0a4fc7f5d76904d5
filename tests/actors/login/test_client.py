"""Registering a client, and removing it: answers of any shape, a busy server, and pages in between."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import trio

from actors.errors import SetupError
from actors.login.client import OAuthClient, read_client, register, remove
from actors.login.trust import Trust
from actors.secret import Secret
from actors.shelter import Shelter
from tests.actors.login.test_tokens import AS, plan
from tests.support.over_the_wire import NoJournal


async def registered(
    *answers: httpx.Response, methods: tuple[str, ...] = ()
) -> tuple[OAuthClient, list[Any]]:
    asked: list[Any] = []
    ready = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((trio.current_time(), json.loads(request.content)))
        return ready.pop(0) if len(ready) > 1 else ready[0]

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with trio.fail_after(10_000):
            return await register(
                http, plan(*methods), NoJournal(), "sim-1", lambda text: asked.append(text)
            ), asked


async def test_the_registration_says_how_the_client_authenticates() -> None:
    answer = {"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "client_secret_basic"}
    client, _ = await registered(httpx.Response(201, json=answer))
    assert client.auth_method == "client_secret_basic"
    client, asked = await registered(
        httpx.Response(201, json={"client_id": "c", "client_secret": "s"}), methods=("client_secret_basic",)
    )
    assert client.auth_method == asked[0][1]["token_endpoint_auth_method"] == "client_secret_basic"


@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": "30"}, {"Retry-After": "0"}, {"Retry-After": "soon"}]
)
async def test_a_registration_that_is_busy_is_waited_out_for_its_whole_minute_and_says_so(
    headers: dict[str, str], autojump_clock: trio.testing.MockClock
) -> None:
    busy, began = httpx.Response(429, headers=headers), trio.current_time()

    class Minute(list[httpx.Response]):
        def __getitem__(self, index: Any) -> Any:
            return httpx.Response(201, json={"client_id": "c"}) if trio.current_time() > began + 64 else busy

    said: list[str] = []
    transport = httpx.MockTransport(lambda request: Minute()[0])
    async with httpx.AsyncClient(transport=transport) as http:
        with trio.fail_after(10_000):
            client = await register(http, plan(), NoJournal(), "sim-1", said.append)
    assert client.client_id == "c"
    assert said
    assert all("busy" in text and "429" in text for text in said)


async def test_a_registration_under_way_comes_to_its_answer_unless_the_run_is_left(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        await trio.sleep(5)
        return httpx.Response(201, json={"client_id": "c"})

    class Noted(NoJournal):
        def created(self, kind: str, name: str, **details: str) -> None:
            noted.append(name)

    for leaves, names in ((False, ["Load test sim-1"]), (True, [])):
        noted: list[str] = []
        shelter = Shelter()
        async with httpx.AsyncClient(transport=httpx.MockTransport(slowly)) as http:
            with trio.fail_after(60), trio.move_on_after(1) as stopped:
                if leaves:
                    shelter.leave()
                await register(http, plan(), Noted(), "sim-1", shelter=shelter)
                await trio.lowlevel.checkpoint()
        assert stopped.cancelled_caught
        assert noted == names


async def test_a_registration_that_stays_busy_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(SetupError, match="HTTP 429"):
        await registered(httpx.Response(429))
    assert 65 <= trio.current_time() <= 200
    with pytest.raises(SetupError, match="HTTP 429"):
        await registered(httpx.Response(429, headers={"Retry-After": "86400"}))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, text="<html>"), "no JSON object"),
        (httpx.Response(201, json=[]), "no JSON object"),
        (httpx.Response(201, content=b"[" * 100_000), "no JSON object"),
        (httpx.Response(201, json={}), "no 'client_id'"),
        (httpx.Response(201, json={"client_id": 5}), "'client_id' is no text"),
        (httpx.Response(201, json={"client_id": "a\r\nb"}), "'client_id' is no text"),
        (httpx.Response(201, json={"client_id": "a", "client_secret": {}}), "'client_secret' is no text"),
        (
            httpx.Response(
                201,
                json={
                    "client_id": "a",
                    "client_secret": "b",
                    "token_endpoint_auth_method": "private_key_jwt",
                },
            ),
            "private_key_jwt",
        ),
        (httpx.Response(403, json={"error": "access_denied"}), "HTTP 403 \\(access_denied\\)"),
        (httpx.Response(502, text="x"), "HTTP 502"),
    ],
)
async def test_a_registration_answer_of_any_shape_ends_in_one_line(
    answer: httpx.Response, words: str
) -> None:
    with pytest.raises(SetupError, match=words) as failed:
        await registered(answer)
    assert str(failed.value).isprintable()


@pytest.mark.parametrize(
    ("answer", "is_gone"),
    [
        (httpx.Response(204), True),
        (httpx.Response(200, json={}), True),
        (httpx.Response(404, json={"error": "gone"}), False),
        (httpx.Response(401), False),
        (httpx.Response(200, text="<html>"), None),
        (httpx.Response(404, text="<html>"), None),
        (httpx.Response(401, text="<html>"), None),
        (httpx.Response(302, headers={"Location": "/"}), None),
        (httpx.Response(500), None),
    ],
)
async def test_a_client_is_gone_when_its_server_says_so_and_no_page_in_between(
    answer: httpx.Response, is_gone: bool | None
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer)) as http:
        if is_gone is None:
            with pytest.raises(SetupError, match="removing the OAuth client failed"):
                await remove(http, f"{AS}/register/c", Secret("t"))
        else:
            assert await remove(http, f"{AS}/register/c", Secret("t")) is is_gone


@pytest.mark.parametrize(
    ("manager", "is_taken"),
    [
        ("https://as.example.org/register/c", True),
        ("https://cloud.example.org/apps/oidc/register/c", True),
        ("https://elsewhere.test/register/c", False),
        ("http://cloud.example.org/apps/oidc/register/c", False),
    ],
)
def test_a_client_is_managed_where_it_was_registered_or_where_the_person_trusts_and_nowhere_else(
    manager: str, is_taken: bool
) -> None:
    answer = {"client_id": "c", "registration_client_uri": manager, "registration_access_token": "t"}
    trust = Trust("https://cloud.example.org", "https://mcp.example.org/mcp")
    if is_taken:
        client = read_client(answer, "none", "https://as.example.org/register", trust)
        assert client.management_uri == manager
        return
    with pytest.raises(ValueError, match="another server"):
        read_client(answer, "none", "https://as.example.org/register", trust)


async def test_a_token_that_died_with_its_client_is_not_shown_again() -> None:
    """Nextcloud counts it as an attack, and makes the next run's removal wait for twice as long."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(204 if request.method == "DELETE" else 401)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        assert await remove(http, f"{AS}/register/c", Secret("t"))
    assert asked == ["DELETE"]


@pytest.mark.parametrize(
    ("shown", "is_gone"),
    [
        (httpx.Response(200, json={"client_id": "c"}), False),
        (httpx.Response(401, json={"error": "invalid_token"}), True),
        (httpx.Response(404, text="<html>"), True),
        (httpx.Response(405), True),
        (httpx.Response(200, text="<html>"), True),
    ],
)
async def test_a_client_that_is_shown_after_its_removal_is_not_gone(
    shown: httpx.Response, is_gone: bool
) -> None:
    """Not every server can show one, so only the client itself counts."""

    def answer(request: httpx.Request) -> httpx.Response:
        return shown if request.method == "GET" else httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        if is_gone:
            assert await remove(http, f"{AS}/register/c", Secret("t"))
        else:
            with pytest.raises(SetupError, match="still there"):
                await remove(http, f"{AS}/register/c", Secret("t"))


@pytest.mark.parametrize(
    ("answer", "is_refused"),
    [
        (httpx.Response(400, json={"error": "invalid_client_metadata"}), True),
        (httpx.Response(403, json={"error": "access_denied"}), True),
        (httpx.Response(429), True),
        (httpx.Response(400, text="<html>"), False),
        (httpx.Response(404, text="<html>"), False),
        (httpx.Response(408, json={"error": "late"}), False),
        (httpx.Response(504, json={"error": "late"}), False),
        (httpx.Response(200, text="<html>"), False),
    ],
)
async def test_only_its_own_refusal_says_that_no_client_was_registered(
    answer: httpx.Response, is_refused: bool, autojump_clock: object
) -> None:
    struck: list[str] = []

    class Journal(NoJournal):
        def removed(self, kind: str, name: str) -> None:
            struck.append(name)

    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer)) as http:
        with pytest.raises(SetupError):
            await register(http, plan(), Journal(), "sim-1")
    assert bool(struck) is is_refused
