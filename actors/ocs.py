"""Nextcloud's OCS API: what counts as an answer of it, and how often it is asked.

Proxies, captive pages and maintenance pages answer too, with any status: only a body of the form
`{"ocs": {"meta": {"statuscode": …}, "data": …}}` says anything about what is, or is not, there
(Nextcloud developer manual, OCS APIs).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import attrs
import httpx
import trio

from actors import bounded
from actors.call_errors import reason_of
from actors.errors import SetupError
from actors.json_text import read_json
from actors.secret import Secret
from actors.text import harmless

OK_CODES = frozenset({100, 200})
NOT_FOUND_CODES = frozenset({404, 998})
NO_SUCH_ADDRESS = "invalid query"
"""Nextcloud's ocs/v1.php, to an address without a route."""
UNAUTHORIZED_CODES = frozenset({401, 997})
MAX_TRIES = 5
MAX_WAIT_S = 30.0
SAY_WAIT_S = 5.0
"""Longer waits are told."""

BUSY = frozenset({429, 502, 503, 504})
REFUSED_UNREAD = 429
"""The one status that says that the request was not carried out: it may be sent again whatever it is."""

REFUSAL = re.compile(
    rb"\s*<\?xml[^<>]*\?>\s*<ocs>\s*<meta>\s*<status>failure</status>\s*"
    rb"<statuscode>(401|997)</statuscode>\s*<message>([^<>&]*)</message>\s*</meta>\s*<data\s*/>\s*</ocs>\s*"
)
MAX_REFUSAL_BYTES = 2_000

FOREIGN_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, LookupError)
"""What an answer of any shape can raise on its way through httpx: resets, broken gzip, unknown codecs."""


class NoOcsAnswer(SetupError):
    """No answer of the API: nothing is known about what was asked for, or whether it was carried out."""


class Maintenance(NoOcsAnswer):
    """Nextcloud is in maintenance mode."""


class Throttled(NoOcsAnswer):
    """Nextcloud looks at no password from this address for a while, not at the right one either."""


class Denied(SetupError):
    """The credentials themselves are refused: asking again only trips brute-force protection.

    Attributes:
        account: whose they are.
    """

    def __init__(self, account: str, text: str) -> None:
        super().__init__(text)
        self.account = account


@attrs.frozen
class OcsAnswer:
    """A well-formed answer.

    Attributes:
        code: the status code in its body.
        data: of any JSON type.
        message: the server's own words, harmless.
        tries: how often the request was sent.
    """

    code: int
    data: Any
    message: str
    tries: int = 1

    @property
    def is_ok(self) -> bool:
        return self.code in OK_CODES

    @property
    def says_absent(self) -> bool:
        """Whether the thing is not there. That the API knows no such address, as while an app of it is
        disabled or being updated, comes with the same code, and says nothing of the thing."""
        return self.code in NOT_FOUND_CODES and not self.message.casefold().startswith(NO_SUCH_ADDRESS)

    @property
    def why(self) -> str:
        """The reason, in one line."""
        return self.message or f"status {self.code}"


