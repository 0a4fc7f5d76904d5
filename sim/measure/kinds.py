"""Kinds of calls: the words under which they are counted, bounded whatever a server makes up."""

from __future__ import annotations

from collections import Counter

from actors.errors import Outcome
from actors.events import Call

MAX_KINDS = 50
"""A server picks the status codes of its refusals; from so many kinds on the rest is one: `OTHER`."""
OTHER = "other"
MAX_STATUS = 99_999
MAX_REASON = 60
BARE = frozenset({Outcome.OK, Outcome.INTERRUPTED, Outcome.WRONG_CONTENT})
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
    return kind not in (Outcome.OK.value, Outcome.INTERRUPTED.value) and not kind.startswith(EXPECTED)


def is_unanswered(kind: str) -> bool:
    """Whether calls of this kind came to no answer: no connection, a time-out, no login to call with."""
    outcome, _, detail = kind.removeprefix(EXPECTED).partition("/")
    if outcome == Outcome.TRANSPORT_ERROR.value:
        return not detail.isdecimal()
    return outcome == Outcome.AUTHORIZATION.value and detail == "login"


def within_bounds(kind: str, counted: Counter[str]) -> str:
    """The word under which to count `kind`: its own, or `OTHER` when there are too many already."""
    return kind if kind in counted or len(counted) < MAX_KINDS else OTHER
