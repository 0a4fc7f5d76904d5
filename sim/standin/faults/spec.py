"""What can go wrong on purpose, and how often."""

from __future__ import annotations

import enum
import math
from random import Random

import attrs
from attrs import validators


class FaultKind(enum.StrEnum):
    """A way to fail. The first ones spoil what a tool does, from `HTTP_500` on they spoil its transport."""

    STALE_READ = "stale_read"
    """For some seconds after a share or a change, others are shown what was before."""
    LOST_UPDATE = "lost_update"
    """An append is acknowledged and dropped."""
    DUPLICATE = "duplicate"
    """An append is carried out twice."""
    PERMISSION_LEAK = "permission_leak"
    """A write that a share does not permit gets through."""
    WRONG_BODY = "wrong_body"
    """A note or a file is read with one character changed."""
    IS_ERROR = "is_error"
    """The tool answers `isError`, and does nothing."""
    SUCCESS_FALSE = "success_false"
    """The tool answers `success: false`, and does nothing."""
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    RATE_LIMIT = "rate_limit"
    """HTTP 429 with Retry-After."""
    HANG = "hang"
    """No answer for some seconds; the call is carried out then, if the client is still there."""
    CUT = "cut"
    """The call is carried out, and its connection breaks in the middle of the answer."""
    FORGET_SESSION = "forget_session"
    """The server ends the MCP session by itself, and answers 404."""
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 (no password)
    """The user's access token is revoked, and the answer is 401."""
    LATENCY = "latency"
    """The call is carried out later, also when the client has left meanwhile."""


OF_TOOLS = (
    FaultKind.STALE_READ,
    FaultKind.LOST_UPDATE,
    FaultKind.DUPLICATE,
    FaultKind.PERMISSION_LEAK,
    FaultKind.WRONG_BODY,
    FaultKind.IS_ERROR,
    FaultKind.SUCCESS_FALSE,
)
"""Kinds that need no wire."""

DEFAULT_SECONDS = {
    FaultKind.STALE_READ: 1.0,
    FaultKind.RATE_LIMIT: 1.0,
    FaultKind.HANG: 3600.0,
    FaultKind.LATENCY: 0.05,
}
"""Kinds that last, with how long they do where nothing is said."""


@attrs.frozen
class FaultSpec:
    """One kind of fault to commit.

    Attributes:
        kind: which.
        probability: for each occasion, in [0, 1].
        seconds: how long it lasts, for the kinds in `DEFAULT_SECONDS`; of `LATENCY` it is the median.
        sigma: of `LATENCY`: of the normal distribution below a lognormal one; 0 is always `seconds`.
    """

    kind: FaultKind
    probability: float = attrs.field(validator=[validators.ge(0), validators.le(1)])
    seconds: float = attrs.field(validator=validators.ge(0))
    sigma: float = attrs.field(default=0.0, validator=validators.ge(0))

    @seconds.default
    def _default_seconds(self) -> float:
        return DEFAULT_SECONDS.get(self.kind, 0.0)

    def draw_seconds(self, random: Random) -> float:
        """How long this one lasts."""
        return self.seconds * math.exp(random.gauss(0.0, self.sigma)) if self.sigma else self.seconds
