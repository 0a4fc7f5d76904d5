"""Brute-force protection: whoever fails to log in from an address makes that address wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio

MAX_ATTEMPTS = 10
WINDOW_S = 1800.0
MAX_DELAY_FACTOR = 250.0
"""Of the first delay: Nextcloud doubles 100 ms up to 25 s."""


class TooManyAttempts(Exception):
    """The address has failed too often for a while: HTTP 429."""

    def __init__(self) -> None:
        super().__init__("Reached maximum delay")


class Throttle:
    """Failed logins by address.

    Args:
        first_delay_s: after the first failure; 0 is no protection at all.
    """

    def __init__(self, now: Callable[[], float], first_delay_s: float) -> None:
        self._now = now
        self._first_delay_s = first_delay_s
        self._failed: dict[str, deque[tuple[float, str]]] = {}

    async def wait(self, address: str) -> None:
        """Before a password is looked at. Raises TooManyAttempts."""
        attempts = len(self._recent(address))
        if attempts > MAX_ATTEMPTS and self._first_delay_s:
            raise TooManyAttempts
        if attempts and self._first_delay_s:
            await anyio.sleep(self.delay_s(attempts))

    def delay_s(self, attempts: int) -> float:
        """How long an address waits after so many failures, at least one."""
        factor = 2.0 ** (attempts - 1) if attempts <= MAX_ATTEMPTS else MAX_DELAY_FACTOR
        return self._first_delay_s * min(factor, MAX_DELAY_FACTOR)

    def waits_s(self, address: str) -> float:
        """How long the next one from there is made to wait."""
        attempts = len(self._recent(address))
        return self.delay_s(attempts) if attempts else 0.0

    def failed(self, address: str, login: str) -> None:
        """A wrong password."""
        self._failed.setdefault(address, deque()).append((self._now(), login))

    def succeeded(self, address: str, login: str) -> None:
        """A right one takes back the failures with that name, not those with others."""
        kept = deque(one for one in self._recent(address) if one[1] != login)
        if kept:
            self._failed[address] = kept
        else:
            self._failed.pop(address, None)

    def _recent(self, address: str) -> deque[tuple[float, str]]:
        failed = self._failed.get(address)
        if failed is None:
            return deque()
        while failed and failed[0][0] <= self._now() - WINDOW_S:
            failed.popleft()
        return failed
