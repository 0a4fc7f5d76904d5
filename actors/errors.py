"""The exception tree of everything that is expected to go wrong.

Two branches. `CallError` is the outcome of one call to the server: the user's actor catches it,
records it and answers it as `Failed`; it never ends a run. `SetupError` ends a set-up: it names
what was being done, for whom and what to do about it, in one line. Anything that is not a
`SimulateError` is a bug and escapes.
"""

from __future__ import annotations

import enum

from actors.secret import veiled
from actors.text import harmless


class Outcome(enum.StrEnum):
    """How one call ended. The value is the name used in reports."""

    OK = "ok"
    TOOL_ERROR = "tool_error"
    """The tool itself said no: `isError`, or `success: false` in its result."""
    PROTOCOL_ERROR = "protocol_error"
    """A JSON-RPC error, or an answer that is no valid MCP message."""
    TRANSPORT_ERROR = "transport_error"
    """No answer: connection refused or cut, a time-out, an HTTP status."""
    AUTHORIZATION = "authorization"
    """HTTP 401/403, a tool's word that the credentials are not (or no longer) good, a failed login."""
    WRONG_CONTENT = "wrong_content"
    """The call succeeded and a check on what it returned failed."""
    INTERRUPTED = "interrupted"
    """Cut off by the end of the run; counted, and kept out of every latency."""


class SimulateError(Exception):
    """Anything expected. `str()` of it is one clear line without secrets."""


class SetupError(SimulateError):
    """The run cannot start (exit code 3). The text says what is wrong, where, and what to do."""


class LoginError(SetupError):
    """A user could not be logged in.

    Attributes:
        user: the user's id.
        page: the page or endpoint where it ended, without query (which may carry codes).
    """

    def __init__(self, user: str, page: str, reason: str) -> None:
        super().__init__(f"login of {user} failed at {page}: {reason}")
        self.user = user
        self.page = page
        self.reason = reason


class CallError(SimulateError):
    """One call did not succeed. Its text, which a server may have written, is made harmless here.

    Attributes:
        outcome: the kind, never `OK`.
        status: the HTTP status behind it, read from the transport or from the tool's text; None
            where there is none.
        reason: a short, stable word that tells apart what `outcome` and `status` do not, such as
            `timeout`, `connect`, `cut`, `not_found`, `session_lost`; "" where there is none.
        retry_after_s: seconds the server asked to wait (429/503 `Retry-After`), or None.
        answered: True when the fate of the call is known: the server answered it, or was never
            reached. False when no answer came, or only a gateway's (5xx), and it may or may not have
            been carried out.
    """

    def __init__(
        self,
        outcome: Outcome,
        text: str,
        *,
        status: int | None = None,
        reason: str = "",
        retry_after_s: float | None = None,
        answered: bool = True,
    ) -> None:
        super().__init__(harmless(text))
        self.outcome = outcome
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.answered = answered

    def veil(self, secret: str) -> None:
        """Take `secret` out of the text."""
        self.args = (veiled(str(self), secret), *self.args[1:])

    @property
    def kind(self) -> str:
        """The key under which reports count it: outcome, then status or reason (`tool_error/404`)."""
        detail = str(self.status) if self.status is not None else self.reason
        return f"{self.outcome.value}/{detail}" if detail else self.outcome.value

    def says(self, *statuses: int) -> bool:
        """Whether the tool itself answered one of these: a lost session is a 404 too, and says nothing."""
        return self.outcome is Outcome.TOOL_ERROR and self.status in statuses


class SessionLost(CallError):
    """The session under the call is gone (404 on its id, or what else `failures.status_error` knows).

    The call failed, and the user has to open a new session before the next one.
    """


class CredentialsRejected(CallError):
    """HTTP 401 on the MCP endpoint: the user's token is not accepted (any more)."""
