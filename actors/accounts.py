"""Nextcloud's users, through its OCS provisioning API with the administrator's account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import trio

from actors.errors import SetupError
from actors.failures import reason_of
from actors.ports import Person
from actors.secret import Secret

USERS = "/ocs/v2.php/cloud/users"
OK, OK_V1 = 200, 100
USER_EXISTS = 102
NOT_FOUND = 998
MOST_TRIES = 5
BUSY = frozenset({429, 502, 503, 504})


class AlreadyExists(SetupError):
    """There is a user of this name already; he is not ours."""


class OcsAccounts:
    """See `actors.ports.Accounts`.

    Args:
        http: a client with the base URL of Nextcloud; one connection pool for all.
        admin, password: of an account that may manage users.
    """

    def __init__(self, http: httpx.AsyncClient, admin: str, password: Secret) -> None:
        self._http = http
        self._admin = admin
        self._password = password

    async def check(self) -> None:
        code, _, text = await self._ask("GET", "/ocs/v2.php/cloud/user")
        if code in (401, 997):
            raise SetupError(
                f"{self._http.base_url} refuses the admin account {self._admin!r}: "
                "check NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD"
            )
        if code not in (OK, OK_V1):
            raise SetupError(f"{self._http.base_url} does not answer like a Nextcloud: {text or code}")
        code, _, text = await self._ask("GET", USERS, params={"search": "", "limit": "1"})
        if code not in (OK, OK_V1):
            raise SetupError(
                f"the account {self._admin!r} may not manage users at {self._http.base_url}: {text or code}"
            )

    async def existing(self, uids: frozenset[str]) -> frozenset[str]:
        if not uids:
            return uids
        common = _common_prefix(uids)
        return frozenset(await self.search(common)) & uids

    async def search(self, text: str) -> list[str]:
        """All users that Nextcloud's substring search finds for `text`."""
        code, data, said = await self._ask("GET", USERS, params={"search": text})
        if code not in (OK, OK_V1):
            raise SetupError(f"searching for users failed: {said or code}")
        return list(data["users"])

    async def create(self, person: Person) -> None:
        form = {
            "userid": person.uid,
            "password": person.password.reveal(),
            "displayName": person.display_name,
            "email": person.email,
        }
        code, _, text = await self._ask("POST", USERS, data=form)
        if code == USER_EXISTS:
            raise AlreadyExists(f"the user {person.uid} exists already; choose another --user-prefix")
        if code not in (OK, OK_V1):
            raise SetupError(f"creating the user {person.uid} failed: {text or f'status {code}'}")

    async def delete(self, uid: str) -> bool:
        code, _, text = await self._ask("DELETE", f"{USERS}/{uid}")
        if code in (OK, OK_V1):
            return True
        if code in (404, NOT_FOUND) or (code == 101 and await self.email(uid) is None):
            return False
        raise SetupError(f"deleting the user {uid} failed: {text or f'status {code}'}")

    async def email(self, uid: str) -> str | None:
        code, data, text = await self._ask("GET", f"{USERS}/{uid}")
        if code in (404, NOT_FOUND):
            return None
        if code not in (OK, OK_V1):
            raise SetupError(f"looking up the user {uid} failed: {text or f'status {code}'}")
        return data.get("email") or ""

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> tuple[int, Any, str]:
        """The status code in the answer's body, its data, and its message. Waits out a busy server."""
        for attempt in range(MOST_TRIES):
            try:
                response = await self._http.request(
                    method,
                    path,
                    params={**(params or {}), "format": "json"},
                    data=data,
                    headers={"OCS-APIRequest": "true", "Accept": "application/json"},
                    auth=(self._admin, self._password.reveal()),
                )
            except httpx.TransportError as error:
                reason = reason_of(error)
                raise SetupError(f"cannot reach Nextcloud at {self._http.base_url}: {reason}") from error
            if response.status_code not in BUSY or attempt == MOST_TRIES - 1:
                break
            wait = response.headers.get("retry-after", "")
            await trio.sleep(min(30.0, float(wait) if wait.isdecimal() else 0.5 * 2**attempt))
        return _read(response)


def _read(response: httpx.Response) -> tuple[int, Any, str]:
    try:
        ocs = response.json()["ocs"]
        return int(ocs["meta"]["statuscode"]), ocs["data"], str(ocs["meta"].get("message") or "")
    except (ValueError, KeyError, TypeError):
        return response.status_code, {}, f"HTTP {response.status_code}, and no OCS answer"


def _common_prefix(uids: frozenset[str]) -> str:
    """The beginning that all of `uids` share, so that one search finds them all."""
    first, last = min(uids), max(uids)
    length = next(
        (i for i, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first)
    )
    return first[:length]
