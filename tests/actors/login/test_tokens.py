"""Tokens: read whatever the answer's shape, kept fresh, and asked for anew only where they are dead."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest
import trio

from actors.errors import LoginError
from actors.events import Event
from actors.login.client import OAuthClient
from actors.login.driver import LoginRefused
from actors.login.oauth import OAuthLogin
from actors.login.plan import AuthPlan
from actors.login.token_answer import DEFAULT_LIFE_S, MAX_LIFE_S, life_of
from actors.ports import Person
from actors.secret import Secret

AS = "https://as.example.org"
ANN = Person("ann", Secret("password-of-ann"))
Answer = Callable[[], httpx.Response]


def plan(*methods: str) -> AuthPlan:
    return AuthPlan(AS, f"{AS}/authorize", f"{AS}/token", f"{AS}/register", "openid", None, "a test", methods)


def granted(**more: object) -> httpx.Response:
    return httpx.Response(
        200, json={"access_token": "first", "token_type": "Bearer", "expires_in": 60, **more}
    )


def refused(error: str = "invalid_grant", status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": error})


@attrs.define
class Server:
    """A token endpoint that answers in turn, the last again and again; and the person's driver."""

    answers: list[httpx.Response | Exception]
    forms: list[dict[str, str]] = attrs.Factory(list)
    headers: list[httpx.Headers] = attrs.Factory(list)
    logins: int = 0
    login_error: LoginError | None = None
    facts: list[Event] = attrs.Factory(list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.forms.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        self.headers.append(request.headers)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        await trio.lowlevel.checkpoint()
        self.logins += 1
        if self.login_error is not None:
            raise self.login_error
        query = parse_qs(urlsplit(url).query)
        return f"{redirect_uri}?code=c&state={query['state'][0]}"

    async def grant(self, person: Person, url: str) -> None:
        raise NotImplementedError

    @property
    def refreshes(self) -> int:
        return sum(form["grant_type"] == "refresh_token" for form in self.forms)


@asynccontextmanager
async def open_login(
    server: Server, client: OAuthClient | None = None, methods: tuple[str, ...] = ()
) -> AsyncIterator[OAuthLogin]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server.answer)) as http:
        with trio.fail_after(100_000):  # noqa: ASYNC100 (the block of the caller)
            client = client or OAuthClient("c-1", Secret("s/1 +"))
            yield OAuthLogin(http, plan(*methods), client, server, server.facts.append)


async def test_a_refresh_answer_without_a_refresh_token_leaves_the_old_one_good(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """RFC 6749, 6."""
    server = Server([granted(refresh_token="stays"), granted(access_token="next")])
    async with open_login(server) as login:
        tokens = await login.log_in(ANN)
        for _ in range(5):
            await trio.sleep(50)
            assert await tokens.authorization() == "Bearer next"
    assert server.logins == 1
    assert [form.get("refresh_token") for form in server.forms[1:]] == ["stays"] * 5


UNAVAILABLE = [
    httpx.Response(503),
    httpx.Response(429, headers={"Retry-After": "5"}),
    httpx.Response(502, text="<html>Bad gateway</html>"),
    httpx.Response(400, text="<html>of a proxy</html>"),
    httpx.Response(401, text=""),
    httpx.Response(200, text="<html>of a captive portal</html>"),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
]


@pytest.mark.parametrize("trouble", UNAVAILABLE, ids=str)
async def test_a_token_endpoint_in_trouble_costs_no_login_and_the_old_token_goes_on(
    trouble: httpx.Response | Exception, autojump_clock: trio.testing.MockClock
) -> None:
    server = Server([granted(refresh_token="r"), trouble, granted(access_token="next", refresh_token="r2")])
    async with open_login(server) as login:
        tokens = await login.log_in(ANN)
        await trio.sleep(41)
        assert await tokens.authorization() == "Bearer first"
        await trio.sleep(18)
        assert await tokens.authorization() == "Bearer next"
    assert (server.logins, server.refreshes) == (1, 2)
    assert [form["refresh_token"] for form in server.forms[1:]] == ["r", "r"]


async def test_a_token_that_has_ended_is_shown_to_nobody_while_there_is_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Server([granted(refresh_token="r"), httpx.Response(503)])
    async with open_login(server) as login:
        tokens = await login.log_in(ANN)
        await trio.sleep(61)
        with pytest.raises(LoginError, match="was not renewed: HTTP 503"):
            await tokens.authorization()
        server.answers = [granted(access_token="next")]
        assert await tokens.authorization() == "Bearer next"
    assert server.logins == 1


@pytest.mark.parametrize("status", [400, 401])
async def test_a_dead_refresh_token_is_followed_by_a_login(
    status: int, autojump_clock: trio.testing.MockClock
) -> None:
    server = Server([granted(refresh_token="r"), refused(status=status), granted(access_token="next")])
    async with open_login(server) as login:
        tokens = await login.log_in(ANN)
        tokens.reject()
        assert await tokens.authorization() == "Bearer next"
    assert server.logins == 2


@pytest.mark.parametrize(
    "trouble", [httpx.Response(503), httpx.ConnectError("refused"), refused()], ids=["503", "refused", "dead"]
)
async def test_after_a_failed_refresh_in_the_background_tokens_are_kept_fresh_later(
    trouble: httpx.Response | Exception, autojump_clock: trio.testing.MockClock
) -> None:
    server = Server([granted(refresh_token="r"), *([trouble] * 4), granted(refresh_token="r")])
    async with open_login(server) as login, trio.open_nursery() as nursery:
        tokens = await login.log_in(ANN)
        nursery.start_soon(login.keep_fresh)
        await trio.sleep(400)
        before = len(server.forms)
        assert (await tokens.authorization()).startswith("Bearer ")
        assert len(server.forms) == before, "it was fresh already"
        assert before < 40, "nobody is hammered"
        nursery.cancel_scope.cancel()


async def test_a_password_that_was_refused_is_never_shown_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Server([granted(), refused()])
    async with open_login(server) as login, trio.open_nursery() as nursery:
        tokens = await login.log_in(ANN)
        server.login_error = LoginRefused("ann", "https://cloud/login", "the login page came back")
        nursery.start_soon(login.keep_fresh)
        await trio.sleep(1000)
        for _ in range(5):
            with pytest.raises(LoginError, match="came back"):
                await tokens.authorization()
        nursery.cancel_scope.cancel()
    assert server.logins == 2


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "no 'access_token'"),
        ({"id_token": "x"}, "no 'access_token' .*it has id_token"),
        ({"access_token": None}, "no 'access_token'"),
        ({"access_token": 7}, "'access_token' is none"),
        ({"access_token": ["x"]}, "'access_token' is none"),
        ({"access_token": "a b"}, "'access_token' is none"),
        ({"access_token": "a\r\nX: y"}, "'access_token' is none"),
        ({"access_token": "a", "refresh_token": {"x": 1}}, "'refresh_token' is none"),
        ({"access_token": "a", "token_type": "mac"}, "'token_type' is not"),
        ({"access_token": "a", "token_type": []}, "'token_type' is not"),
        ([], "without a JSON object"),
        ("text", "without a JSON object"),
    ],
)
async def test_a_token_answer_that_is_none_says_which_field_it_lacks(document: Any, words: str) -> None:
    server = Server([httpx.Response(200, json=document)])
    async with open_login(server) as login:
        with pytest.raises(LoginError, match=words) as failed:
            await login.log_in(ANN)
    assert str(failed.value).isprintable()


