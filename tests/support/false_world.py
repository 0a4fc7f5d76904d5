"""A Nextcloud, an MCP server and a third host, each in the hands of the test: what a login may meet."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from urllib.parse import quote, quote_plus, urlencode

import attrs

from actors.login.trust import Trust
from tests.support.recording import Recording, Said, Seen, moved, recording

PASSWORD = "pass-word of/ann+1"
CLIENT_SECRET, CLIENT_TOKEN = "nextcloud-client-secret", "nextcloud-registration-token"
CODE, REFRESH_TOKEN, SESSION = "nextcloud-code", "nextcloud-refresh-token", "nextcloud-session"
SECRETS = (PASSWORD, CLIENT_SECRET, CLIENT_TOKEN, CODE, REFRESH_TOKEN)
WELL_KNOWN = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"


def as_json(value: object, status: int = 200) -> Said:
    return Said(status, json.dumps(value), kind="application/json")


def page(content: str, head: str = "") -> Said:
    """A page like Nextcloud's."""
    return Said(
        body=f'<!DOCTYPE html><html lang="de"><head data-requesttoken="token">{head}'
        f'<link rel="icon" href="data:,"></head><body>{content}</body></html>'
    )


def login_form(action: str = "/login", more: str = "", method: str = "post", button: str = "") -> str:
    """Nextcloud's login form, in another language."""
    return f"""<form method="{method}" name="login" action="{escape(action)}" {more}>
        <input id="user" name="user"><input type="password" name="password" id="password">
        <input type="hidden" name="requesttoken" value="token">
        <button type="submit" class="button-vue button-vue--vue-primary" {button}>Anmelden</button></form>"""


def metadata(issuer: str, **instead: str) -> Said:
    """What an authorization server says of itself."""
    ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token"}
    ends |= {"registration_endpoint": "/register"}
    document = {name: issuer + path for name, path in ends.items()}
    return as_json({"issuer": issuer, "scopes_supported": ["openid", "notes"], **document, **instead})


def traces(secret: str) -> tuple[str, ...]:
    """How a secret may look on the wire."""
    return (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1])


@attrs.frozen
class World:
    """The three servers. All is well until a test changes it."""

    nextcloud: Recording
    mcp: Recording
    evil: Recording

    @property
    def mcp_url(self) -> str:
        return f"{self.mcp.url}/mcp"

    @property
    def trust(self) -> Trust:
        return Trust(self.nextcloud.url, self.mcp_url)

    def leaks(self, uid: str) -> list[str]:
        """Which secrets of Nextcloud's somebody else was told."""
        heard = self.mcp.received + self.evil.received
        basic = base64.b64encode(f"{uid}:{PASSWORD}".encode()).decode()
        found = [secret for secret in SECRETS if any(trace in heard for trace in traces(secret))]
        return [*found, *(["Basic"] if basic in heard else [])]

    def serve(self, server: Recording, issuer: str = "", *, asks_password: bool = True) -> None:
        """Let it be an authorization server with a login page of its own."""
        issuer = issuer or server.url
        asked: list[str] = []

        def authorize(seen: Seen) -> Said:
            if SESSION in seen.headers.get("cookie", ""):
                query = {"code": CODE, "state": seen.query["state"]}
                return moved(f"{seen.query['redirect_uri']}?{urlencode(query)}")
            asked.append(seen.raw.split()[1])
            return moved("/login")

        def login(seen: Seen) -> Said:
            if seen.method == "GET" or seen.form.get("password") != PASSWORD:
                return page(login_form())
            return moved(
                asked[-1] if asked else "/index.php/login/v2/flow", 303, f"session={SESSION}; Path=/"
            )

        server.on(WELL_KNOWN, metadata(issuer))
        server.on("/authorize", authorize)
        server.on("/login", login)
        server.on(
            "/register",
            as_json(
                {
                    "client_id": "c-1",
                    "client_secret": CLIENT_SECRET,
                    "registration_access_token": CLIENT_TOKEN,
                    "registration_client_uri": f"{server.url}/register/c-1",
                },
                201,
            ),
        )
        tokens = {"access_token": "an.access-token", "refresh_token": REFRESH_TOKEN, "expires_in": 60}
        server.on("/token", as_json({**tokens, "token_type": "Bearer"}))

    def point_mcp_at(self, server: str, resource: str = "") -> None:
        """Let the MCP server name this authorization server."""
        named = {"resource": resource or self.mcp_url, "authorization_servers": [server]}
        self.mcp.on(RESOURCE, as_json(named))


@contextmanager
def open_world() -> Iterator[World]:
    """All three: an MCP server whose users log in at Nextcloud, and a host that nobody named."""
    with recording() as nextcloud, recording() as mcp, recording() as evil:
        world = World(nextcloud, mcp, evil)
        challenge = f'Bearer resource_metadata="{mcp.url}{RESOURCE}"'
        mcp.on("/mcp", Said(401, "{}", (("WWW-Authenticate", challenge),)))
        world.serve(nextcloud)
        world.serve(evil)
        world.point_mcp_at(nextcloud.url)
        yield world
