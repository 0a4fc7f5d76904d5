"""Letting the MCP server act for a user: it starts a login flow (v2), the user grants it access."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin

import attrs
import httpx
import trio

from actors.answer import Answer, Json, WrongAnswer
from actors.call_errors import TIMEOUT
from actors.errors import CallError, LoginError, Outcome
from actors.login.client import is_own_answer
from actors.login.driver import LOGIN_S, Driver, LoginRefused, without_query
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.trust import Trust
from actors.ocs import OK_CODES, read_refusal
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.secret import Secret
from actors.shelter import Shelter
from actors.text import harmless

PROVISION, CHECK = "nc_auth_provision_access", "nc_auth_check_status"
LOOK, LOOK_ARGUMENTS = "nc_notes_search_notes", {"query": "simulate"}
"""A tool that only reads: whoever may call it is let in."""
GRANTED = ("provisioned", "already_provisioned")
PROVISIONED_S = 30.0
"""How long the server may take to notice that it was granted access."""
INITIAL_PAUSE_S, MAX_PAUSE_S = 0.1, 2.0
APP_PASSWORDS = "/ocs/v2.php/core/"
"""Where Nextcloud gives a program an app password for a password, and takes it back (OCS, core)."""
OCS = {"OCS-APIRequest": "true", "Accept": "application/json", "User-Agent": "nextcloud-mcp-simulate"}
MAKING_S = 60.0
"""How long making one may take: where Nextcloud makes an address wait, it begins after up to 25 s."""
GIVING_BACK_S, GIVING_BACK_TRIES = 10.0, 3
GRANTING_S = LOGIN_S + 5
GONE = (401, 997)
"""Statuses of the API to an app password that is void."""


async def no_word() -> None:
    """Nobody wants to know."""


@attrs.frozen
class Grants:
    """Has an MCP server granted access, and has it forget that again.

    Args:
        http: any client; addresses are built from `mcp_url` and `nextcloud_url`.
        connector: its sessions ask for no list of tools: to know which apps there are, a server may show
            Nextcloud what it keeps for a user, once for each tool; where that is void, each time counts as an
            attack, and the address of the server is made to wait (nextcloud-mcp-server 0.202.1).
        driver: sits in front of the page on which access is granted.
        trust: whose page that may be.
        shelter: the run's; a grant that was begun comes to its end under it.
    """

    http: httpx.AsyncClient
    mcp_url: str
    nextcloud_url: str
    connector: Connector
    driver: Driver
    trust: Trust
    shelter: Shelter = attrs.field(factory=Shelter)

    async def provision(
        self,
        person: Person,
        credentials: Credentials,
        granting: Callable[[], Awaitable[None]] = no_word,
        *,
        is_new: bool = False,
    ) -> bool:
        """Have the server provided with an app password of `person`; False where it has a good one already.

        Without an elicitation callback it answers with the address of its login flow; the driver
        opens it, logs in and grants access; then the server is asked until it knows. Raises
        LoginError. Cancelled while access is being granted, that comes to its end first: an app
        password whose making nobody saw could not be taken back. Before that, the flow expires by itself.

        Args:
            granting: awaited right before access is granted, or an old grant replaced.
            is_new: they have granted nothing yet: what the server has is void, and is not tried.
        """
        try:
            async with self.connector.open_session(person, credentials) as session:
                answer = Answer(await session.call_tool(PROVISION, {}))
                has_one = answer.get("status") in GRANTED
                if has_one and not is_new and await is_good(session):
                    return False
                if has_one:
                    # Somebody of this name was here before; what they granted went with them.
                    await granting()
                    await self.withdraw(person)
                    answer = Answer(await session.call_tool(PROVISION, {}))
                url = self._login_url(person, answer)
                if not has_one:
                    await granting()
                with self.shelter.over(GRANTING_S):
                    await self.driver.grant(person, url)
                await wait_until_provisioned(session, person)
                return True
        except CallError as error:
            raise LoginError(person.uid, PROVISION, harmless(str(error))) from None
        except WrongAnswer as wrong:
            raise LoginError(person.uid, PROVISION, harmless(f"answered {wrong.seen}")) from None

    async def forget_void(self, person: Person, credentials: Credentials, *, is_new: bool) -> bool:
        """Have the server forget what it keeps for that name, where that is void; whether it was.

        To be done before it lists its tools for them. Raises CallError where no answer comes in time,
        LoginError where it does not forget.

        Args:
            is_new: as for `provision`; the grant of anybody else is tried once.
        """
        try:
            async with self.connector.open_session(person, credentials) as session:
                answer = Answer(await session.call_tool(CHECK, {}))
                if answer.get("status") not in GRANTED or (not is_new and await is_good(session)):
                    return False
        except CallError as error:
            if error.reason == TIMEOUT:
                raise
            return False  # it has no such tool, or another trouble that shows by itself
        except WrongAnswer:
            return False
        await self.withdraw(person)
        return True

    def _login_url(self, person: Person, answer: Answer) -> str:
        """Where access is granted, which the MCP server says: a page of Nextcloud's and no other.

        Raises LoginRefused, WrongAnswer.
        """
        url = answer.text("login_url")
        if why := self.trust.why_no_password(url):
            raise LoginRefused(person.uid, f"{PROVISION}: {without_query(url)}", why)
        return url

    async def withdraw(self, person: Person) -> None:
        """Have the server forget the app password of `person`. Raises LoginError."""
        await withdraw(self.http, self.mcp_url, self.nextcloud_url, person, self.shelter)


async def withdraw(
    http: httpx.AsyncClient,
    mcp_url: str,
    nextcloud_url: str,
    person: Person,
    shelter: Shelter | None = None,
) -> None:
    """Have the server at `mcp_url` forget the app password of `person`. Raises LoginError.

    It wants a proof who asks. Their password is not for it; a second app password gives away nothing
    that was not granted, and is void again as soon as the server has answered.

    Args:
        shelter: under it that one is made; without, whoever cancels meanwhile may leave it behind.
    """
    url = urljoin(mcp_url, f"/api/v1/users/{quote(person.uid, safe='')}/app-password")
    async with _passing_password(http, nextcloud_url, person, shelter) as passing:
        auth = httpx.BasicAuth(person.uid, passing.reveal())
        # The server compares the name with the user id, and asks Nextcloud with the other one.
        reply = await _ask(http, person, "DELETE", url, auth=auth, json={"username": person.login})
    if not has_forgotten(reply):
        raise LoginError(person.uid, url, describe(reply))


def has_forgotten(reply: Reply) -> bool:
    """Whether the server itself says that it keeps nothing; a page of something in between says nothing."""
    return is_own_answer(reply) and (200 <= reply.status < 300 or reply.status == 404)


@asynccontextmanager
async def _passing_password(
    http: httpx.AsyncClient, nextcloud_url: str, person: Person, shelter: Shelter | None
) -> AsyncIterator[Secret]:
    """An app password that is good as long as the block lasts. Raises LoginError."""
    base = nextcloud_url.rstrip("/") + APP_PASSWORDS
    auth = httpx.BasicAuth(person.login, person.password.reveal())
    with shelter.over(MAKING_S) if shelter else nullcontext():
        # One whose making nobody saw could not be taken back.
        url = f"{base}getapppassword"
        reply = await _ask(http, person, "GET", url, auth=auth, headers=OCS, answer_s=MAKING_S)
    try:
        given = (reply.document or {})["ocs"]["data"]["apppassword"]
    except (KeyError, TypeError):
        given = None
    if reply.status != 200 or not isinstance(given, str) or not given:
        raise LoginError(person.uid, f"{base}getapppassword", f"no app password: {describe(reply)}")
    back = partial(_give_back, http, person, f"{base}apppassword", given)
    try:
        yield Secret(given)
    except BaseException:
        with suppress(LoginError):
            await back()  # noqa: ASYNC102 (shielded there)
        raise
    await back()


async def _give_back(http: httpx.AsyncClient, person: Person, url: str, passing: str) -> None:
    """Take it back, in a few tries, whoever cancels meanwhile. Raises LoginError: it may still be good."""
    auth, problem = httpx.BasicAuth(person.login, passing), ""
    with trio.move_on_after(2 * GIVING_BACK_S, shield=True):
        for tries in range(GIVING_BACK_TRIES):
            await trio.sleep(tries)
            try:
                reply = await ask(http, "DELETE", url, auth=auth, headers=OCS, answer_s=GIVING_BACK_S)
            except NoAnswer as error:
                problem = f"no answer: {error}"
                continue
            code = ocs_code(reply)
            if code in OK_CODES or (tries and code in GONE):
                return
            problem = describe(reply)
    raise LoginError(
        person.uid, url, f"an app password for a moment (nextcloud-mcp-simulate) may be left: {problem}"
    )


def ocs_code(reply: Reply) -> int | None:
    """The status in an answer of Nextcloud's OCS API; None for what is no answer of it."""
    if (refusal := read_refusal(reply.body)) is not None:
        return refusal.code
    try:
        code = (reply.document or {})["ocs"]["meta"]["statuscode"]
    except (KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None


async def _ask(http: httpx.AsyncClient, person: Person, method: str, url: str, **parts: Any) -> Reply:
    try:
        return await ask(http, method, url, **parts)
    except NoAnswer as error:
        raise LoginError(person.uid, without_query(url), f"no answer: {error}") from None


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
    pause_s, status = INITIAL_PAUSE_S, ""
    with trio.move_on_after(PROVISIONED_S):
        while True:
            value: Json = await session.call_tool(CHECK, {})
            status = str(Answer(value).get("status"))
            if status in GRANTED:
                return
            await trio.sleep(pause_s)
            pause_s = min(MAX_PAUSE_S, 2 * pause_s)
    raise LoginError(
        person.uid, CHECK, f"still {harmless(status, 60)!r} {PROVISIONED_S:g} s after access was granted"
    )
