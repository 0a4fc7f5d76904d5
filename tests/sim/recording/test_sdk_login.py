"""Clients log in through the proxy as they would without it, and nothing of that stays."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
import trio
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from actors.login.http_driver import HttpDriver
from actors.login.trust import Trust
from actors.ports import Person
from actors.secret import Secret
from sim.recording.recorded_lines import RecordedPerson, to_line
from tests.support.over_the_wire import PASSWORD
from tests.support.processes import running_standin
from tests.support.recorder import recording

REDIRECT = "http://127.0.0.1:9/callback"


class Storage:
    """What the SDK's client keeps."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Visitor:
    """Opens the page that the SDK's client names, logs in there, and comes back."""

    def __init__(self, uid: str, nextcloud: str, mcp_url: str) -> None:
        self._person = Person(uid, Secret(PASSWORD))
        self._driver = HttpDriver(ssl.create_default_context(), Trust(nextcloud, mcp_url))
        self.landed = ""

    async def go(self, url: str) -> None:
        self.landed = await self._driver.authorize(self._person, url, REDIRECT)

    async def came_back(self) -> AuthorizationCodeResult:
        given = dict(parse_qsl(urlsplit(self.landed).query))
        return AuthorizationCodeResult(code=given["code"], state=given.get("state"), iss=given.get("iss"))


@pytest.mark.parametrize("options", [{"base_path": "/cloud"}, pytest.param({}, marks=pytest.mark.soak)])
async def test_the_sdks_client_logs_in_through_the_proxy(options: dict[str, Any]) -> None:
    with running_standin(**options) as standin:
        standin.add_user("ann", "ann@example.org", PASSWORD)
        async with recording(standin.mcp_url) as recorder:
            storage, visitor = Storage(), Visitor("ann", standin.url, recorder.url)
            metadata = OAuthClientMetadata.model_validate(
                {"redirect_uris": [REDIRECT], "client_name": "test"}
            )
            login = OAuthClientProvider(recorder.url, metadata, storage, visitor.go, visitor.came_back)
            with trio.fail_after(60):
                async with (
                    httpx2.AsyncClient(auth=login, timeout=30) as http,
                    Client(streamable_http_client(recorder.url, http_client=http)) as client,
                ):
                    made = await client.call_tool(
                        "nc_notes_create_note",
                        {
                            "title": "Plan",
                            "content": f"my token is {storage.tokens.access_token}",
                            "category": "",
                        },
                    )
                    assert not made.is_error
        text = b"".join(map(to_line, recorder.lines)).decode()
    assert [person.name for person in recorder.of(RecordedPerson)][-1] == "ann"
    assert [(call.name, call.outcome) for call in recorder.calls] == [("nc_notes_create_note", "ok")]
    assert recorder.calls[0].arguments["content"] == "my token is <hidden>"
    code = parse_qs(urlsplit(visitor.landed).query)["code"][0]
    secrets = (
        storage.tokens.access_token,
        storage.tokens.refresh_token,
        storage.client.client_secret,
        code,
        PASSWORD,
    )
    assert not [secret for secret in secrets if secret and secret in text]
    assert storage.client.issuer.startswith(f"http://127.0.0.1:{recorder.port}")
