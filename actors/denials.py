"""Refusals of Nextcloud's: the MCP server lets a user in, and what it shows for them is not taken there.

Each further try is one more failed log-in, and Nextcloud makes everybody at an address wait from which
log-ins fail (brute-force protection): one user whose password was changed would stop a whole crowd.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import trio

from actors.errors import CallError, CredentialsRejected, LoginError, Outcome
from actors.ports import Credentials

MAX_DENIALS = 2
"""So many in a row, and what the user shows counts as rejected: it is renewed where it can be."""

MAX_RENEWED_DENIALS = 3
"""So many, renewed or not, and nothing is shown for a while."""

INITIAL_REST_S, MAX_REST_S = 60.0, 960.0
"""For how long; each further one doubles it."""


def is_denial(error: CallError | None) -> bool:
    """Whether a tool says that the user is not known, or not any more. A 403 is no such word."""
    return (
        error is not None
        and error.outcome is Outcome.AUTHORIZATION
        and not isinstance(error, CredentialsRejected)
        and error.status != 403
        and error.reason != "login"
    )


class Resting:
    """Credentials that are not shown before some instant. See `actors.ports.Credentials`.

    Args:
        denials: so often in a row they were refused.
    """

    def __init__(self, uid: str, credentials: Credentials, denials: int) -> None:
        self._uid = uid
        self._credentials = credentials
        self._denials = denials
        rest_s = min(MAX_REST_S, INITIAL_REST_S * 2.0 ** min(denials - MAX_RENEWED_DENIALS, 10))
        self._until = trio.current_time() + rest_s

    async def authorization(self) -> str:
        left_s = self._until - trio.current_time()
        if left_s > 0:
            reason = f"refused {self._denials} times in a row; the next try is in {left_s:.0f} s"
            raise LoginError(self._uid, "Nextcloud", reason)
        return await self._credentials.authorization()

    def in_use(self) -> AbstractContextManager[None]:
        return self._credentials.in_use()

    def reject(self) -> None:
        self._credentials.reject()
