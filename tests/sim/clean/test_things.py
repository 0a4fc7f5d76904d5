"""Kinds of things: what each shows to whom, and what it never touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from actors.accounts import OcsAccounts
from actors.secret import Secret
from sim.clean.ledger import Ledger, open_ledger, take_over
from sim.clean.ledger_text import Entry, EntryState
from sim.clean.thing import Expires, Hopeless
from sim.clean.things import all_things
from tests.sim.clean.support import OTHER_MARK, email, head, means
from tests.support.fake_cloud import URL, ocs

MCP = "http://mcp.test:8004/mcp"
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "run.jsonl"
    with open_ledger(head(mcp_url=MCP), path) as ledger:
        ledger.intend("user", "p_user_1")
    with take_over(path) as ledger:
        yield ledger


async def remove(ledger: Ledger, entry: Entry, handler: Handler) -> list[httpx.Request]:
    """What was sent."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return handler(request)

    async with httpx.AsyncClient(base_url=URL, transport=httpx.MockTransport(answer)) as http:
        accounts = OcsAccounts(http, "admin", Secret("admin-password"))
        await all_things()[entry.kind].remove(entry, means(ledger, accounts, http))
    return sent


def grant(uid: str = "p_user_1") -> Entry:
    return Entry("grant", uid, EntryState.INTENDED, {"url": MCP, "login": uid})


async def test_the_mcp_server_forgets_a_user_whose_password_died_with_the_run(ledger: Ledger) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "mcp.test":
            return httpx.Response(200, json={"success": True})
        return ocs(200, {"email": email("p_user_1"), "capabilities": {}, "apppassword": "passing"})

    sent = await remove(ledger, grant(), answer)
    methods = [(request.method, request.url.host) for request in sent]
    cloud = [(method, "cloud.test") for method in ("PUT", "GET", "DELETE")]
    assert methods[-4:] == [*cloud[:2], ("DELETE", "mcp.test"), cloud[2]]
    assert sent[-2].url.path == "/api/v1/users/p_user_1/app-password"


@pytest.mark.parametrize("address", ["somebody@example.org", "", email("p_user_1", OTHER_MARK)])
async def test_nobody_but_a_user_of_the_run_gets_another_password(ledger: Ledger, address: str) -> None:
    methods: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return ocs(200, {"email": address})

    with pytest.raises(Hopeless):
        await remove(ledger, grant(), answer)
    assert methods == ["GET"]


@pytest.mark.parametrize(
    "uri", ["http://evil.test/c/1", "https://cloud.test/c/1", "http://cloud.test:81/c", "x", "//h"]
)
async def test_a_clients_token_goes_to_no_server_that_the_run_did_not_name(ledger: Ledger, uri: str) -> None:
    entry = Entry("oauth_client", "Load test", EntryState.CREATED, {"uri": uri})
    ledger.keep_secret(entry.kind, entry.name, Secret("token"))
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(204)

    with pytest.raises(Hopeless, match="did not name"):
        await remove(ledger, entry, answer)
    assert asked == []


@pytest.mark.parametrize("uri", [f"{URL}/c/1", "http://MCP.test:8004/oauth/c"])
async def test_a_client_is_removed_where_it_was_registered(ledger: Ledger, uri: str) -> None:
    entry = Entry("oauth_client", "Load test", EntryState.CREATED, {"uri": uri})
    ledger.keep_secret(entry.kind, entry.name, Secret("token"))
    sent = await remove(ledger, entry, lambda request: httpx.Response(204))
    assert sent[0].method == "DELETE"
    assert sent[0].headers["authorization"] == "Bearer token"


async def test_a_client_whose_registration_was_never_answered_expires(ledger: Ledger) -> None:
    with pytest.raises(Expires):
        await remove(ledger, Entry("oauth_client", "Load test", EntryState.INTENDED), lambda r: ocs(200, []))


async def test_a_user_whose_name_somebody_else_has_by_now_is_kept_and_named(ledger: Ledger) -> None:
    methods: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return ocs(200, {"email": "somebody@example.org"})

    with pytest.raises(Hopeless, match="address"):
        await remove(ledger, Entry("user", "p_user_1", EntryState.CREATED), answer)
    assert "DELETE" not in methods


async def test_contents_are_not_swept_by_a_mark_that_is_none(tmp_path: Path) -> None:
    with open_ledger(head(mark=""), tmp_path / "odd.jsonl") as ledger:
        with pytest.raises(Hopeless, match="no run's mark"):
            await remove(ledger, Entry("mark", "ann", EntryState.CREATED), lambda request: ocs(200, []))
