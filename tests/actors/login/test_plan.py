"""What a server's first answer says of the way in: tokens, passwords, another generation, another address."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from actors.errors import SetupError
from actors.login.plan import AuthPlan, discover

BASE = "https://mcp.example.org"
METADATA = f"{BASE}/.well-known/oauth-protected-resource/mcp"
DOCUMENTS = {
    METADATA: {
        "resource": f"{BASE}/mcp",
        "authorization_servers": [BASE],
        "scopes_supported": ["notes:read", "notes:write"],
    },
    f"{BASE}/.well-known/oauth-authorization-server": {
        "issuer": BASE,
        "authorization_endpoint": f"{BASE}/authorize",
        "token_endpoint": f"{BASE}/token",
        "registration_endpoint": f"{BASE}/register",
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "offline_access"],
    },
}
BEARER = f'Bearer error="invalid_token", resource_metadata="{METADATA}"'
Answering = Callable[[httpx.Request], httpx.Response]


def challenge(*offers: str) -> httpx.Response:
    return httpx.Response(401, headers=[("WWW-Authenticate", offer) for offer in offers])


async def ask(answer: Answering, url: str = f"{BASE}/mcp") -> AuthPlan | None:
    """What is discovered, where `answer` answers what is posted."""

    def serve(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return answer(request)
        document = DOCUMENTS.get(str(request.url))
        return httpx.Response(404) if document is None else httpx.Response(200, json=document)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        return await discover(http, url, None)


async def test_a_401_leads_to_the_authorization_server_and_its_scopes() -> None:
    plan = await ask(lambda request: challenge(BEARER))
    assert plan is not None
    assert plan.token_endpoint == f"{BASE}/token"
    assert plan.resource == f"{BASE}/mcp"
    assert plan.scope == "openid offline_access notes:read notes:write"


async def test_a_server_that_asks_for_nothing_has_no_plan() -> None:
    assert await ask(lambda request: httpx.Response(200)) is None


@pytest.mark.parametrize("offers", [['Basic realm="Nextcloud"'], ['basic realm="a, bearer of news"']])
async def test_a_401_that_asks_for_a_password_has_no_plan(offers: list[str]) -> None:
    assert await ask(lambda request: challenge(*offers)) is None


@pytest.mark.parametrize("offers", [["Basic realm=x", BEARER], [f"Basic realm=x, {BEARER}"]])
async def test_a_401_that_takes_either_leads_to_tokens(offers: list[str]) -> None:
    assert await ask(lambda request: challenge(*offers)) is not None


@pytest.mark.parametrize("status", [400, 404])
async def test_a_server_of_the_new_generation_alone_is_greeted_again(status: int) -> None:
    greetings: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        method = json.loads(request.content)["method"]
        greetings.append((method, request.headers.get("mcp-protocol-version")))
        return challenge(BEARER) if method == "server/discover" else httpx.Response(status)

    assert await ask(answer) is not None
    assert greetings == [("initialize", None), ("server/discover", "2026-07-28")]


@pytest.mark.parametrize(("status", "greetings"), [(404, 2), (405, 1), (500, 1)])
async def test_what_is_no_endpoint_is_refused_with_its_status(status: int, greetings: int) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status)

    with pytest.raises(SetupError, match=f"answered HTTP {status}: is this the URL of an MCP endpoint"):
        await ask(answer)
    assert len(asked) == greetings


async def test_a_redirect_is_followed_before_the_server_is_judged() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/mcp":
            return httpx.Response(307, headers={"Location": "/mcp/"})
        return challenge(BEARER)

    assert await ask(answer) is not None


async def test_redirects_in_a_circle_are_no_answer() -> None:
    with pytest.raises(SetupError, match="cannot reach"):
        await ask(lambda request: httpx.Response(307, headers={"Location": "/mcp"}))
