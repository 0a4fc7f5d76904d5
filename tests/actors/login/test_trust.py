"""Which origins may be told a secret."""

from __future__ import annotations

import httpx
import pytest

from actors.errors import SetupError
from actors.login.plan import discover
from actors.login.trust import Trust, is_at, is_in_the_clear, is_loopback, origin_of

NEXTCLOUD, MCP = "https://cloud.example.org", "https://mcp.example.org/mcp"
TRUST = Trust(NEXTCLOUD, MCP, ("https://sso.example.org:8443",))


@pytest.mark.parametrize(
    "url",
    [
        "https://cloud.example.org/login",
        "https://CLOUD.example.org:443/login?x=1#y",
        "https://cloud.example.org",
        "https://sso.example.org:8443/realms/x",
    ],
)
def test_passwords_are_for_nextcloud_and_for_what_the_person_named(url: str) -> None:
    assert TRUST.takes_passwords(url)
    TRUST.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.example.org/login",
        "http://cloud.example.org/login",
        "http://cloud.example.org:443/login",
        "https://cloud.example.org:8443/login",
        "https://cloud.example.org.evil.test/login",
        "https://evil.test/https://cloud.example.org/login",
        "https://cloud.example.org@evil.test/login",
        "https://evil.test\\@cloud.example.org/login",
        "https://cloud.example.org\\.evil.test/",
        "https://cloud.example.org%2eevil.test/",
        "https://cloud.example.org./login",
        "https://cloud.example.org\t.evil.test/",
        "https://cloud.example.org\n/login",
        " https://cloud.example.org/login",
        "https:/cloud.example.org/login",
        "//cloud.example.org/login",
        "https://cloud.example.org:99999/",
        "https://cloud.example.org:0/",
        "https://сloud.example.org/",
        "https://[::g]/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_looks_like_it_is_not_it(url: str) -> None:
    assert not TRUST.takes_passwords(url)
    with pytest.raises(SetupError) as refused:
        TRUST.check(url)
    assert str(refused.value).isprintable()


def test_a_login_may_pass_through_the_mcp_server_and_nowhere_else() -> None:
    assert TRUST.may_visit("https://mcp.example.org/oauth/authorize")
    assert not TRUST.may_visit("http://mcp.example.org/oauth/authorize")
    assert not TRUST.may_visit("https://evil.test/")


def test_localhost_and_its_address_are_two_origins() -> None:
    trust = Trust("http://localhost:8080", "http://localhost:8001/mcp")
    assert not trust.takes_passwords("http://127.0.0.1:8080/login")
    assert "--login-origin http://127.0.0.1:8080" in trust.why_no_password("http://127.0.0.1:8080/login")


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("10.0.0.1", False),
        ("nextcloud", False),
        ("0.0.0.0", False),
    ],
)
def test_plain_http_stays_on_this_machine_only(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here
    assert is_in_the_clear(f"http://{host}/") is not is_here
    assert not is_in_the_clear(f"https://{host}/")


def test_an_origin_in_the_clear_wants_its_word_too() -> None:
    assert not Trust(NEXTCLOUD, MCP, ("http://sso.example.org",)).takes_passwords("http://sso.example.org/")
    assert Trust(NEXTCLOUD, MCP, ("http://sso.example.org",), plain_http=True).takes_passwords(
        "http://sso.example.org/"
    )


@pytest.mark.parametrize(
    ("url", "is_it"),
    [
        ("http://127.0.0.1:33418/callback?code=1", True),
        ("http://127.0.0.1:33418/callback", True),
        ("http://127.0.0.1:33418/callbackEVIL?code=1", False),
        ("http://127.0.0.1:33418/callback/?code=1", False),
        ("http://127.0.0.1:33418/callback/../x", False),
        ("http://127.0.0.1:33418@evil.test/callback", False),
        ("https://127.0.0.1:33418/callback", False),
        ("http://localhost:33418/callback", False),
        ("http://127.0.0.1:3341/callback", False),
    ],
)
def test_the_redirect_uri_is_matched_in_full(url: str, is_it: bool) -> None:
    assert is_at(url, "http://127.0.0.1:33418/callback") is is_it


def test_ports_are_told_apart_and_usual_ones_are_the_same() -> None:
    assert origin_of("https://a.test") == origin_of("HTTPS://A.test:443/x") != origin_of("https://a.test:444")


ISSUER = "https://cloud.example.org"
PROTECTED = "https://mcp.example.org/.well-known/oauth-protected-resource/mcp"


def document(**instead: str) -> dict[str, object]:
    ends = {
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "registration_endpoint": f"{ISSUER}/register",
    }
    return {"issuer": ISSUER, **ends, **instead}


async def ask(metadata: dict[str, object], resource: str = MCP, server: str = ISSUER) -> object:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            named = f'Bearer resource_metadata="{PROTECTED}"'
            return httpx.Response(401, headers={"WWW-Authenticate": named})
        if str(request.url) == PROTECTED:
            return httpx.Response(200, json={"resource": resource, "authorization_servers": [server]})
        return httpx.Response(200, json=metadata)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        return await discover(http, MCP, NEXTCLOUD, TRUST)


async def test_metadata_that_is_its_issuers_own_is_believed() -> None:
    assert await ask(document()) is not None
    assert await ask(document(issuer=f"{ISSUER}/")) is not None
    assert await ask(document(), resource="https://mcp.example.org") is not None
    assert await ask(document(token_endpoint="https://sso.example.org:8443/token")) is not None


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"issuer": "https://evil.test"}, "calls itself https://evil.test"),
        ({"issuer": f"{ISSUER}/other"}, "calls itself"),
        ({"issuer": "http://cloud.example.org"}, "calls itself"),
        *(
            ({name: f"{where}/x"}, name)
            for name in ("authorization_endpoint", "token_endpoint", "registration_endpoint")
            for where in ("https://evil.test", "http://cloud.example.org", "https://mcp.example.org")
        ),
    ],
)
async def test_metadata_that_leads_elsewhere_is_refused_in_one_line(
    instead: dict[str, str], words: str
) -> None:
    with pytest.raises(SetupError, match=words) as refused:
        await ask(document(**instead))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "resource",
    [
        "https://evil.test/mcp",
        "http://mcp.example.org/mcp",
        "https://mcp.example.org/mcp2",
        "mcp",
        "x" * 5000,
    ],
)
async def test_tokens_for_another_resource_are_not_asked_for(resource: str) -> None:
    with pytest.raises(SetupError, match="calls itself"):
        await ask(document(), resource=resource)
