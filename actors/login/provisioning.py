"""Letting the MCP server act for a user: it starts a login flow (v2), the user grants it access."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urljoin

import attrs
import httpx
import trio

from actors.answer import Answer, Json, WrongAnswer
from actors.errors import CallError, LoginError, Outcome
from actors.failures import reason_of
from actors.login.driver import Driver
from actors.ocs import FOREIGN_ERRORS
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.text import harmless

PROVISION, CHECK = "nc_auth_provision_access", "nc_auth_check_status"
LOOK, LOOK_ARGUMENTS = "nc_notes_search_notes", {"query": "simulate"}
"""A tool that only reads: whoever may call it is let in."""
GRANTED = ("provisioned", "already_provisioned")
PROVISIONED_S = 30.0
"""How long the server may take to notice that it was granted access."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0


@attrs.frozen
class Grants:
    """Has an MCP server granted access, and has it forget that again.

    Args:
        http: any client; the server's own address is built from `mcp_url`.
        driver: sits in front of the page on which access is granted.
    """

    http: httpx.AsyncClient
    mcp_url: str
    connector: Connector
    driver: Driver

    async def provision(
        self, person: Person, credentials: Credentials, granting: Callable[[], None] = lambda: None
    ) -> bool:
        """Have the server provided with an app password of `person`; False where it has a good one already.

        Without an elicitation callback it answers with the address of its login flow; the driver
        opens it, logs in and grants access; then the server is asked until it knows. Raises
        LoginError. Cancelled half-way, the flow expires by itself at Nextcloud, unless access was
        granted by then.

        Args:
            granting: called right before access is granted, or an old grant replaced.
        """
        try:
            async with self.connector.open_session(person, credentials) as session:
                answer = Answer(await session.call_tool(PROVISION, {}))
                has_one = answer.get("status") in GRANTED
                if has_one and await is_good(session):
                    return False
                granting()
                if has_one:
                    # Somebody of this name was here before; what he granted went with him.
                    await self.withdraw(person)
                    answer = Answer(await session.call_tool(PROVISION, {}))
                await self.driver.grant(person, answer.text("login_url"))
                await wait_until_provisioned(session, person)
                return True
        except CallError as error:
            raise LoginError(person.uid, PROVISION, str(error)) from None
        except WrongAnswer as wrong:
            raise LoginError(person.uid, PROVISION, f"answered {wrong.seen}") from None

    async def withdraw(self, person: Person) -> None:
        """Have the server forget the app password of `person`, who shows his own. Raises LoginError."""
        await withdraw(self.http, self.mcp_url, person)


async def withdraw(http: httpx.AsyncClient, mcp_url: str, person: Person) -> None:
    """Have the server at `mcp_url` forget the app password of `person`. Raises LoginError."""
    url = urljoin(mcp_url, f"/api/v1/users/{quote(person.uid, safe='')}/app-password")
    auth = httpx.BasicAuth(person.login, person.password.reveal())
    try:
        response = await http.delete(url, auth=auth)
    except FOREIGN_ERRORS as error:
        raise LoginError(person.uid, url, f"no answer: {harmless(reason_of(error))}") from None
    if not response.is_success and response.status_code != 404:
        raise LoginError(person.uid, url, f"HTTP {response.status_code}")


async def is_good(session: ToolSession) -> bool:
    """Whether the access that the server says it has still works."""
    try:
        await session.call_tool(LOOK, LOOK_ARGUMENTS)
    except CallError as error:
        if error.outcome is Outcome.AUTHORIZATION:
            return False
        raise
    return True


async def wait_until_provisioned(session: ToolSession, person: Person) -> None:
    """Ask until the server says that it has access. Raises CallError, or LoginError after `PROVISIONED_S`."""
    pause_s, status = FIRST_PAUSE_S, ""
    with trio.move_on_after(PROVISIONED_S):
        while True:
            value: Json = await session.call_tool(CHECK, {})
            status = str(Answer(value).get("status"))
            if status in GRANTED:
                return
            await trio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
    raise LoginError(person.uid, CHECK, f"still {status!r} {PROVISIONED_S:g} s after access was granted")
