"""Whatever a server answers while users log in: an error in one line leaves, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.errors import LoginError, SetupError
from actors.login.app_passwords import app_passwords
from actors.login.client import OAuthClient, register
from actors.login.fetch import Reply
from actors.login.oauth import OAuthLogin
from actors.login.pages import LoginPage, Submission
from actors.login.plan import AuthPlan, discover
from actors.login.token_answer import NotGranted, read_tokens
from actors.ports import Person
from actors.secret import Secret
from actors.text import harmless
from tests.support.over_the_wire import NoJournal

AS = "https://as.example.org"
NAMES = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "registration_endpoint",
    "scopes_supported",
    "token_endpoint_auth_methods_supported",
    "resource",
    "authorization_servers",
    "client_id",
    "client_secret",
    "registration_client_uri",
    "registration_access_token",
    "token_endpoint_auth_method",
    "access_token",
    "refresh_token",
    "token_type",
    "expires_in",
    "error",
    "error_description",
]
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\x1b[31m", "\r\nX: y", "\ud800", AS, f"{AS}/mcp", f"{AS}/x", "http://[", "https://[::g]/"]
    ),
)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.sampled_from([10**400, -(10**400), 1e308])
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(NAMES), st.one_of(values, texts), max_size=len(NAMES))
bodies = st.one_of(
    documents.map(lambda document: json.dumps(document).encode()),
    values.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"\xef\xbb\xbf{}", b"NaN"]),
)
headers = st.dictionaries(
    st.sampled_from(["Location", "Retry-After", "Content-Type", "WWW-Authenticate", "Content-Encoding"]),
    st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
        st.sampled_from(
            ["gzip", "/x", "http://[", "99999999999", "-1", f'Bearer resource_metadata="{AS}/x"']
        ),
    ),
    max_size=3,
)
answers = st.builds(
    lambda status, headers, body: (status, headers, body),
    st.sampled_from([200, 200, 200, 201, 204, 301, 307, 400, 401, 403, 404, 429, 500, 503]),
    headers,
    bodies,
)


def run(act: Callable[[httpx.AsyncClient], Awaitable[object]], ready: list[Any]) -> str:
    """Let `act` meet these answers; what it said. Anything but one line of an expected error escapes."""

    def serve(request: httpx.Request) -> httpx.Response:
        status, given, body = ready.pop(0) if len(ready) > 1 else ready[0]
        return httpx.Response(status, headers=given, stream=httpx.ByteStream(body))

    async def main() -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
            try:
                with trio.fail_after(3600):
                    await act(http)
            except (LoginError, SetupError) as error:
                return str(error)
        return ""

    said = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert said == harmless(said, 10_000)
    assert len(said) < 3000
    return said


@given(st.lists(answers, min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_discovery_ends_in_a_plan_or_in_one_line(ready: list[Any]) -> None:
    run(lambda http: discover(http, f"{AS}/mcp", AS), [(401, {}, b""), *ready])


@given(st.lists(answers, min_size=1, max_size=2))
@settings(deadline=None, max_examples=60)
def test_a_registration_ends_in_a_client_or_in_one_line(ready: list[Any]) -> None:
    plan = AuthPlan(AS, f"{AS}/a", f"{AS}/t", f"{AS}/r", "openid", None, "a test")
    run(lambda http: register(http, plan, NoJournal(), "sim-1"), ready)


class Driver:
    """Comes back with a code at once."""

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        await trio.lowlevel.checkpoint()
        return f"{redirect_uri}?code=c&state={httpx.URL(url).params['state']}"

    async def grant(self, person: Person, url: str) -> None:
        raise NotImplementedError


@given(st.lists(answers, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_a_login_ends_in_tokens_or_in_one_line(ready: list[Any]) -> None:
    plan = AuthPlan(AS, f"{AS}/a", f"{AS}/t", None, "openid", None, "a test")

    async def act(http: httpx.AsyncClient) -> None:
        login = OAuthLogin(http, plan, OAuthClient("c"), Driver(), lambda fact: None)
        tokens = await login.log_in(Person("ann", Secret("p")))
        for _ in range(3):
            tokens.reject()
            header = await tokens.authorization()
            assert header.isascii() and header.isprintable()

    run(act, ready)


@given(documents, st.sampled_from([200, 201, 400, 401, 500]))
@settings(deadline=None, max_examples=120)
def test_a_token_answer_is_read_or_refused(document: Any, status: int) -> None:
    reply = Reply(f"{AS}/t", status, httpx.Headers(), json.dumps(document).encode())
    try:
        tokens = read_tokens(reply)
    except NotGranted as refused:
        assert str(refused) == harmless(str(refused), 10_000)
        return
    assert 0 < tokens.life_s < float("inf")
    assert tokens.access_token.reveal().isascii()


PIECES = [
    "<form method=post action='/login'>",
    "<form action='http://['>",
    "<form method=get action='/login/v2/grant?stateToken=x'>",
    "<input name=password type=password>",
    "<input name=stateToken>",
    "</form>",
    "<div id=oidc-consent data-scopes='&#xD800;'>",
    "<div class=hidden hidden style='display:none'>",
    "</div>",
    "<base href='http://['>",
    "<script src>",
    "<input id=initial-state-core-loginErrors value='####'>",
    "<input id=initial-state-core-loginFlowStateToken value='WzFd'>",
    "<input id=initial-state-settings-app_tokens value='WzEsIHt9LCB7InR5cGUiOjF9XQ=='>",
    "<!--",
    "<![CDATA[",
    "<?",
    "&#99999999999;",
    "&#" + "9" * 5000 + ";",
    "<a href='&#" + "9" * 5000 + "'>",
    "<![",
    "<![%x",
    "<![\n",
    "<" * 50,
]
pages = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=12).map("".join)
PATHS = ["/login", "/login/v2/flow", "/login/v2/grant", "/apps/oidc/consent", "/x?stateToken=a", "/settings"]


@given(pages, st.sampled_from(PATHS))
@settings(deadline=None, max_examples=120)
def test_a_page_of_any_shape_is_read(html: str, path: str) -> None:
    page, person = LoginPage(f"https://cloud{path}", html), Person("ann", Secret("p"))
    for step in (page.pick(), page.grant(), page.log_in(person), page.consent()):
        assert isinstance(step, Submission)
    assert isinstance(page.refusal + page.why_back(), str)
    with suppress(ValueError):  # a page without a list
        assert all(isinstance(number, int) for number in app_passwords(page))
    assert (page.is_login, page.is_consent, page.is_redirect) is not None


@pytest.mark.parametrize("size", [5 * 2**20])
def test_an_answer_without_an_end_is_not_kept(size: int) -> None:
    said = run(lambda http: discover(http, f"{AS}/mcp", AS), [(401, {}, b"x" * size)])
    assert "more than 4 MiB" in said
