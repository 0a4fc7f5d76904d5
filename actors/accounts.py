"""Nextcloud's users, through its OCS provisioning API with the administrator's account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
import trio

from actors.errors import SetupError
from actors.ocs import NOT_FOUND_CODES, UNAUTHORIZED_CODES, Denied, NoOcsAnswer, Ocs, OcsAnswer, Throttled
from actors.ports import ListedUser, Person
from actors.secret import Secret
from actors.text import harmless

ME = "/ocs/v2.php/cloud/user"
USERS = "/ocs/v2.php/cloud/users"
CAPABILITIES = "/ocs/v2.php/cloud/capabilities"
USER_EXISTS = 102
INVALID = 101
FORBIDDEN = 403
SLOW_S = 1.0
"""A first answer that took so long makes one ask whether the server has a reason."""
THROTTLED_MS = 500
"""What brute-force protection adds is worth a word from here on."""
BAD_REQUEST = "bad request"
HOPELESS_CODES = frozenset({INVALID, 103, 104, 105, 106, 107, 108, 109, 110, 111, FORBIDDEN})
"""What the manual lists for "add a new user": the server has looked at it and will not."""

TWO_FACTOR = "an account with two-factor authentication needs an app password"


class NotCreated(SetupError):
    """A creation that did not end well.

    Attributes:
        is_refused: the API itself said no and will say so again; False: the fate is unknown, or
            trying again may help.
    """

    def __init__(self, text: str, *, is_refused: bool = False) -> None:
        super().__init__(text)
        self.is_refused = is_refused


class AlreadyExists(NotCreated):
    """There is a user of this name already, somebody else's: the answer to a first try."""


class NameRefused(NotCreated):
    """The server does not take the name: most often since a home of it lies there, of an earlier user whose
    calls went on. Its words are in the administrator's language, so the code alone tells it (the manual's
    101, "invalid argument"). Another number may be taken."""


