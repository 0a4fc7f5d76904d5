"""One cancel scope for many calls, and one look around for the deadlines of all.

A scope and a deadline of its own cost a call as much as all of its HTTP. Here a user's calls follow each
other in one scope, which is shielded while one of them is under way. All calls of a run may take equally
long, so they reach their bound in the order in which they began: who looks around waits for the first.
"""

from __future__ import annotations

import math
from itertools import takewhile
from types import TracebackType

import attrs
import trio

from actors.shelter import Shelter


class LookAround:
    """The bound of all calls of a run. While nobody looks around each call has a deadline of its own.

    Args:
        bound_s: how long a call is awaited.
    """

    def __init__(self, bound_s: float = math.inf) -> None:
        self.bound_s = bound_s
        self._due: dict[trio.CancelScope, float] = {}
        """Of the calls under way, the first to reach its bound first."""
        self._is_watched = False

    def begin(self, scope: trio.CancelScope, now: float) -> None:
        """A call begins `now`: `scope` is cancelled when it reaches its bound, unless it has ended before."""
        self._due[scope] = due = now + self.bound_s
        if not self._is_watched:
            scope.deadline = due

    def end(self, scope: trio.CancelScope) -> None:
        """The call is over."""
        self._due.pop(scope, None)
        if not self._is_watched:
            scope.deadline = math.inf

    async def watch(self) -> None:
        """Look around, until cancelled; what is under way then has deadlines of its own."""
        self._is_watched = True
        for scope in self._due:
            scope.deadline = math.inf  # it would stay when the call has ended
        try:
            while True:
                # Whatever begins meanwhile is due later.
                await trio.sleep_until(next(iter(self._due.values()), trio.current_time() + self.bound_s))
                for scope in self._overdue(trio.current_time()):
                    del self._due[scope]
                    scope.cancel()
        finally:
            self._is_watched = False
            for scope, due in self._due.items():
                scope.deadline = due

    def _overdue(self, now: float) -> list[trio.CancelScope]:
        return [scope for scope, _ in takewhile(lambda each: each[1] <= now, self._due.items())]


@attrs.define(eq=False)
class ManyCalls:
    """Calls of one user, one after another, each within `begin` and `end`; what comes between has no shield.

    A call that reaches its bound is cancelled, and the whole block with it: the next one needs another.
    """

    _shelter: Shelter
    _look_around: LookAround
    _scope: trio.CancelScope = attrs.Factory(trio.CancelScope)

    @property
    def is_spent(self) -> bool:
        """Whether a call has reached its bound."""
        return self._scope.cancel_called

    def begin(self, now: float) -> None:
        """A call is sent: from here on it comes to its answer, or to its bound."""
        self._shelter.cover(self._scope)
        self._look_around.begin(self._scope, now)

    def end(self) -> None:
        """The call is over; a cancellation from outside takes effect at the next checkpoint."""
        self._look_around.end(self._scope)
        self._shelter.uncover(self._scope)

    def __enter__(self) -> ManyCalls:
        self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return self._scope.__exit__(kind, error, trace)
