"""What the MCP endpoint makes of a token: for which server it is, and whether it was refreshed."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest
import trio

from actors.errors import CallError
from actors.ports import Person
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.processes import StandinServer, running_standin

UID, PASSWORD = "alice", "A-good-passw0rd"
CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPE = "openid offline_access notes.read notes.write"


@attrs.frozen
class Bearer:
    """Shows one token, come what may. See `actors.ports.Credentials`."""

    token: str

    async def authorization(self) -> str:
        return f"Bearer {self.token}"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        yield

    def reject(self) -> None: ...


@attrs.frozen
class Client:
    """A client that has registered, and how it gets tokens for a user: with the requests of a browser."""

    base: str
    registered: dict[str, Any]

    def tokens(self, resource: str | None) -> dict[str, Any]:
        query = {
            "response_type": "code",
            "client_id": self.registered["client_id"],
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **({"resource": resource} if resource else {}),
        }
        headers = {"Accept": "text/html", "Origin": self.base}
        with httpx.Client(base_url=self.base, headers=headers, follow_redirects=True) as http:
            page = http.get("/index.php/apps/oidc/authorize", params=query)
            login = {"user": UID, "password": PASSWORD, "requesttoken": request_token(page)}
            http.post("/login", data=login)
            page = http.get("/index.php/apps/oidc/authorize", params=query, follow_redirects=False)
            if "/consent" in page.headers["location"]:
                token = request_token(http.get(page.headers["location"]))
                form = {"scopes": SCOPE, "requesttoken": token}
                page = http.post("/index.php/apps/oidc/consent/grant", data=form, follow_redirects=False)
                page = http.get(page.headers["location"], follow_redirects=False)
        code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
        return self._ask(grant_type="authorization_code", code=code, code_verifier=VERIFIER)

    def refresh(self, tokens: dict[str, Any]) -> dict[str, Any]:
        return self._ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def _ask(self, **form: str) -> dict[str, Any]:
        names = {name: self.registered[name] for name in ("client_id", "client_secret")}
        form = {"redirect_uri": CALLBACK, **names, **form}
        answer = httpx.post(f"{self.base}/index.php/apps/oidc/token", data=form)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


def request_token(page: httpx.Response) -> str:
    found = re.search(r'data-requesttoken="([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin() as server:
        server.add_user(UID, "alice@example.org", PASSWORD)
        yield server


@pytest.fixture(scope="module")
def client(standin: StandinServer) -> Client:
    metadata = {"redirect_uris": [CALLBACK], "client_name": "test"}
    answer = httpx.post(f"{standin.url}/index.php/apps/oidc/register", json=metadata)
    return Client(standin.url, answer.json())


async def read_note(standin: StandinServer, token: str) -> str:
    """The error's text of a call with this token, "" for none. A lost session raises CallError."""
    connector = WireConnector(standin.mcp_url, 10, ssl.create_default_context())
    with trio.fail_after(60):
        async with connector.open_session(Person(UID, Secret("")), Bearer(token)) as session:
            try:
                await session.call_tool("nc_notes_search_notes", {"query": "x"})
            except CallError as error:
                return str(error)
    return ""


async def test_a_token_for_this_server_opens_a_session(standin: StandinServer, client: Client) -> None:
    tokens = await trio.to_thread.run_sync(client.tokens, standin.mcp_url)
    assert await read_note(standin, tokens["access_token"]) == ""


@pytest.mark.parametrize("resource", [None, "http://127.0.0.1:8004/mcp", "http://localhost/mcp"])
async def test_a_token_for_another_server_or_for_none_is_a_401(
    standin: StandinServer, client: Client, resource: str | None
) -> None:
    tokens = await trio.to_thread.run_sync(client.tokens, resource)
    with pytest.raises(CallError) as refused:
        await read_note(standin, tokens["access_token"])
    assert refused.value.status == 401


async def test_a_token_that_was_refreshed_opens_a_session_in_which_every_tool_fails(
    standin: StandinServer, client: Client
) -> None:
    old = await trio.to_thread.run_sync(client.tokens, standin.mcp_url)
    new = await trio.to_thread.run_sync(client.refresh, old)
    assert "401" in await read_note(standin, old["access_token"])
    assert await read_note(standin, new["access_token"]) == ""