class OcsAccounts:
    """See `actors.ports.Accounts`.

    Args:
        http: a client with the base URL of Nextcloud; one connection pool for all.
        admin, password: of an account that may manage users.
        on_wait: told, in one line, that a busy server is being waited for.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        admin: str,
        password: Secret,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._ocs = Ocs(http, admin, password, on_wait)
        self._admin = admin
        self._on_wait = on_wait

    async def check(self) -> None:
        server = self._ocs.server
        asked = trio.current_time()
        try:
            answer = await self._ocs.ask("GET", ME)
            took_s = trio.current_time() - asked
        except Throttled:
            raise
        except NoOcsAnswer as error:
            if str(error).startswith(("cannot reach", server)):
                raise
            raise SetupError(f"{server} does not answer like a Nextcloud: {error}") from error
        if answer.code in UNAUTHORIZED_CODES:
            raise Denied(
                self._admin,
                f"{server} refuses the admin account {self._admin!r}{_words(answer)}: check "
                f"NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD; {TWO_FACTOR}",
            )
        if not answer.is_ok:
            raise SetupError(f"{server} does not answer like a Nextcloud: {answer.why}")
        answer = await self._ocs.ask("GET", USERS, params={"search": "", "limit": "1"})
        if not answer.is_ok:
            raise SetupError(f"the account {self._admin!r} may not manage users at {server}: {answer.why}")
        if took_s >= SLOW_S:
            with suppress(SetupError):  # a server that does not tell is slow for a reason of its own
                if note := await self.throttle_note(took_s):
                    self._on_wait(f"  {note}")

    async def why_slow(self) -> str:
        """That the server makes log-ins from this address wait, or answers none; "" where it does not say so.
        Raises SetupError."""
        asked = trio.current_time()
        try:
            await self._ocs.ask("GET", ME, is_waiting=False)
        except Throttled as error:
            return str(error)
        return await self.throttle_note(trio.current_time() - asked)

    async def throttle_note(self, took_s: float) -> str:
        """That the server makes log-ins from this address wait; "" where it does not say so, or where one
        that took `took_s` did not have to: it counts other things than log-ins as well."""
        answer = await self._ocs.ask("GET", CAPABILITIES)
        delay_ms = _inside(answer.data, "capabilities", "bruteforce", "delay")
        if not isinstance(delay_ms, int | float) or not THROTTLED_MS <= delay_ms <= 1000 * took_s:
            return ""
        return (
            f"{self._ocs.server} makes each request with a password from this address wait "
            f"{delay_ms / 1000:g} s, since it refused passwords from there (brute-force protection): "
            "occ security:bruteforce:reset ADDRESS ends that"
        )

    async def password_length(self) -> int:
        """The least length that the server's password policy asks for, 0 where it says nothing."""
        answer = await self._ocs.ask("GET", CAPABILITIES)
        policy = _inside(answer.data, "capabilities", "password_policy")
        length = policy.get("minLength") if isinstance(policy, Mapping) else None
        return length if isinstance(length, int) and 0 < length < 1000 else 0

    async def existing(self, uids: frozenset[str]) -> frozenset[str]:
        if not uids:
            return uids
        # Nextcloud compares names without regard to case.
        found = {uid.casefold() for uid in await self.search(_common_prefix(uids))}
        return frozenset(uid for uid in uids if uid.casefold() in found)

    async def search(self, text: str) -> list[str]:
        """All users that Nextcloud's substring search finds for `text`. Raises SetupError."""
        answer = self._checked(await self._ocs.ask("GET", USERS, params={"search": text}))
        users = _inside(answer.data, "users")
        # PHP writes a list with gaps as an object.
        users = list(users.values()) if isinstance(users, Mapping) else users
        if not answer.is_ok or not isinstance(users, list) or not all(isinstance(u, str) for u in users):
            raise NoOcsAnswer(f"searching for users failed: {answer.why if not answer.is_ok else 'no list'}")
        return users

    async def create(self, person: Person) -> None:
        form = {
            "userid": person.uid,
            "password": person.password.reveal(),
            "displayName": person.display_name,
            "email": person.email,
        }
        try:
            answer = await self._ocs.ask("POST", USERS, data=form)
        except NoOcsAnswer as error:
            raise NotCreated(f"creating the user {person.uid} failed: {error}") from None
        if answer.is_ok:
            return
        text = f"creating the user {person.uid} failed: {answer.why}"
        message = answer.message.casefold()
        if answer.code == USER_EXISTS:
            if answer.tries > 1:
                raise NotCreated(text)
            raise AlreadyExists(f"the user {person.uid} exists already; choose another --user-prefix")
        if answer.code == INVALID and BAD_REQUEST not in message:
            raise NameRefused(text, is_refused=True)
        # "Bad request" is what any exception at the server becomes, also after the row was written.
        raise NotCreated(text, is_refused=answer.code in HOPELESS_CODES and BAD_REQUEST not in message)

    async def delete(self, uid: str) -> None:
        answer = await self._ocs.ask("DELETE", f"{USERS}/{quote(uid, safe='')}")
        if not answer.is_ok and answer.code not in (*NOT_FOUND_CODES, INVALID):
            self._checked(answer)
            raise SetupError(f"deleting the user {uid} failed: {answer.why}")

    async def look(self, uid: str) -> ListedUser | None:
        answer = self._checked(await self._ocs.ask("GET", f"{USERS}/{quote(uid, safe='')}"))
        if answer.says_absent:
            return None
        if not answer.is_ok or not isinstance(answer.data, Mapping):
            raise NoOcsAnswer(f"looking up the user {uid} failed: {answer.why}")
        email = answer.data.get("email")
        return ListedUser(uid, email if isinstance(email, str) else "")

    async def set_password(self, uid: str, password: Secret) -> None:
        form = {"key": "password", "value": password.reveal()}
        answer = self._checked(await self._ocs.ask("PUT", f"{USERS}/{quote(uid, safe='')}", data=form))
        if not answer.is_ok:
            raise SetupError(f"setting a password for {uid} failed: {answer.why}")

    def _checked(self, answer: OcsAnswer) -> OcsAnswer:
        if answer.code in (*UNAUTHORIZED_CODES, FORBIDDEN):
            raise Denied(self._admin, f"Nextcloud refuses the account {self._admin!r}: {answer.why}")
        return answer


async def user_id(http: httpx.AsyncClient, login: str, password: Secret) -> str:
    """The user id behind a log-in name, which may be an e-mail address or a directory's name.

    Asked once, with the account's own password. Raises Denied, NoOcsAnswer.
    """
    answer = await Ocs(http, login, password).ask("GET", ME)
    if answer.code in (*UNAUTHORIZED_CODES, FORBIDDEN):
        raise Denied(
            login,
            f"Nextcloud refuses the account {login!r}{_words(answer)}: check its password; {TWO_FACTOR}",
        )
    uid = _inside(answer.data, "id")
    if not answer.is_ok or not isinstance(uid, str) or not uid:
        raise NoOcsAnswer(
            f"the user id of {login!r} is not known: {answer.why if not answer.is_ok else 'none told'}"
        )
    if harmless(uid, 256) != uid or "/" in uid:
        raise NoOcsAnswer(f"the user id of {login!r} is not known: {harmless(uid)!r} is none")
    return uid


def _words(answer: OcsAnswer) -> str:
    return f" ({answer.message})" if answer.message else ""


def _inside(value: Any, *keys: str) -> Any:
    """What lies below these keys, None where there is no such place."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _common_prefix(uids: frozenset[str]) -> str:
    """The beginning that all of `uids` share, so that one search finds them all."""
    first, last = min(uids), max(uids)
    length = next(
        (i for i, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1),
        min(len(first), len(last)),
    )
    return first[:length]
