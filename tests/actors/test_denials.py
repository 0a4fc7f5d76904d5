"""A user whom Nextcloud refuses behind the MCP server's back asks less and less, and comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from actors.backoff import MAX_BACKOFF_S
from actors.denials import INITIAL_REST_S, MAX_DENIALS, MAX_REST_S, Resting, is_denial
from actors.errors import CallError, CredentialsRejected, LoginError, Outcome
from actors.messages import Done, Failed
from actors.ports import Credentials, Person, ToolSession
from actors.roster import open_roster
from tests.support.cast import step
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person

TOOL = "nc_notes_search_notes"
SEARCH = step(query="x")
DENIED = CallError(Outcome.AUTHORIZATION, "Failed to search: server error (401)", status=401)
BUSY = CallError(Outcome.TOOL_ERROR, "server error (503)", status=503)


class Asking(StoreConnector):
    """A server that is shown something at each opening."""

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        await credentials.authorization()
        async with super().open_session(person, credentials) as session:
            yield session


async def asked_for(connector: StoreConnector, credentials: NoCredentials, seconds: float) -> list[str]:
    """How each step ends that Alice is asked for over so long, one after another."""
    ends: list[str] = []
    async with open_roster(connector, Facts(), seed=1) as roster:
        alice = roster.enter(person("alice"), credentials)
        await alice.wait_on_stage()
        with trio.move_on_after(seconds):
            while True:
                reply = await alice.ask(SEARCH)
                ends.append(reply.error.kind if isinstance(reply, Failed) else type(reply).__name__)
    return ends


@pytest.mark.parametrize("between", [[], [BUSY]])
async def test_who_is_refused_again_and_again_hardly_asks_any_more(
    between: list[CallError], autojump_clock: object
) -> None:
    connector, credentials = Asking("alice", seconds=1), NoCredentials()
    connector.planned[TOOL] = [DENIED, *between] * 1000
    with trio.fail_after(4000):
        ends = await asked_for(connector, credentials, 3600)
    assert ends.count(DENIED.kind) <= 10
    assert ends[-1] == "authorization/login"
    assert credentials.rejections == ends.count(DENIED.kind) - MAX_DENIALS + 1


async def test_who_is_taken_again_after_a_while_goes_on(autojump_clock: object) -> None:
    connector = Asking("alice", seconds=1)
    connector.planned[TOOL] = [DENIED] * 4
    with trio.fail_after(4000):
        ends = await asked_for(connector, NoCredentials(), 3 * INITIAL_REST_S + 3 * MAX_BACKOFF_S)
    assert ends.count(DENIED.kind) == 4
    back = ends.index(Done.__name__)
    assert set(ends[back:]) == {Done.__name__}


async def test_one_refusal_alone_changes_nothing(autojump_clock: object) -> None:
    connector, credentials = Asking("alice"), NoCredentials()
    async with open_roster(connector, Facts(), seed=1) as roster:
        alice = roster.enter(person("alice"), credentials)
        await alice.wait_on_stage()
        for _ in range(5):
            connector.planned[TOOL] = [DENIED]
            assert isinstance(await alice.ask(SEARCH), Failed)
            assert isinstance(await alice.ask(SEARCH), Done)
    assert (connector.opened, credentials.rejections) == (["alice"], 0)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (DENIED, True),
        (CallError(Outcome.AUTHORIZATION, "Unauthorized"), True),
        (CallError(Outcome.AUTHORIZATION, "HTTP 403", status=403), False),
        (CallError(Outcome.AUTHORIZATION, "the login is over", reason="login"), False),
        (CredentialsRejected(Outcome.AUTHORIZATION, "HTTP 401", status=401), False),
        (BUSY, False),
        (None, False),
    ],
)
def test_a_tools_word_on_who_is_asking_is_told_from_all_else(error: CallError | None, is_one: bool) -> None:
    assert is_denial(error) is is_one


async def test_no_rest_is_longer_than_the_longest(autojump_clock: object) -> None:
    resting = Resting("alice", NoCredentials(), 10**6)
    with pytest.raises(LoginError, match="refused 1000000 times"):
        await resting.authorization()
    await trio.sleep(MAX_REST_S)
    assert await resting.authorization() == ""
