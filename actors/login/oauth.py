"""OAuth logins: authorization code with PKCE, and tokens that are kept fresh while a run lasts."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import trio
from mcp.client.auth.oauth2 import PKCEParameters
from mcp.shared.auth import OAuthToken
from pydantic import ValidationError

from actors.errors import LoginError, Outcome
from actors.failures import reason_of
from actors.login.client import REDIRECT_URI, OAuthClient, describe
from actors.login.driver import Driver, without_query
from actors.login.plan import AuthPlan
from actors.measurement import Record, SetupStep, SetupTiming
from actors.ports import Person

REFRESH_AT = 2 / 3
"""Of a token's life: when it is refreshed, between calls."""

DEFAULT_LIFE_S = 900.0
CONCURRENT_REFRESHES = 8


class OAuthLogin:
    """Logs people in at one authorization server, with one client. See `actors.ports.Login`."""

    def __init__(
        self, http: httpx.AsyncClient, plan: AuthPlan, client: OAuthClient, driver: Driver, record: Record
    ) -> None:
        self._http = http
        self._plan = plan
        self._client = client
        self._driver = driver
        self._record = record
        self._due: list[tuple[float, int, Tokens]] = []
        self._order = count()
        self._new = trio.Event()

    async def log_in(self, person: Person) -> Tokens:
        """First login of `person`. Raises LoginError."""
        tokens = Tokens(person.uid, lambda refresh_token: self._renew(person, refresh_token))
        await tokens.renew()
        self._schedule(tokens)
        return tokens

    async def keep_fresh(self) -> None:
        """Renew everybody's tokens in time, also of those who wait off stage. Until cancelled.

        A login that fails here is tried again, and told, when the user needs it.
        """
        limit = trio.CapacityLimiter(CONCURRENT_REFRESHES)
        async with trio.open_nursery() as nursery:
            while True:
                while self._due and self._due[0][0] <= trio.current_time():
                    _, _, tokens = heappop(self._due)
                    nursery.start_soon(self._renew_in_time, tokens, limit)
                with trio.move_on_at(self._due[0][0] if self._due else float("inf")):
                    await self._new.wait()
                    self._new = trio.Event()

    async def _renew_in_time(self, tokens: Tokens, limit: trio.CapacityLimiter) -> None:
        async with limit:
            if not tokens.busy:
                try:
                    await tokens.renew_if_due()
                except LoginError:
                    return
        self._schedule(tokens)

    def _schedule(self, tokens: Tokens) -> None:
        now = trio.current_time()
        # One in the middle of a call is looked at again a little later.
        due = tokens.fresh_until if tokens.fresh_until > now else now + max(0.05, tokens.life_s / 20)
        heappush(self._due, (due, next(self._order), tokens))
        self._new.set()

    async def _renew(self, person: Person, refresh_token: str | None) -> OAuthToken:
        """New tokens: refreshed where that is possible, by a new login where it is not."""
        if refresh_token is not None:
            refreshed = await self._timed(SetupStep.REFRESH, person, lambda: self._refresh(refresh_token))
            if refreshed is not None:
                return refreshed
        token = await self._timed(SetupStep.LOGIN, person, lambda: self._authorize(person))
        assert token is not None
        return token

    async def _timed(
        self, step: SetupStep, person: Person, act: Callable[[], Awaitable[OAuthToken | None]]
    ) -> OAuthToken | None:
        started = trio.current_time()
        outcome, text = Outcome.INTERRUPTED, ""
        try:
            token = await act()
            outcome = Outcome.OK if token is not None else Outcome.AUTHORIZATION
            return token
        except LoginError as error:
            outcome, text = Outcome.AUTHORIZATION, str(error)
            raise
        finally:
            self._record(SetupTiming(step, person.uid, outcome, started, trio.current_time(), text))

    async def _refresh(self, refresh_token: str) -> OAuthToken | None:
        """None when the refresh token is not good any more, or nobody answers (RFC 6749 6)."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            response = await self._ask_for_tokens(form)
        except httpx.TransportError:
            return None
        return read_token(response)

    async def _authorize(self, person: Person) -> OAuthToken:
        pkce, state = PKCEParameters.generate(), secrets.token_urlsafe(24)
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": REDIRECT_URI,
            "state": state,
            "scope": self._plan.scope,
            "code_challenge": pkce.code_challenge,
            "code_challenge_method": "S256",
            "nonce": secrets.token_urlsafe(16),
            **({"resource": self._plan.resource} if self._plan.resource else {}),
        }
        joint = "&" if urlsplit(self._plan.authorization_endpoint).query else "?"
        url = f"{self._plan.authorization_endpoint}{joint}{urlencode(query)}"
        landed = await self._driver.authorize(person, url, REDIRECT_URI)
        code = self._read_code(person, landed, state)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        page = self._plan.token_endpoint
        try:
            response = await self._ask_for_tokens({**form, "code_verifier": pkce.code_verifier})
        except httpx.TransportError as error:
            raise LoginError(person.uid, page, f"no answer: {reason_of(error)}") from error
        token = read_token(response)
        if token is None:
            raise LoginError(person.uid, page, describe(response))
        return token

    def _read_code(self, person: Person, landed: str, state: str) -> str:
        """The code of the authorization response (RFC 6749 4.1.2)."""
        answer = {key: values[0] for key, values in parse_qs(urlsplit(landed).query).items()}
        page = without_query(self._plan.authorization_endpoint)
        if answer.get("error") == "access_denied":
            raise LoginError(person.uid, page, "consent was denied")
        if "error" in answer:
            described = f" ({answer['error_description'][:200]})" if "error_description" in answer else ""
            raise LoginError(person.uid, page, f"the server answered {answer['error']}{described}")
        if answer.get("state") != state or "code" not in answer:
            raise LoginError(person.uid, page, "the answer has no code for this login")
        return answer["code"]

    async def _ask_for_tokens(self, form: dict[str, str]) -> httpx.Response:
        form = {**form, "client_id": self._client.client_id}
        if self._client.client_secret is not None:
            form["client_secret"] = self._client.client_secret.reveal()
        if self._plan.resource:
            form["resource"] = self._plan.resource
        return await self._http.post(self._plan.token_endpoint, data=form)


class Tokens:
    """The tokens of one user. See `actors.ports.Credentials`.

    Attributes:
        fresh_until: the instant (`trio.current_time`) from which they are to be renewed.
        life_s: of the access token, seconds.
    """

    def __init__(self, uid: str, obtain: Callable[[str | None], Awaitable[OAuthToken]]) -> None:
        self.fresh_until = 0.0
        self.life_s = DEFAULT_LIFE_S
        self._uid = uid
        self._obtain = obtain
        self._token: OAuthToken | None = None
        self._header = ""
        self._calls = 0
        self._renewing = trio.Lock()

    def __repr__(self) -> str:
        return f"<Tokens of {self._uid}>"

    @property
    def busy(self) -> bool:
        """Whether a call is under way that shows them."""
        return self._calls > 0

    async def authorization(self) -> str:
        if trio.current_time() >= self.fresh_until:
            await self.renew_if_due()
        return self._header

    @contextmanager
    def in_use(self) -> Iterator[None]:
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    def reject(self) -> None:
        self.fresh_until = 0.0

    async def renew_if_due(self) -> None:
        """Renew them unless somebody else has done so meanwhile: one renewal at a time."""
        async with self._renewing:
            if trio.current_time() >= self.fresh_until:
                await self._take_new()

    async def renew(self) -> None:
        async with self._renewing:
            await self._take_new()

    async def _take_new(self) -> None:
        asked = trio.current_time()
        old = self._token.refresh_token if self._token else None
        # A rotated refresh token is good once: should this be interrupted, it is not shown again.
        self._token = None
        token = await self._obtain(old)
        self._token = token
        self._header = f"Bearer {token.access_token}"
        self.life_s = float(token.expires_in or DEFAULT_LIFE_S)
        self.fresh_until = asked + REFRESH_AT * self.life_s


def read_token(response: httpx.Response) -> OAuthToken | None:
    """The tokens of a token answer, None when it is an error."""
    if response.status_code != 200:
        return None
    try:
        return OAuthToken.model_validate_json(response.content)
    except ValidationError:
        return None
