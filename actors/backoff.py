"""When a user tries again at a server that is in trouble: as a real client does, later and later."""

from __future__ import annotations

from random import Random

from actors.denials import is_denial
from actors.errors import CallError, CredentialsRejected, Outcome, SessionLost

INITIAL_BACKOFF_S = 0.25
MAX_BACKOFF_S = 15.0
MAX_RETRY_AFTER_S = 60.0
"""How long a server may make a user wait by its `Retry-After`."""
OVERLOADED = frozenset({408, 425, 429})
"""Statuses below 500 that ask for a pause."""


class Backoff:
    """Counts failures in a row, and says until when nothing is to be asked.

    A pause doubles with each failure, up to `MAX_BACKOFF_S`, and is drawn from its upper half, so that
    users who failed together do not come back together. A server's `Retry-After` makes it longer.
    A lost session is no trouble, and replaced at once, as are credentials that are not taken any more;
    it is when that happens again before a call was answered.

    Attributes:
        until: the instant before which the user asks nothing; 0 where there is no reason to wait.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0
        self._losses = 0
        self.until = 0.0

    def note(self, error: CallError, now: float) -> None:
        """A call, or the opening of a session, has failed."""
        if isinstance(error, SessionLost | CredentialsRejected) or is_denial(error):
            self._losses += 1
            if self._losses > 1:
                self.fail(now)
        elif is_trouble(error):
            self.fail(now, error.retry_after_s)
        else:
            self.answered()

    def fail(self, now: float, retry_after_s: float | None = None) -> None:
        """One more failure in a row."""
        self._failures += 1
        longest = min(MAX_BACKOFF_S, INITIAL_BACKOFF_S * 2 ** min(self._failures, 10))
        pause_s = self._random.uniform(longest / 2, longest)
        if retry_after_s is not None:
            # Its jitter only adds: before that instant nobody is to come.
            pause_s = max(pause_s, min(retry_after_s, MAX_RETRY_AFTER_S) + pause_s / 2)
        self.until = now + pause_s

    def opened(self) -> None:
        """A session is open: the next call need not wait."""
        self._failures = max(0, self._losses - 1)
        self.until = 0.0

    def answered(self) -> None:
        """The server has answered: whatever it said, it is there."""
        self._failures = self._losses = 0
        self.until = 0.0


def is_trouble(error: CallError) -> bool:
    """Whether `error` says that the server, the login, or the way to it is down or overloaded."""
    if error.outcome is not Outcome.TRANSPORT_ERROR:
        return error.reason == "login"
    return error.status is None or error.status >= 500 or error.status in OVERLOADED
