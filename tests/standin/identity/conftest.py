"""A person at a browser without JavaScript, and the server that they visit."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import attrs
import httpx
import pytest
import trio
from starlette.applications import Starlette

from sim.standin.identity import Identity, IdentityOptions

SERVER = "http://nextcloud.test:8080"
CALLBACK = "http://127.0.0.1:5001/callback"
OIDC = "/index.php/apps/oidc"
SCOPE = "openid offline_access notes.read"


class Clock:
    """Epoch seconds that move only when a test says so."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


class Users:
    """Accounts in a dict."""

    def __init__(self) -> None:
        self.passwords = {"alice": "wonderland", "bob": "builder"}

    def authenticate(self, login: str, password: str) -> str | None:
        uid = self.resolve(login)
        return uid if uid is not None and self.passwords[uid] == password else None

    def resolve(self, login: str) -> str | None:
        uid = login.removesuffix("@example.org")
        return uid if uid in self.passwords else None

    def exists(self, uid: str) -> bool:
        return uid in self.passwords

    def display_name(self, uid: str) -> str:
        return uid.title()


@attrs.define
class Form:
    action: str
    method: str
    is_hidden: bool = False
    is_primary: bool = False
    fields: dict[str, str] = attrs.Factory(dict)


class Page(HTMLParser):
    """The forms of a page, its request token, and all its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.request_token = ""
        self.text = html
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "head":
            self.request_token = given.get("data-requesttoken", "")
        elif tag == "form":
            is_hidden = "hidden" in given.get("class", "").split()
            self.forms.append(Form(given["action"], given["method"].lower(), is_hidden))
        elif self.forms and "primary" in given.get("class", "").split():
            self.forms[-1].is_primary = True
        elif tag == "input" and self.forms and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")


class Visitor:
    """A browser that submits forms and keeps cookies; it follows redirects within the server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def open(self, url: str) -> httpx.Response:
        """Go there and on, until a page, or a redirect to somewhere else."""
        return await self._settle(await self.http.get(url))

    async def submit(
        self, response: httpx.Response, number: int | None = None, **fields: str
    ) -> httpx.Response:
        """Fill in a form of the page, the main one unless a number is given, and press its button."""
        forms = Page(response.text).forms
        form = (
            next(form for form in forms if form.is_primary and not form.is_hidden)
            if number is None
            else forms[number]
        )
        target = urljoin(str(response.url), form.action)
        filled = form.fields | fields
        if form.method == "get":
            return await self._settle(await self.http.get(target, params=filled or None))
        return await self._settle(await self.http.post(target, data=filled, headers={"Origin": SERVER}))

    async def _settle(self, response: httpx.Response) -> httpx.Response:
        for _ in range(20):
            if not response.has_redirect_location:
                return response
            there = urljoin(str(response.url), response.headers["location"])
            if urlsplit(there).netloc != urlsplit(SERVER).netloc:
                return response
            response = await self.http.get(there)
        raise AssertionError("the redirects do not end")


@attrs.define
class World:
    """One server, its clock and users, and what a test does with them again and again."""

    identity: Identity
    clock: Clock
    users: Users
    _stack: AsyncExitStack
    _app: Starlette
    verifier: str = "v" * 43

    async def visitor(self, server: str = SERVER, **headers: str) -> Visitor:
        transport = httpx.ASGITransport(app=self._app)
        defaults = {"Accept": "text/html"} | headers
        http = httpx.AsyncClient(transport=transport, base_url=server, headers=defaults)
        return Visitor(await self._stack.enter_async_context(http))

    async def register(self, visitor: Visitor, **metadata: Any) -> dict[str, Any]:
        body = {"redirect_uris": [CALLBACK], "client_name": "Test <b>client</b> $state", **metadata}
        answer = await visitor.http.post(f"{OIDC}/register", json=body)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    def authorize_url(self, client: Mapping[str, Any], **changes: str | None) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "a state & more",
            "nonce": "a nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        kept = {name: value for name, value in query.items() if value is not None}
        return str(httpx.URL(f"{SERVER}{OIDC}/authorize", params=kept))

    async def log_in(self, visitor: Visitor, page: httpx.Response, user: str = "alice") -> httpx.Response:
        return await visitor.submit(page, user=user, password=self.users.passwords[user])

    async def consent_page(
        self, visitor: Visitor, client: Mapping[str, Any], user: str = "alice", **changes: str | None
    ) -> httpx.Response:
        """From the client's link to the consent page, over the login page and the page with JavaScript."""
        url = self.authorize_url(client, **changes)
        page = await self.log_in(visitor, await visitor.open(url), user)
        assert page.url.path == f"{OIDC}/redirect"
        return await visitor.open(f"{OIDC}/authorize")

    async def code(self, visitor: Visitor, client: Mapping[str, Any], **changes: Any) -> str:
        page = await self.consent_page(visitor, client, **changes)
        return answer_of(await visitor.submit(page))["code"]

    async def redeem(
        self, visitor: Visitor, client: Mapping[str, Any], code: str, /, **changes: str
    ) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": client["client_id"],
            "code_verifier": self.verifier,
            **({"client_secret": client["client_secret"]} if "client_secret" in client else {}),
            **changes,
        }
        return await visitor.http.post(f"{OIDC}/token", data=form)

    async def refresh(
        self, visitor: Visitor, client: Mapping[str, Any], token: str, **changes: str
    ) -> httpx.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            **changes,
        }
        return await visitor.http.post(f"{OIDC}/token", data=form)

    async def tokens(self, visitor: Visitor, client: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        answer = await self.redeem(visitor, client, await self.code(visitor, client, **changes))
        assert answer.status_code == 200, answer.text
        got: dict[str, Any] = answer.json()
        return got


def answer_of(response: httpx.Response) -> dict[str, str]:
    """What the redirect tells the client."""
    location = response.headers["location"]
    assert location.startswith("http://127.0.0.1:"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


Build = Callable[..., World]


@pytest.fixture
async def build() -> AsyncIterator[Build]:
    """Makes a server with the options that a test names; a person without JavaScript finds forms on it."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> World:
            clock, users = Clock(), Users()
            plain = {"scripted_pages": False, "language": "en", "registrations_per_minute": 0}
            identity = Identity(users, clock, IdentityOptions(**(plain | options)))
            return World(identity, clock, users, stack, Starlette(routes=identity.routes()))

        with trio.fail_after(60):
            yield make


@pytest.fixture
def world(build: Build) -> World:
    """A server as it is out of the box."""
    return build()


@pytest.fixture
def tools() -> Any:
    """Names of this file that tests use; conftest is not importable by name."""
    return _Tools


class _Tools:
    page = Page
    users = Users
    answer_of = staticmethod(answer_of)
    server = SERVER
    callback = CALLBACK
    oidc = OIDC
