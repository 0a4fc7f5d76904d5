"""Letting what has been sent come to its answer, although whoever sent it is being stopped.

Hanging up stops nothing: a server finishes what it began, and does so after whoever hung up has
removed the user it was begun for. So a request that changes something is awaited under a shelter:
cancellation from outside waits until the answer is there, or the bound is reached.
"""

from __future__ import annotations

from types import TracebackType

import trio


class Cover:
    """A block under a shelter; entering it gives its scope."""

    def __init__(self, scopes: set[trio.CancelScope], scope: trio.CancelScope) -> None:
        self._scopes = scopes
        self._scope = scope

    def __enter__(self) -> trio.CancelScope:
        self._scopes.add(self._scope)
        return self._scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._scopes.discard(self._scope)
        return self._scope.__exit__(kind, error, trace)


class Shelter:
    """One a run. Made where signals are received, handed down to whatever sends.

    `leave` opens it for good: from then on cancellation gets through at once (the third signal).
    """

    def __init__(self) -> None:
        self._scopes: set[trio.CancelScope] = set()
        self._is_left = False

    def over(self, bound_s: float) -> Cover:
        """Shields a block from cancellation from outside, for at most `bound_s` seconds.

        At the bound the block is cancelled, whoever wanted it: look at the scope's
        `cancelled_caught`. A cancellation from outside that came meanwhile takes effect at the first
        checkpoint after the block.
        """
        deadline = trio.current_time() + bound_s
        return Cover(self._scopes, trio.CancelScope(deadline=deadline, shield=not self._is_left))

    def cover(self, scope: trio.CancelScope) -> None:
        """Shield `scope`, which is open already, until `uncover`."""
        self._scopes.add(scope)
        scope.shield = not self._is_left

    def uncover(self, scope: trio.CancelScope) -> None:
        """What came from outside meanwhile takes effect at the next checkpoint."""
        self._scopes.discard(scope)
        scope.shield = False

    def leave(self) -> None:
        """Protect nothing any longer: what is under way can be cancelled from outside at once."""
        self._is_left = True
        for scope in self._scopes:
            scope.shield = False
