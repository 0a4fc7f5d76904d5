"""Removing what a run made in accounts that stay: what bears its mark, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote

import httpx
from defusedxml import ElementTree

from actors.errors import SetupError
from actors.login.devices import Devices
from actors.ports import Person
from actors.secret import Secret

MARK_KIND = "mark"
APP_PASSWORD_KIND = "app_password"  # noqa: S105 (a kind of thing, no password)
NOTES = "/index.php/apps/notes/api/v1/notes"
FILES = "/remote.php/dav/files"
DAV_HREF = "{DAV:}href"
MISSING = 404


class Sweeper:
    """Looks into accounts with their own passwords, through Nextcloud's Notes and WebDAV.

    Args:
        http: with Nextcloud's base URL.
        passwords: of the accounts, by name.
        mark: stands in the title of every note and in the name of every file to be removed.
        devices: where their app passwords are taken back.
    """

    def __init__(
        self, http: httpx.AsyncClient, passwords: Mapping[str, Secret], mark: str, devices: Devices
    ) -> None:
        self._http = http
        self._devices = devices
        self._passwords = passwords
        self._mark = mark

    async def revoke(self, uid: str, number: int) -> None:
        """Take back the app password of `uid` with this number. Raises SetupError."""
        await self._devices.revoke(Person(uid, self._password(uid)), number)

    async def revoke_new(self, uid: str, known: frozenset[int]) -> int:
        """Take back what an MCP server got of `uid` beyond `known`; how many. Raises SetupError."""
        return await self._devices.revoke_new(Person(uid, self._password(uid)), known)

    def _password(self, uid: str) -> Secret:
        password = self._passwords.get(uid)
        if password is None:
            raise SetupError(f"no password for {uid}: name the --accounts file of that run")
        return password

    async def sweep(self, uid: str) -> None:
        """Remove all that is marked in the account `uid`; shares of it go with it. Raises SetupError."""
        auth = httpx.BasicAuth(uid, self._password(uid).reveal())
        for note_id in await self._marked_notes(uid, auth):
            await self._delete(f"{NOTES}/{note_id}", auth)
        # What was shared with him lies among his files until its owner removes it.
        for href in await self._marked_files(uid, auth):
            await self._delete(href, auth)

    async def _marked_notes(self, uid: str, auth: httpx.BasicAuth) -> list[int]:
        response = await self._http.get(NOTES, params={"exclude": "content"}, auth=auth)
        if response.status_code == MISSING:
            return []
        if response.status_code != 200:
            raise SetupError(f"looking into the notes of {uid} failed: HTTP {response.status_code}")
        return [
            note["id"] for note in response.json() if self._mark in note["title"] and not note["readonly"]
        ]

    async def _marked_files(self, uid: str, auth: httpx.BasicAuth) -> list[str]:
        found = []
        for folder in ("/", "/Notes/"):
            url = f"{FILES}/{quote(uid)}{folder}"
            response = await self._http.request("PROPFIND", url, headers={"Depth": "1"}, auth=auth)
            if response.status_code == MISSING:
                continue
            if response.status_code != 207:
                raise SetupError(f"looking into the files of {uid} failed: HTTP {response.status_code}")
            hrefs = (
                element.text or "" for element in ElementTree.fromstring(response.content).iter(DAV_HREF)
            )
            found += [href for href in hrefs if self._mark in unquote(href)]
        return found

    async def _delete(self, path: str, auth: httpx.BasicAuth) -> None:
        response = await self._http.delete(path, auth=auth)
        if response.status_code >= 400 and response.status_code != MISSING:
            raise SetupError(f"removing {unquote(path)} failed: HTTP {response.status_code}")
