"""The tokens of one user, renewed between calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from actors.errors import LoginError
from actors.login.driver import LoginRefused
from actors.login.token_answer import DEFAULT_LIFE_S, NotGranted, TokenAnswer
from actors.secret import Secret

REFRESH_AT = 2 / 3
"""Of a token's life: when it is refreshed, between calls."""

INITIAL_PAUSE_S, MAX_PAUSE_S = 2.0, 120.0
"""Between tries to renew tokens: each that fails doubles it."""

Obtain = Callable[[str | None], Awaitable[TokenAnswer]]
"""New tokens, from a refresh token or by a new login. Raises LoginError, or NotGranted where the old
ones may go on for a while."""


class CallsUnderWay:
    """How many calls show the tokens now; entered for the length of each."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Tokens:
    """The tokens of one user. See `actors.ports.Credentials`.

    Attributes:
        fresh_until: the instant (`trio.current_time`) from which they are to be renewed.
        life_s: of the access token, seconds.
    """

    def __init__(self, uid: str, token_endpoint: str, obtain: Obtain) -> None:
        self.fresh_until = 0.0
        self.life_s = DEFAULT_LIFE_S
        self._uid = uid
        self._endpoint = token_endpoint
        self._obtain = obtain
        self._refresh_token: Secret | None = None
        self._header = Secret("")
        self._valid_until = 0.0
        self._calls = CallsUnderWay()
        self._failures = 0
        self._refused: LoginError | None = None
        self._renewing = trio.Lock()

    def __repr__(self) -> str:
        return f"<Tokens of {self._uid}>"

    @property
    def busy(self) -> bool:
        """Whether a call is under way that shows them."""
        return self._calls.count > 0

    @property
    def is_refused(self) -> bool:
        """Whether this user's login was refused for good: nobody tries it again."""
        return self._refused is not None

    async def authorization(self) -> str:
        if trio.current_time() >= self.fresh_until:
            await self.renew_if_due()
        return self._header.reveal()

    def in_use(self) -> CallsUnderWay:
        return self._calls

    def reject(self) -> None:
        self.fresh_until = self._valid_until = 0.0

    async def renew_if_due(self) -> None:
        """Renew them unless somebody else has done so meanwhile: one renewal at a time. Raises LoginError."""
        async with self._renewing:
            if trio.current_time() >= self.fresh_until:
                await self._take_new()

    async def renew(self) -> None:
        """Renew them in any case. Raises LoginError."""
        async with self._renewing:
            await self._take_new()

    async def _take_new(self) -> None:
        if self._refused is not None:
            raise LoginError(self._refused.user, self._refused.page, self._refused.reason)
        asked, old = trio.current_time(), self._refresh_token
        # A rotated refresh token is good once: should this be interrupted, it is not shown again.
        self._refresh_token = None
        try:
            new = await self._obtain(old.reveal() if old else None)
        except NotGranted as error:
            self._refresh_token = old
            self._go_on(error)
            return
        except LoginRefused as error:
            self._refused = error
            raise
        except LoginError:
            self._failures += 1
            raise
        self._failures = 0
        self._refresh_token = new.refresh_token or old
        self._header = Secret(f"Bearer {new.access_token.reveal()}")
        self.life_s = new.life_s
        self.fresh_until = asked + REFRESH_AT * new.life_s
        self._valid_until = asked + new.life_s

    def _go_on(self, error: NotGranted) -> None:
        """The token endpoint could not answer now: use what is still good. Raises LoginError: nothing is."""
        self._failures += 1
        now = trio.current_time()
        if now >= self._valid_until:
            raise LoginError(self._uid, self._endpoint, f"the token was not renewed: {error}")
        self.fresh_until = min(self._valid_until, now + max(self.pause_s, error.retry_after_s or 0.0))

    @property
    def pause_s(self) -> float:
        """How long to leave a renewal alone after the last failures."""
        return (
            min(MAX_PAUSE_S, INITIAL_PAUSE_S * 2.0 ** min(self._failures - 1, 10)) if self._failures else 0.0
        )
