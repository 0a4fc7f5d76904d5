"""Granting an MCP server access, as the server answers well, late, wrongly, or with a grant that is void."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise

import attrs
import httpx
import pytest
import trio

from actors.answer import Json
from actors.errors import CallError, LoginError, Outcome
from actors.login.basic import Nobody
from actors.login.provisioning import PROVISIONED_S, Grants
from actors.login.trust import Trust
from actors.offered_tool import OfferedTool
from actors.ports import Credentials, Person, ToolSession
from actors.secret import Secret
from tests.support.fake_cloud import ocs

MCP, NEXTCLOUD = "https://mcp.example.org/mcp", "https://cloud.example.org"
ANN = Person("ann", Secret("the-password-of-ann"))
LOGIN_URL = "https://cloud.example.org/index.php/login/v2/flow/token"
REQUIRED = {"status": "login_required", "login_url": LOGIN_URL}
ALREADY = {"status": "already_provisioned"}
NOT_PROVISIONED = CallError(Outcome.AUTHORIZATION, "401: the app password is void", status=401)

Answers = list["Json | CallError"]


@attrs.define
class Server:
    """Answers each tool with what is laid ready, the last answer again and again. A connector as well."""

    answers: dict[str, Answers]
    protocol: str = "scripted"
    asked: list[tuple[float, str]] = attrs.Factory(list)
    granted: list[str] = attrs.Factory(list)
    forgotten: list[httpx.Request] = attrs.Factory(list)
    app_passwords: list[str] = attrs.Factory(list)
    forgetting: httpx.Response | None = None
    granting_s: float = 0.0
    keeping: list[httpx.Response] = attrs.Factory(list)
    making_s: float = 0.0

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        yield self

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        await trio.lowlevel.checkpoint()
        self.asked.append((trio.current_time(), name))
        ready = self.answers[name]
        answer = ready.pop(0) if len(ready) > 1 else ready[0]
        if isinstance(answer, CallError):
            raise answer
        return answer

    async def read_resource(self, uri: str) -> Json:
        raise NotImplementedError

    async def list_tools(self) -> dict[str, OfferedTool]:
        return {name: OfferedTool(name) for name in self.answers}

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        raise NotImplementedError

    async def grant(self, person: Person, url: str) -> None:
        await trio.sleep(self.granting_s)
        self.granted.append(url)

    async def forget(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "cloud.example.org":
            await trio.sleep(self.making_s if request.method == "GET" else 0)
            return self.nextcloud(request)
        await trio.lowlevel.checkpoint()
        self.forgotten.append(request)
        return self.forgetting or httpx.Response(200, json={"success": True})

    def nextcloud(self, request: httpx.Request) -> httpx.Response:
        """Gives an app password for the password, and takes it back for itself."""
        shown = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if request.method == "GET":
            assert shown == f"ann:{ANN.password.reveal()}"
            self.app_passwords.append("a-passing-password")
            return ocs(200, {"apppassword": "a-passing-password"})
        if self.keeping:
            return self.keeping.pop(0)
        self.app_passwords.remove(shown.removeprefix("ann:"))
        return ocs(200, [])

    def times(self, tool: str) -> list[float]:
        return [at for at, name in self.asked if name == tool]


def scripted(provision: Answers, check: Answers | None = None, look: Answers | None = None) -> Server:
    return Server(
        {
            "nc_auth_provision_access": provision,
            "nc_auth_check_status": check or [{"status": "provisioned"}],
            "nc_notes_search_notes": look or [{"results": []}],
        }
    )


@asynccontextmanager
async def open_grants(server: Server) -> AsyncIterator[Grants]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server.forget)) as http:
        yield Grants(http, MCP, NEXTCLOUD, server, server, Trust(NEXTCLOUD, MCP))


async def provision(server: Server) -> tuple[bool, int]:
    """Whether it is new, and how often that was announced."""
    announced: list[None] = []

    async def announce() -> None:
        announced.append(None)

    with trio.fail_after(300):
        async with open_grants(server) as grants:
            is_new = await grants.provision(ANN, Nobody(), announce)
    return is_new, len(announced)


async def test_the_address_that_the_server_names_is_opened_and_access_granted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = scripted([REQUIRED])
    assert await provision(server) == (True, 1)
    assert server.granted == [LOGIN_URL]


async def test_the_server_is_asked_again_in_ever_longer_pauses_until_it_knows(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pending: Json = {"status": "pending"}
    server = scripted([REQUIRED], [*([pending] * 7), {"status": "provisioned"}])
    await provision(server)
    times = server.times("nc_auth_check_status")
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])


async def test_a_server_that_never_knows_is_given_up_in_bounded_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = scripted([REQUIRED], [{"status": "pending"}])
    with pytest.raises(LoginError, match="still 'pending' 30 s after access was granted"):
        await provision(server)
    assert trio.current_time() <= PROVISIONED_S + 1


async def test_a_grant_of_before_that_is_good_is_left_alone(autojump_clock: trio.testing.MockClock) -> None:
    server = scripted([ALREADY])
    assert await provision(server) == (False, 0)
    assert server.granted == []
    assert server.forgotten == []


async def test_a_grant_of_before_that_is_void_is_replaced(autojump_clock: trio.testing.MockClock) -> None:
    server = scripted([ALREADY, REQUIRED], look=[NOT_PROVISIONED])
    assert await provision(server) == (True, 1)
    assert server.granted == [LOGIN_URL]
    (request,) = server.forgotten
    assert str(request.url) == "https://mcp.example.org/api/v1/users/ann/app-password"
    assert request.method == "DELETE"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": "declined"}, "answered"),
        ("no object at all", "answered"),
        (CallError(Outcome.TOOL_ERROR, "Failed to start login flow"), "Failed to start login flow"),
    ],
)
async def test_an_answer_without_an_address_fails_the_login_with_its_reason(
    answer: Json | CallError, words: str, autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(LoginError, match=words):
        await provision(scripted([answer]))


@pytest.mark.parametrize("status", [200, 204, 404])
async def test_what_is_forgotten_or_was_not_there_is_withdrawn(status: int) -> None:
    server = scripted([REQUIRED])
    server.forgetting = httpx.Response(status)
    async with open_grants(server) as grants:
        await grants.withdraw(ANN)
    assert server.app_passwords == []


@pytest.mark.parametrize("status", [200, 404])
async def test_a_page_of_something_in_between_does_not_say_that_a_grant_is_forgotten(status: int) -> None:
    server = scripted([REQUIRED])
    server.forgetting = httpx.Response(status, html="<h1>nothing here</h1>")
    async with open_grants(server) as grants:
        with pytest.raises(LoginError, match=f"HTTP {status}"):
            await grants.withdraw(ANN)
    assert server.app_passwords == []


@pytest.mark.parametrize(
    "answers",
    [
        [httpx.Response(502), httpx.Response(200, html="a page")],
        [httpx.Response(503, headers={"Retry-After": "1"})],
    ],
)
async def test_an_app_password_for_a_moment_is_given_back_by_an_answer_of_the_api_alone(
    answers: list[httpx.Response], autojump_clock: trio.testing.MockClock
) -> None:
    server = scripted([REQUIRED])
    server.keeping = list(answers)
    async with open_grants(server) as grants:
        await grants.withdraw(ANN)
    assert server.app_passwords == server.keeping == []


async def test_one_that_cannot_be_given_back_is_named(autojump_clock: trio.testing.MockClock) -> None:
    server = scripted([REQUIRED])
    server.keeping = [httpx.Response(502)] * 9
    async with open_grants(server) as grants:
        with pytest.raises(LoginError, match="may be left"):
            await grants.withdraw(ANN)


async def test_a_grant_that_was_begun_comes_to_its_end(autojump_clock: trio.testing.MockClock) -> None:
    server = scripted([REQUIRED])
    server.granting_s = 5.0
    with trio.move_on_after(1) as stopped:
        await provision(server)
    assert stopped.cancelled_caught
    assert server.granted == [LOGIN_URL]
    assert server.times("nc_auth_check_status") == []


async def test_an_mcp_server_is_never_shown_the_password_itself() -> None:
    server = scripted([ALREADY, REQUIRED], look=[NOT_PROVISIONED])
    async with open_grants(server) as grants:
        await grants.withdraw(ANN)
    (request,) = server.forgotten
    shown = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    assert shown == "ann:a-passing-password"
    assert server.app_passwords == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/index.php/login/v2/flow/token",
        "http://cloud.example.org/index.php/login/v2/flow/token",
        "https://cloud.example.org:8443/index.php/login/v2/flow/token",
        "https://cloud.example.org@evil.example.org/login/v2/flow/token",
        "https://cloud.example.org.evil.example.org/login/v2/flow/token",
        "https://mcp.example.org/login/v2/flow/token",
        "javascript:alert(1)",
    ],
)
async def test_access_is_granted_on_a_page_of_nextcloud_alone(url: str) -> None:
    server, granting = scripted([{"status": "login_required", "login_url": url}]), []

    async def announce() -> None:
        granting.append(None)

    async with open_grants(server) as grants:
        with pytest.raises(LoginError, match="is not NEXTCLOUD_HOST"):
            await grants.provision(ANN, Nobody(), announce)
    assert server.granted == granting == []


async def test_a_server_that_does_not_forget_is_named_without_the_password() -> None:
    server = scripted([REQUIRED])
    server.forgetting = httpx.Response(503)
    async with open_grants(server) as grants:
        with pytest.raises(LoginError, match="HTTP 503") as failed:
            await grants.withdraw(ANN)
    assert "the-password-of-ann" not in str(failed.value)
