"""Kinds of calls: the words under which they are counted, bounded whatever a server makes up."""

from __future__ import annotations

from collections import Counter

from actors.errors import Outcome
from actors.events import Call

MAX_KINDS = 50
"""A server picks the status codes of its refusals; from so many kinds on the rest is one: `OTHER`."""
MAX_KINDS_OF_USER = 10
"""There are many users, and few look at the sixth way in which calls of one of them fail."""
OTHER = "other"
MAX_STATUS = 99_999
MAX_REASON = 60
BARE = frozenset({Outcome.OK, Outcome.INTERRUPTED, Outcome.WRONG_CONTENT})
NO_ERROR = frozenset({Outcome.OK.value, Outcome.INTERRUPTED.value})
EXPECTED = "expected/"
"""Stands before the kind of a failure that is part of the story, and no error: a conflict, retried."""


def kind_of(call: Call) -> str:
    """The key under which a call is counted: its outcome, then its status or reason."""
    if call.outcome in BARE:
        return call.outcome.value
    # A server may call a number of any length its status.
    has_status = call.status is not None and 0 <= call.status <= MAX_STATUS
    detail = str(call.status) if has_status else call.reason[:MAX_REASON]
    return f"{call.outcome.value}/{detail}" if detail else call.outcome.value


def is_failure(kind: str) -> bool:
    """Whether calls of this kind are errors."""
    return kind not in NO_ERROR and not kind.startswith(EXPECTED)


def is_unanswered(kind: str) -> bool:
    """Whether calls of this kind came to no answer: no connection, a time-out, no login to call with."""
    outcome, _, detail = kind.removeprefix(EXPECTED).partition("/")
    if outcome == Outcome.TRANSPORT_ERROR.value:
        return not detail.isdecimal()
    return outcome == Outcome.AUTHORIZATION.value and detail == "login"


def within_bounds(kind: str, counted: Counter[str], at_most: int = MAX_KINDS) -> str:
    """The word under which to count `kind`: its own, or `OTHER` when there are too many already.

    What is no error stays none.
    """
    if kind in counted or len(counted) < at_most or kind in NO_ERROR:
        return kind
    return f"{EXPECTED}{OTHER}" if kind.startswith(EXPECTED) else OTHER