class Ocs:
    """Asks the OCS API as one account.

    Args:
        http: with the base URL of Nextcloud.
        on_wait: told, in one line, that a long wait begins.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        account: str,
        password: Secret,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._http = http
        self._account = account
        self._password = password
        self._on_wait = on_wait

    @property
    def account(self) -> str:
        return self._account

    @property
    def server(self) -> str:
        """The address of Nextcloud."""
        return str(self._http.base_url).rstrip("/")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        is_waiting: bool = True,
    ) -> OcsAnswer:
        """One answer. Raises NoOcsAnswer where the API itself has not answered.

        A busy server is waited out, unless `is_waiting` is False. What is not idempotent (POST) is
        sent again only where the server said that it did not look at it (429, RFC 6585 4).
        Cancelled, a request that was sent may still be carried out.
        """
        for tries in range(1, MAX_TRIES + 1):
            response = await self._send(method, path, params, data)
            if response.headers.get("x-nextcloud-maintenance-mode", "0") not in ("", "0"):
                raise Maintenance(f"{self.server} is in maintenance mode; try again when it is over")
            may_repeat = response.status_code == REFUSED_UNREAD or (
                method != "POST" and response.status_code in BUSY
            )
            if not (is_waiting and may_repeat) or tries == MAX_TRIES:
                break
            await self._wait(response, 0.5 * 2 ** (tries - 1))
        answer = read(response)
        if answer.code == REFUSED_UNREAD:
            raise Throttled(
                f"{self.server} looks at no password from this address for now ({answer.why}), since it "
                "refused others from there (brute-force protection): wait half an hour, or have "
                "occ security:bruteforce:reset ADDRESS end it"
            )
        return attrs.evolve(answer, tries=tries)

    async def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, data: Mapping[str, str] | None
    ) -> httpx.Response:
        try:
            return await bounded.request(
                self._http,
                method,
                path,
                params={**(params or {}), "format": "json"},
                data=data,
                headers={"OCS-APIRequest": "true", "Accept": "application/json"},
                auth=httpx.BasicAuth(self._account, self._password.reveal()),
            )
        except FOREIGN_ERRORS as error:
            # Not chained: its context may hold the request, and with it the password.
            reason = harmless(reason_of(error))
            raise NoOcsAnswer(f"cannot reach Nextcloud at {self.server}: {reason}") from None

    async def _wait(self, response: httpx.Response, usual_s: float) -> None:
        said = response.headers.get("retry-after", "").strip()
        asked_s = float(said) if said.isascii() and said.isdecimal() and len(said) < 10 else usual_s
        wait_s = min(MAX_WAIT_S, asked_s)
        if asked_s >= SAY_WAIT_S:
            self._on_wait(
                f"  {self.server} is busy (HTTP {response.status_code}) and asks to wait {asked_s:g} s; "
                f"trying again in {wait_s:g} s"
            )
        await trio.sleep(wait_s)


def read(response: httpx.Response) -> OcsAnswer:
    """The OCS answer in a response. Raises NoOcsAnswer that says what came instead."""
    answer = read_refusal(response.content) or _read_json(response.content)
    if answer is None:
        raise NoOcsAnswer(instead_of_ocs(response))
    return answer


def _read_json(body: bytes) -> OcsAnswer | None:
    try:
        ocs = read_json(body)["ocs"]
        meta, data = ocs["meta"], ocs["data"]
        code, message = int(meta["statuscode"]), str(meta.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return OcsAnswer(code, data, harmless(message))


def read_refusal(body: bytes) -> OcsAnswer | None:
    """What Nextcloud answers to a password that it does not take: XML, whatever format was asked for.

    Read as this one form (Nextcloud 29, `ocs/v1.php`), and not as XML: nobody's entities are resolved.
    """
    if len(body) > MAX_REFUSAL_BYTES or not (found := REFUSAL.fullmatch(body)):
        return None
    return OcsAnswer(int(found[1]), None, harmless(found[2].decode("utf-8", "replace")))


def instead_of_ocs(response: httpx.Response) -> str:
    """What somebody who is not the API said, in one line that tells what to do about it."""
    text = f"HTTP {response.status_code}, and no OCS answer"
    location = response.headers.get("location")
    if response.is_redirect and location:
        target = urljoin(str(response.request.url.copy_with(query=None)), location)
        return f"{text}: it redirects to {harmless(target)}; name that address in NEXTCLOUD_HOST"
    words = error_words(response)
    if words:
        return f"{text}: {words}"
    if "/index.php/" in response.request.url.path:
        return f"{text}; NEXTCLOUD_HOST is the address of Nextcloud without /index.php"
    return text


def error_words(response: httpx.Response) -> str:
    """The word on an error in a body of JSON or plain text, harmless; "" where there is none."""
    try:
        body = read_json(response.content)
    except ValueError:
        return harmless(_heading(response)) if response.status_code >= 400 else ""
    if isinstance(body, dict):
        for key in ("error", "message", "hint"):
            if isinstance(body.get(key), str) and body[key]:
                return harmless(body[key])
    return ""


def _heading(response: httpx.Response) -> str:
    """The title of an HTML page: enough to know a proxy's page, or "Trusted domain error", by."""
    page = response.content[:20_000].decode("utf-8", "replace")
    low = page.lower()
    begin, end = low.find("<title>"), low.find("</title>")
    if 0 <= begin < end:
        return page[begin + len("<title>") : end]
    is_plain = response.headers.get("content-type", "").lower().startswith("text/plain")
    return page if is_plain else ""
