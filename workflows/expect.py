"""Checks for a step's answer: what it must show, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Iterable

from actors.answer import Answer, Check, Finding, excerpt
from actors.measurement import ViolationKind


def content_is(newest: str, *, older: Iterable[str] = (), key: str = "content") -> Check:
    """The text at `key` is `newest`; one of the `older` texts is a stale read, anything else is wrong."""
    stale = frozenset(older)

    def check(answer: Answer) -> tuple[Finding, ...]:
        seen = answer.text(key)
        if seen == newest:
            return ()
        kind = ViolationKind.STALE_READ if seen in stale else ViolationKind.WRONG_CONTENT
        return (Finding(kind, excerpt(newest), excerpt(seen)),)

    return check


def has(*keys: str) -> Check:
    """The answer is an object with these keys."""

    def check(answer: Answer) -> tuple[Finding, ...]:
        for key in keys:
            answer[key]
        return ()

    return check


def lists(*keys: str) -> Check:
    """The answer is a list, or has one under the first of `keys` that it has."""

    def check(answer: Answer) -> tuple[Finding, ...]:
        answer.rows(*keys)
        return ()

    return check