@pytest.mark.parametrize("status", [200, 201])
async def test_a_token_answer_counts_by_its_fields(status: int) -> None:
    server = Server([httpx.Response(status, json={"access_token": "a.b-c~d+/=", "scope": ["a"]})])
    async with open_login(server) as login:
        assert await (await login.log_in(ANN)).authorization() == "Bearer a.b-c~d+/="


@pytest.mark.parametrize(
    ("said", "life_s"),
    [
        (60, 60),
        (59.5, 59.5),
        ("3600", 3600),
        *(
            (odd, DEFAULT_LIFE_S)
            for odd in (None, 0, -5, True, "soon", "", [], {}, float("nan"), "nan", -(10**400))
        ),
        *((odd, MAX_LIFE_S) for odd in (10**400, float("inf"), "1e300", 10**12)),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_life_of_a_token_is_never_absurd(said: object, life_s: float) -> None:
    assert life_of(said) == life_s


@pytest.mark.parametrize(
    ("registered", "supported", "expected"),
    [
        ("client_secret_basic", (), "basic"),
        ("client_secret_post", ("client_secret_basic",), "post"),
        ("", ("client_secret_basic",), "basic"),
        ("", ("client_secret_basic", "client_secret_post"), "post"),
        ("", (), "post"),
        ("none", (), "none"),
    ],
)
async def test_the_client_shows_its_secret_as_the_server_wants_it(
    registered: str, supported: tuple[str, ...], expected: str
) -> None:
    server = Server([granted()])
    client = OAuthClient("c 1", Secret("s/1 +") if registered != "none" else None, auth_method=registered)
    async with open_login(server, client, supported) as login:
        await login.log_in(ANN)
    form, header = server.forms[0], server.headers[0].get("authorization", "")
    if expected == "basic":
        # Encoded like a form before it is put together: RFC 6749, 2.3.1.
        assert base64.b64decode(header.removeprefix("Basic ")).decode() == "c+1:s%2F1+%2B"
        assert "client_secret" not in form
    else:
        assert header == ""
        assert form["client_id"] == "c 1"
        assert form.get("client_secret") == ("s/1 +" if expected == "post" else None)


async def test_a_client_of_the_persons_own_that_is_refused_says_which_redirect_uri_it_needs() -> None:
    server = Server([refused("invalid_client", 401)])
    async with open_login(server, OAuthClient("mine", is_static=True)) as login:
        with pytest.raises(LoginError, match=r"invalid_client.*http://127.0.0.1:33418/callback"):
            await login.log_in(ANN)
