"""What a server's first answer says of the way in: tokens, passwords, another generation, another address."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import trio

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


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "takes no more requests from here for now"), *((s, "is down or busy") for s in (502, 503, 504))],
)
async def test_an_endpoint_that_cannot_answer_now_is_not_said_to_be_none(status: int, words: str) -> None:
    with pytest.raises(SetupError, match=f"answered HTTP {status}.*{words}.*; try again") as failed:
        await ask(lambda request: httpx.Response(status))
    assert "is this the URL" not in str(failed.value)


async def test_a_redirect_is_followed_before_the_server_is_judged() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/mcp":
            return httpx.Response(307, headers={"Location": "/mcp/"})
        return challenge(BEARER)

    assert await ask(answer) is not None


async def test_redirects_in_a_circle_are_no_answer() -> None:
    with pytest.raises(SetupError, match="cannot reach"):
        await ask(lambda request: httpx.Response(307, headers={"Location": "/mcp"}))


Documents = dict[str, httpx.Response]
PATHS = {
    "first": f"{BASE}/.well-known/oauth-authorization-server",
    "second": f"{BASE}/.well-known/openid-configuration",
}
SERVER = DOCUMENTS[PATHS["first"]]


async def find(documents: dict[str, httpx.Response | Exception], named: str = METADATA) -> AuthPlan | None:
    """What is discovered where GET answers so, and anything else is not there."""

    def serve(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            offer = f'Bearer resource_metadata="{named}"' if named else "Bearer"
            return challenge(offer)
        answer = documents.get(str(request.url), httpx.Response(404, text="not found"))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        with trio.fail_after(60):
            return await discover(http, f"{BASE}/mcp", BASE)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("target", ["/index.php/.well-known/x", f"{BASE}/index.php/.well-known/x"])
async def test_metadata_behind_a_redirect_is_found(status: int, target: str) -> None:
    """As behind the nginx site of Nextcloud's manual."""
    moved = httpx.Response(status, headers={"Location": target})
    found = await find(
        {
            METADATA: httpx.Response(200, json=DOCUMENTS[METADATA]),
            PATHS["first"]: httpx.Response(404),
            PATHS["second"]: moved,
            f"{BASE}/index.php/.well-known/x": httpx.Response(200, json=SERVER),
        }
    )
    assert found is not None
    assert found.token_endpoint == f"{BASE}/token"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("https://evil.test/x", "redirects to another server"),
        ("http://mcp.example.org/x", "redirects to another server"),
        (PATHS["first"], "again and again"),
        ("http://[", "redirects to another server"),
    ],
)
async def test_metadata_behind_a_redirect_to_elsewhere_is_not(target: str, words: str) -> None:
    moved = httpx.Response(302, headers={"Location": target})
    with pytest.raises(SetupError, match=words) as failed:
        await find({METADATA: httpx.Response(200, json=DOCUMENTS[METADATA]), PATHS["first"]: moved})
    assert str(failed.value).isprintable()


NO_METADATA = [
    httpx.Response(200, text="<html>A start page</html>"),
    httpx.Response(200, json={}),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"issuer": 5}),
    httpx.Response(200, content=b'{"a":' * 50_000),
    httpx.Response(404),
    httpx.Response(500),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout(""),
]


@pytest.mark.parametrize("other", NO_METADATA, ids=str)
async def test_an_address_without_metadata_does_not_hide_the_next(other: httpx.Response | Exception) -> None:
    found = await find(
        {
            METADATA: other,
            f"{BASE}/.well-known/oauth-protected-resource": httpx.Response(200, json=DOCUMENTS[METADATA]),
            PATHS["first"]: other,
            PATHS["second"]: httpx.Response(200, json=SERVER),
        }
    )
    assert found is not None


@pytest.mark.parametrize("other", NO_METADATA, ids=str)
async def test_where_there_is_none_every_address_is_named_in_one_line(
    other: httpx.Response | Exception,
) -> None:
    with pytest.raises(SetupError) as failed:
        await find(
            {
                METADATA: httpx.Response(200, json=DOCUMENTS[METADATA]),
                PATHS["first"]: other,
                PATHS["second"]: other,
            }
        )
    assert all(path in str(failed.value) for path in PATHS.values())
    assert str(failed.value).isprintable()


@pytest.mark.parametrize(
    "named", ["http://127.0.0.1:1/none", "https://evil.test/x", "http://[", "\x01", "x" * 9000]
)
async def test_a_resource_metadata_that_cannot_be_had_ends_in_one_line(named: str) -> None:
    with pytest.raises(SetupError) as failed:
        await find({}, named)
    assert str(failed.value).isprintable()


async def test_a_gateways_error_is_no_absence() -> None:
    with pytest.raises(SetupError, match="cannot be found out"):
        await find({METADATA: httpx.Response(502), PATHS["first"]: httpx.Response(200, json=SERVER)}, "")


async def test_a_server_that_names_no_authorization_server_has_nextcloud_for_one() -> None:
    found = await find({PATHS["second"]: httpx.Response(200, json=SERVER)}, "")
    assert found is not None
    assert found.resource is None


async def test_an_mcp_server_that_leads_to_another_host_is_not_followed() -> None:
    with pytest.raises(SetupError, match="name that one with --url"):
        await ask(lambda request: httpx.Response(307, headers={"Location": "https://evil.test/mcp"}))


async def test_what_the_server_says_of_its_refusal_is_shown_harmlessly() -> None:
    said = httpx.Response(403, json={"error": "no\x1b[31m", "error_description": "not\nallowed"})
    with pytest.raises(SetupError, match=r"HTTP 403 .*not allowed") as failed:
        await ask(lambda request: said)
    assert str(failed.value).isprintable()


async def test_the_client_says_which_version_it_is() -> None:
    said: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        said.append(json.loads(request.content)["params"]["clientInfo"])
        return httpx.Response(200)

    assert await ask(answer) is None
    version = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["version"]
    assert said == [{"name": "nextcloud-mcp-simulate", "version": version}]


async def test_an_answer_that_stays_open_is_waited_for_by_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Open(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"event: message\n"
            await trio.sleep_forever()

    assert await ask(lambda request: httpx.Response(200, stream=Open())) is None
    assert trio.current_time() < 1
