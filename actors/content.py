"""What lies in a Nextcloud account: notes, files and what was thrown away, through Notes and WebDAV.

Looked at with the account's own password. Only well-formed answers count (RFC 4918 for WebDAV, JSON
of Notes' API v1): a page of a proxy says nothing about what is there.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx
from defusedxml import DefusedXmlException, ElementTree

from actors import bounded
from actors.accounts import CAPABILITIES
from actors.call_errors import reason_of
from actors.errors import SetupError
from actors.json_text import read_json
from actors.ocs import FOREIGN_ERRORS, UNAUTHORIZED_CODES, Denied, Ocs
from actors.ports import Person
from actors.text import harmless

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
NOTES = "/index.php/apps/notes/api/v1/notes"
DAV = "/remote.php/dav"
DAV_HREF, DAV_RESPONSE, DAV_ERROR = "{DAV:}href", "{DAV:}multistatus", "{DAV:}error"
SENT_ALONG = {"OCS-APIRequest": "true"}
"""Without it a DAV request that brings a session's cookie is refused, "CSRF check not passed."."""


class Account:
    """The contents of one account that bear a word.

    Args:
        http: with Nextcloud's base URL, where everything is looked for; credentials go there alone.
    """

    def __init__(self, http: httpx.AsyncClient, person: Person) -> None:
        self._http = http
        self._person = person
        self._auth = httpx.BasicAuth(person.login, person.password.reveal())
        self._apps: Mapping[str, Any] | None = None

    async def notes(self, word: str) -> list[str]:
        """Addresses of the account's own notes with `word` in the title. Raises SetupError."""
        if not await self._has("notes"):
            return []
        response = await self._send("GET", f"{NOTES}?exclude=content")
        notes = _json(response)
        if response.status_code != 200 or not isinstance(notes, list):
            raise SetupError(f"looking into the notes of {self._person.uid} failed: {_said(response)}")
        return [f"{NOTES}/{note['id']}" for note in notes if _is_own_note(note, word)]

    async def shares(self, word: str) -> list[str]:
        """Addresses of shares of the account's files with `word` in the name. Raises SetupError."""
        if not await self._has("files_sharing"):
            return []
        answer = await self._ocs().ask("GET", SHARES, params={"reshares": "true"})
        if not answer.is_ok or not isinstance(answer.data, list):
            raise SetupError(f"looking into the shares of {self._person.uid} failed: {answer.why}")
        return [f"{SHARES}/{share['id']}" for share in answer.data if _is_share_of(share, word)]

    async def files(self, word: str) -> list[str]:
        """Addresses of files with `word` in the name, at the top and among the notes. Raises SetupError."""
        found = []
        for folder in ("/", "/Notes/"):
            place = f"{DAV}/files/{quote(self._person.uid, safe='')}{folder}"
            found += await self._members(place, word, is_optional=folder != "/")
        return found

    async def trash(self, word: str) -> list[str]:
        """Addresses of what was thrown away with `word` in its name. Raises SetupError."""
        place = f"{DAV}/trashbin/{quote(self._person.uid, safe='')}/trash/"
        return await self._members(place, word, is_optional=True)

    async def delete(self, address: str) -> None:
        """Ask for it; only looking again tells whether it is gone. Raises SetupError."""
        response = await self._send("DELETE", address)
        if response.status_code >= 300 and response.status_code != 404:
            raise SetupError(f"removing {harmless(unquote(address))} failed: {_said(response)}")

    def _ocs(self) -> Ocs:
        return Ocs(self._http, self._person.login, self._person.password)

    async def _has(self, app: str) -> bool:
        """Whether Nextcloud has it, by its capabilities; they are asked for once."""
        if self._apps is None:
            self._apps = await self._capabilities()
        return app in self._apps

    async def _capabilities(self) -> Mapping[str, Any]:
        answer = await self._ocs().ask("GET", CAPABILITIES)
        if answer.code in UNAUTHORIZED_CODES:
            raise Denied(self._person.login, f"Nextcloud refuses the account {self._person.login!r}")
        capabilities = answer.data.get("capabilities") if isinstance(answer.data, Mapping) else None
        if not answer.is_ok or not isinstance(capabilities, Mapping):
            raise SetupError(f"Nextcloud does not tell what {self._person.uid} has: {answer.why}")
        return capabilities

    async def _members(self, place: str, word: str, *, is_optional: bool) -> list[str]:
        """Addresses in one collection; what lies elsewhere, whatever the answer says, is not ours."""
        response = await self._send("PROPFIND", place, {"Depth": "1"})
        root = _xml(response)
        if response.status_code == 404 and is_optional and root is not None and root.tag == DAV_ERROR:
            return []
        if response.status_code != 207 or root is None or root.tag != DAV_RESPONSE:
            raise SetupError(f"looking into the files of {self._person.uid} failed: {_said(response)}")
        base = self._absolute(place)
        found = (_member(base, element.text or "") for element in root.iter(DAV_HREF))
        return [url for url, name in found if word in name]

    async def _send(
        self, method: str, place: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            response = await bounded.request(
                self._http,
                method,
                self._absolute(place),
                headers={**SENT_ALONG, **(headers or {})},
                auth=self._auth,
            )
        except FOREIGN_ERRORS as error:
            raise SetupError(
                f"the account {self._person.uid}: no answer: {harmless(reason_of(error))}"
            ) from None
        # To a DELETE 403 speaks of that one thing, to a look of the account (RFC 9110 15.5.4).
        if response.status_code == 401 or (response.status_code == 403 and method != "DELETE"):
            raise Denied(
                self._person.login, f"Nextcloud refuses the account {self._person.login!r}: {_said(response)}"
            )
        return response

    def _absolute(self, place: str) -> str:
        if place.startswith("/"):
            return f"{str(self._http.base_url).rstrip('/')}{place}"
        return place


def _member(folder: str, href: str) -> tuple[str, str]:
    """The address of what lies in `folder`, and its name there; empty for what does not lie there.

    An absolute path holds the sub-path under which Nextcloud lies (RFC 4918 8.3).
    """
    try:
        url = urljoin(folder, href.strip())
        inside, path = unquote(urlsplit(folder).path), unquote(urlsplit(url).path)
        is_same_server = _origin(url) == _origin(folder)
    except ValueError:
        return "", ""
    name = path.removeprefix(inside)
    is_in = is_same_server and path.startswith(inside) and ".." not in name.split("/")
    return (url, name) if is_in else ("", "")


def _is_own_note(note: Any, word: str) -> bool:
    if not isinstance(note, Mapping) or not isinstance(note.get("id"), int):
        return False
    return word in str(note.get("title", "")) and not note.get("readonly")


def _is_share_of(share: Any, word: str) -> bool:
    number = str(share.get("id")) if isinstance(share, Mapping) else ""
    if not (number.isascii() and number.isdecimal()):
        return False
    return any(word in str(share.get(key, "")) for key in ("path", "file_target"))


def _json(response: httpx.Response) -> Any:
    try:
        return read_json(response.content)
    except ValueError:
        return None


def _xml(response: httpx.Response) -> ET.Element | None:
    try:
        root: ET.Element = ElementTree.fromstring(response.content)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root


def _said(response: httpx.Response) -> str:
    return f"HTTP {response.status_code}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
