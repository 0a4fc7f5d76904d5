"""Who sits in front of the login page."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from actors.errors import LoginError
from actors.ports import Person
from actors.text import harmless

LOGIN_S = 60.0
"""How long a login may take in all. A page that comes back, or refuses, ends it much earlier."""

MAX_PAGES = 15
GRANT_PATH = "/login/v2/grant"
NO_GRANT = (
    "the login led to a page that gives a program an app password, which is all of the account: users were "
    "to log in only, and nothing is granted there"
)
"""An MCP server can send users to a login flow that it began itself."""


class LoginRefused(LoginError):
    """The login was refused for good: asking again would show the password again, and be refused again."""


class Driver(Protocol):
    """Opens an authorization URL as a given person, and answers every page on the way."""

    async def authorize(self, person: Person, url: str, redirect_uri: str) -> str:
        """The URL at `redirect_uri` to which the server finally sends the person, query included.

        Raises LoginError, within seconds, when a page refuses or comes back; LoginRefused where
        trying again is of no use. Cancelling leaves nothing behind.
        """

    async def grant(self, person: Person, url: str) -> None:
        """Open the address of a login flow (v2), log in there, and grant access.

        Raises LoginError like `authorize`.
        """


def is_grant(method: str, url: str, status: int) -> bool:
    """Whether this request has granted access at the end of a login flow (v2)."""
    return method == "POST" and urlsplit(url).path.endswith(GRANT_PATH) and status < 400


def without_query(url: str) -> str:
    """`url` as it may be shown: a query may carry codes and tokens, and all of it is somebody else's text."""
    try:
        plain = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    except ValueError:
        plain = url.partition("?")[0].partition("#")[0]
    return harmless(plain, 200)
