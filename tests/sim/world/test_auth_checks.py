"""Who is let in, and as whom: a server for one user, for nobody, or for users it cannot tell apart."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from actors.errors import CallError, CredentialsRejected, Outcome, SetupError
from actors.login.basic import BasicLogin, Nobody
from actors.login.plan import AuthPlan
from actors.ports import Credentials, Person, ToolSession
from actors.secret import Secret
from sim.config.model import AuthMode
from sim.standin.toolbox import ToolAnswer
from sim.world.auth_checks import (
    check_lets_in,
    check_mode,
    check_takes_passwords,
    check_users_differ,
    login_text,
    needs_provisioning,
)
from sim.world.recorded import RecordedConnector
from tests.support.in_process import Facts, StoreConnector, person

URL = "https://mcp.example.org/mcp"
PLAN = AuthPlan(URL, URL, URL, None, "openid", None, "a test")
REFUSAL = CallError(Outcome.TOOL_ERROR, "no credentials in the request")
EVERY_LOOK = "nc_notes_search_notes"


class OneUser(StoreConnector):
    """A server to which everybody is Ann."""

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: object) -> AsyncIterator[ToolSession]:
        async with super().open_session(Person("ann", person.password), credentials) as session:
            yield session


async def two() -> tuple[tuple[Person, Credentials], tuple[Person, Credentials]]:
    ann, bob = person("ann"), person("bob")
    return (ann, await BasicLogin().log_in(ann)), (bob, await BasicLogin().log_in(bob))


async def test_a_server_that_serves_whoever_comes_is_refused(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(SetupError, match="lets everybody in, and as the same user"):
        await check_takes_passwords(OneUser("ann"), URL)


@pytest.mark.parametrize("error", [REFUSAL, CredentialsRejected(Outcome.AUTHORIZATION, "HTTP 401")])
async def test_a_server_whose_tools_refuse_nobody_takes_passwords(
    error: CallError, autojump_clock: trio.testing.MockClock
) -> None:
    server = StoreConnector()
    server.planned = {EVERY_LOOK: [error]}
    await check_takes_passwords(server, URL)
    assert server.planned == {EVERY_LOOK: []}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CallError(Outcome.TOOL_ERROR, "HTTP 503", status=503), "cannot be seen: HTTP 503"),
        (CallError(Outcome.PROTOCOL_ERROR, "content of type 'text/html'"), "does not answer like an MCP"),
        (CallError(Outcome.TRANSPORT_ERROR, "HTTP 500", status=500), "cannot reach the MCP server"),
        (CallError(Outcome.TRANSPORT_ERROR, "refused", reason="connect"), "cannot reach the MCP server"),
    ],
)
async def test_what_is_no_answer_of_a_tool_says_nothing_of_passwords(
    error: CallError, words: str, autojump_clock: trio.testing.MockClock
) -> None:
    server = StoreConnector()
    server.refusals = [error]
    with pytest.raises(SetupError, match=words):
        await check_takes_passwords(server, URL)


async def test_users_who_see_each_others_notes_are_the_same_to_the_server(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = OneUser("ann")
    with pytest.raises(SetupError, match="ann and bob are the same user"):
        await check_users_differ(server, *await two(), "a title")
    assert server.leftovers() == {}


async def test_users_who_see_their_own_notes_only_differ(autojump_clock: trio.testing.MockClock) -> None:
    server = StoreConnector("ann", "bob")
    await check_users_differ(server, *await two(), "a title")
    assert server.leftovers() == {}
    assert sorted(server.closed) == ["ann", "bob"]


async def test_refusals_that_are_asked_for_are_no_errors_of_the_set_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    facts, server = Facts(), StoreConnector("ann", "bob")
    server.planned = {EVERY_LOOK: [REFUSAL]}
    recorded = RecordedConnector(server, facts)
    await check_takes_passwords(recorded, URL)
    await check_users_differ(recorded, *await two(), "a title")
    refused = [call for call in facts.calls if call.outcome is not Outcome.OK]
    assert [call.tool for call in refused] == [EVERY_LOOK, "nc_notes_get_note"]
    assert all(call.is_expected for call in refused)


@pytest.mark.parametrize(
    ("tool", "error"),
    [
        (EVERY_LOOK, CallError(Outcome.AUTHORIZATION, "HTTP 401", status=401)),
        ("nc_notes_get_note", CallError(Outcome.TOOL_ERROR, "HTTP 500", status=500)),
        ("nc_notes_create_note", CallError(Outcome.TOOL_ERROR, "HTTP 403", status=403)),
    ],
)
async def test_what_fails_in_the_set_up_unasked_is_an_error(
    tool: str, error: CallError, autojump_clock: trio.testing.MockClock
) -> None:
    facts, server = Facts(), StoreConnector("ann", "bob")
    server.planned = {tool: [error]}
    with pytest.raises(SetupError):
        await check_users_differ(RecordedConnector(server, facts), *await two(), "a title")
    failed = [call for call in facts.calls if call.outcome is not Outcome.OK]
    assert [(call.tool, call.is_expected) for call in failed] == [(tool, False)]


@pytest.mark.parametrize("answer", [[], "created", {}, {"title": "a title"}, None])
async def test_an_answer_of_any_shape_says_nothing_of_who_differs(
    answer: object, autojump_clock: trio.testing.MockClock
) -> None:
    def tamper(uid: str, tool: str, arguments: object, true: ToolAnswer) -> ToolAnswer:
        return ToolAnswer(None, json.dumps(answer)) if tool == "nc_notes_create_note" else true

    server = StoreConnector("ann", "bob", tamper=tamper)
    with pytest.raises(SetupError, match="cannot be seen"):
        await check_users_differ(server, *await two(), "a title")


@pytest.mark.parametrize(
    ("tool", "error", "words"),
    [
        (
            EVERY_LOOK,
            CallError(Outcome.AUTHORIZATION, "HTTP 401", status=401),
            "does not accept the password of ann: HTTP 401",
        ),
        (EVERY_LOOK, CallError(Outcome.TOOL_ERROR, "Unknown tool"), "cannot be seen: Unknown tool"),
        (
            "nc_notes_get_note",
            CallError(Outcome.TRANSPORT_ERROR, "the connection broke", reason="cut"),
            "cannot be seen: the connection broke",
        ),
        (
            "nc_notes_get_note",
            CallError(Outcome.TOOL_ERROR, "HTTP 500", status=500),
            "cannot be seen: HTTP 500",
        ),
    ],
)
async def test_users_are_not_held_to_differ_because_something_else_failed(
    tool: str, error: CallError, words: str, autojump_clock: trio.testing.MockClock
) -> None:
    server = StoreConnector("ann", "bob")
    server.planned = {tool: [error]}
    with pytest.raises(SetupError, match=words):
        await check_users_differ(server, *await two(), "a title")
    assert server.leftovers() == {}


@pytest.mark.parametrize(
    ("asked", "offers", "needed"),
    [
        (AuthMode.AUTO, True, True),
        (AuthMode.AUTO, False, False),
        (AuthMode.LOGIN_FLOW, True, True),
        (AuthMode.OAUTH, True, False),
        (AuthMode.BASIC, True, False),
    ],
)
def test_access_is_granted_where_the_server_has_the_tool_for_it(
    asked: AuthMode, offers: bool, needed: bool
) -> None:
    tools = frozenset({"nc_auth_provision_access"} if offers else {"nc_notes_get_note"})
    assert needs_provisioning(asked, tools, URL) is needed


def test_a_login_flow_that_was_asked_for_and_is_not_there_is_refused() -> None:
    with pytest.raises(SetupError, match="has no tool nc_auth_provision_access"):
        needs_provisioning(AuthMode.LOGIN_FLOW, frozenset(), URL)


@pytest.mark.parametrize(
    ("asked", "plan"),
    [(AuthMode.OAUTH, None), (AuthMode.LOGIN_FLOW, None), (AuthMode.BASIC, PLAN)],
)
def test_another_way_than_the_servers_is_refused(asked: AuthMode, plan: AuthPlan | None) -> None:
    with pytest.raises(SetupError, match=f"leave out --auth {asked.value}"):
        check_mode(asked, plan, URL)


async def test_a_password_that_was_rejected_once_is_not_shown_again() -> None:
    shown = await BasicLogin().log_in(person("ann"))
    assert (await shown.authorization()).startswith("Basic ")
    assert "a-long-password" not in repr(shown)
    shown.reject()
    with pytest.raises(SetupError, match="the password is not accepted"):
        await shown.authorization()
    assert await Nobody().authorization() == ""


async def test_a_user_whose_password_is_not_accepted_is_shown_to_the_server_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server, ann = StoreConnector("ann"), person("ann")
    server.planned = {EVERY_LOOK: [CallError(Outcome.AUTHORIZATION, "HTTP 401", status=401)]}
    with pytest.raises(SetupError, match="does not accept the password of ann"):
        await check_lets_in(server, ann, await BasicLogin().log_in(ann))
    assert server.planned == {EVERY_LOOK: []}


async def test_basic_shows_the_name_that_is_typed_at_a_login_and_not_the_user_id() -> None:
    somebody = Person("u-123", Secret("pä:ss"), login_name="ann@example.org")
    header = await (await BasicLogin().log_in(somebody)).authorization()
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "ann@example.org:pä:ss"


def test_passwords_of_accounts_that_stay_are_shown_to_an_mcp_server_only_if_the_person_says_so() -> None:
    """A server that asks for no token cannot bring that about by itself."""
    check_mode(AuthMode.AUTO, None, URL)
    check_mode(AuthMode.BASIC, None, URL, accounts_stay=True)
    with pytest.raises(SetupError, match="say --auth basic"):
        check_mode(AuthMode.AUTO, None, URL, accounts_stay=True)


def test_a_way_in_without_a_login_page_speaks_of_none() -> None:
    text = login_text(None, "in a browser (chromium)", must_grant=False)
    assert "browser" not in text
