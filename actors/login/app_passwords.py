"""The app passwords in a user's own list at Nextcloud (Settings, Security), which a program may not touch."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from actors.errors import LoginError
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.http_driver import visit
from actors.login.pages import LoginPage, Submission
from actors.login.trust import Trust
from actors.ports import Person
from actors.text import harmless

SECURITY = "/index.php/settings/user/security"
TOKENS = "/index.php/settings/personal/authtokens"
STATE = "initial-state-settings-app_tokens"
PERMANENT = 1
MCP = re.compile("mcp", re.IGNORECASE)


class Devices:
    """Reads and shortens these lists, logged in like the user.

    Args:
        tls: one context for all.
        nextcloud_url: of the server.
        trust: where passwords are typed; by default pages of that server alone.
    """

    def __init__(self, tls: ssl.SSLContext, nextcloud_url: str, trust: Trust | None = None) -> None:
        self._tls = tls
        self._url = nextcloud_url
        self._trust = trust or Trust(nextcloud_url, nextcloud_url)

    async def app_passwords(self, person: Person) -> frozenset[int]:
        """Their numbers. Raises LoginError."""
        async with self._security_page(person) as (_, page):
            return frozenset(self._listed(person, page))

    async def granted(self, person: Person, known: frozenset[int]) -> frozenset[int]:
        """Numbers of those that MCP servers got since only `known` were there. Raises LoginError.

        Others may be the user's own: only a name that has the word in it is one of a server's.
        """
        async with self._security_page(person) as (_, page):
            listed = self._listed(person, page).items()
            return frozenset(number for number, name in listed if is_new(number, name, known))

    async def revoke(self, person: Person, number: int) -> None:
        """Take one back; one that is not there is no error. Raises LoginError."""
        await self._revoke(person, lambda found, name: found == number)

    async def revoke_new(self, person: Person, known: frozenset[int]) -> int:
        """Take back those that are `granted`; how many. Raises LoginError."""
        return await self._revoke(person, lambda found, name: is_new(found, name, known))

    async def _revoke(self, person: Person, is_doomed: Callable[[int, str], bool]) -> int:
        async with self._security_page(person) as (http, page):
            doomed = [
                number for number, name in self._listed(person, page).items() if is_doomed(number, name)
            ]
            for number in doomed:
                url, headers = f"{self._url}{TOKENS}/{number}", {"requesttoken": page.request_token}
                try:
                    reply = await ask(http, "DELETE", url, headers=headers)
                except NoAnswer as error:
                    raise LoginError(person.uid, TOKENS, f"no answer: {error}") from None
                if not 200 <= reply.status < 300 and reply.status != 404:
                    raise LoginError(person.uid, TOKENS, describe(reply))
            return len(doomed)

    def _listed(self, person: Person, page: LoginPage) -> dict[int, str]:
        try:
            return app_passwords(page)
        except (ValueError, RecursionError) as error:
            raise LoginError(person.uid, SECURITY, harmless(str(error))) from None

    @asynccontextmanager
    async def _security_page(self, person: Person) -> AsyncIterator[tuple[httpx.AsyncClient, LoginPage]]:
        def reached(step: Submission, reply: Reply) -> str | None:
            path = urlsplit(step.url).path
            is_there = reply.status == 200 and path.endswith("/settings/user/security")
            return step.url if is_there else None

        url = f"{self._url}{SECURITY}"
        async with visit(self._tls, self._trust, person, url, reached) as (http, landed):
            yield http, LoginPage(landed.url, landed.text)


def is_new(number: int, name: str, known: frozenset[int]) -> bool:
    """Whether an app password is an MCP server's, and none of those that were known."""
    return number not in known and bool(MCP.search(name))


def app_passwords(page: LoginPage) -> dict[int, str]:
    """Names of the permanent tokens on the security page, by number; browsers have others.

    Raises ValueError for a page without the list: that says nothing about what is in it.
    """
    tokens = page.initial_value(STATE)
    if not isinstance(tokens, list) or not all(isinstance(token, dict) for token in tokens):
        raise ValueError("no list of app passwords on the page")
    return {
        token["id"]: str(token.get("name", ""))
        for token in tokens
        if token.get("type") == PERMANENT and isinstance(token.get("id"), int)
    }
