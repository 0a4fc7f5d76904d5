"""OAuth logins: authorization code with PKCE, and tokens that are kept fresh while a run lasts."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import httpx
import trio
from mcp.client.auth.oauth2 import PKCEParameters

from actors.errors import LoginError, Outcome
from actors.events import Emit, SetupStep, SetupTiming
from actors.login.client import BASIC, POST, REDIRECT_URI, OAuthClient, auth_method_of, hint_of
from actors.login.driver import Driver, LoginRefused, without_query
from actors.login.fetch import NoAnswer, ask
from actors.login.plan import AuthPlan
from actors.login.token_answer import NotGranted, TokenAnswer, read_tokens
from actors.login.tokens import Tokens
from actors.login.trust import is_at
from actors.ports import Person
from actors.shelter import Shelter
from actors.text import harmless

CONCURRENT_REFRESHES = 8


class OAuthLogin:
    """Logs people in at one authorization server, with one client. See `actors.ports.Login`.

    Args:
        plan: from `discover`, which has checked where secrets go.
        shelter: the run's; tokens that were asked for are waited for under it.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        plan: AuthPlan,
        client: OAuthClient,
        driver: Driver,
        record: Emit,
        shelter: Shelter | None = None,
    ) -> None:
        self._http = http
        self._plan = plan
        self._client = client
        self._driver = driver
        self._record = record
        self._shelter = shelter
        self._due: list[tuple[float, int, Tokens]] = []
        self._order = count()
        self._new = trio.Event()

    async def log_in(self, person: Person) -> Tokens:
        """First login of `person`. Raises LoginError."""
        endpoint = without_query(self._plan.token_endpoint)
        tokens = Tokens(person.uid, endpoint, lambda old: self._renew(person, old))
        await tokens.renew()
        self._schedule(tokens)
        return tokens

    async def keep_fresh(self) -> None:
        """Renew everybody's tokens in time, also of those who wait off stage. Until cancelled.

        One that fails here is tried again, in ever longer pauses, and told when the user needs it.
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
                    if tokens.is_refused:
                        return
        self._schedule(tokens)

    def _schedule(self, tokens: Tokens) -> None:
        now = trio.current_time()
        # One in the middle of a call is looked at again a little later.
        soon = now + max(0.05, tokens.life_s / 20, tokens.pause_s)
        due = tokens.fresh_until if tokens.fresh_until > now else soon
        heappush(self._due, (due, next(self._order), tokens))
        self._new.set()

    async def _renew(self, person: Person, refresh_token: str | None) -> TokenAnswer:
        """New tokens: refreshed where that is possible, by a new login where it is not.

        Raises LoginError; NotGranted where the token endpoint could not say now whether it is.
        """
        if refresh_token is not None:
            try:
                return await self._timed(SetupStep.REFRESH, person, lambda: self._refresh(refresh_token))
            except NotGranted as error:
                if not error.is_final:
                    raise
        return await self._timed(SetupStep.LOGIN, person, lambda: self._authorize(person))

    async def _timed(
        self, step: SetupStep, person: Person, act: Callable[[], Awaitable[TokenAnswer]]
    ) -> TokenAnswer:
        started = trio.current_time()
        outcome, text = Outcome.INTERRUPTED, ""
        try:
            tokens = await act()
            outcome = Outcome.OK
            return tokens
        except NotGranted as error:
            outcome, text = Outcome.AUTHORIZATION if error.is_final else Outcome.TRANSPORT_ERROR, str(error)
            raise
        except LoginError as error:
            outcome, text = Outcome.AUTHORIZATION, str(error)
            raise
        finally:
            self._record(SetupTiming(step, person.uid, outcome, started, trio.current_time(), text))

    async def _refresh(self, refresh_token: str) -> TokenAnswer:
        """Raises NotGranted, final when the refresh token is not good any more (RFC 6749, 5.2)."""
        return await self._ask_for_tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def _authorize(self, person: Person) -> TokenAnswer:
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
        try:
            landed = await self._driver.authorize(person, url, REDIRECT_URI)
        except LoginRefused:
            raise
        except LoginError as error:
            raise self._error(person, error.page, error.reason) from None
        code = self._read_code(person, landed, state)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        try:
            return await self._ask_for_tokens({**form, "code_verifier": pkce.code_verifier})
        except NotGranted as error:
            raise self._error(person, without_query(self._plan.token_endpoint), str(error)) from None

    def _read_code(self, person: Person, landed: str, state: str) -> str:
        """The code of the authorization response (RFC 6749, 4.1.2), of this login and server."""
        page = without_query(self._plan.authorization_endpoint)
        try:
            query = parse_qs(urlsplit(landed).query, max_num_fields=100)
        except ValueError:
            query = {}
        answer = {key: values[0] for key, values in query.items()}
        if not is_at(landed, REDIRECT_URI) or answer.get("state") != state:
            raise LoginError(person.uid, page, "the answer is for another login: its 'state' is not ours")
        if answer.get("iss", self._plan.issuer).rstrip("/") != self._plan.issuer.rstrip("/"):
            # RFC 9207, 2.4.
            raise LoginError(person.uid, page, "the answer is another authorization server's ('iss')")
        if answer.get("error") == "access_denied":
            raise LoginRefused(person.uid, page, "consent was denied")
        if "error" in answer:
            described = f" ({answer['error_description']})" if "error_description" in answer else ""
            raise self._error(person, page, harmless(f"the server answered {answer['error']}{described}"))
        if "code" not in answer:
            raise LoginError(person.uid, page, "the answer has no code for this login")
        return answer["code"]

    async def _ask_for_tokens(self, form: dict[str, str]) -> TokenAnswer:
        """Raises NotGranted."""
        form, headers = dict(form), {"Accept": "application/json"}
        secret, method = self._client.client_secret, auth_method_of(self._client, self._plan)
        if secret is not None and method == BASIC:
            # RFC 6749, 2.3.1: both are encoded like a form first.
            pair = f"{quote_plus(self._client.client_id)}:{quote_plus(secret.reveal())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self._client.client_id
            if secret is not None and method == POST:
                form["client_secret"] = secret.reveal()
        if self._plan.resource:
            form["resource"] = self._plan.resource
        try:
            endpoint = self._plan.token_endpoint
            reply = await ask(self._http, "POST", endpoint, data=form, headers=headers, shelter=self._shelter)
        except NoAnswer as error:
            raise NotGranted(f"no answer: {error}") from None
        return read_tokens(reply)

    def _error(self, person: Person, page: str, reason: str) -> LoginError:
        return LoginError(person.uid, page, reason + hint_of(self._client))
