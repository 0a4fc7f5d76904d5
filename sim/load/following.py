"""Doing something over time that somebody may exchange for another thing meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio


class Following:
    """Follows a profile, and begins anew where another one takes its place."""

    def __init__(self) -> None:
        self._scope: trio.CancelScope | None = None
        self._is_another = False

    async def keep(self, follow: Callable[[float], Awaitable[None]]) -> None:
        """`follow` from the seconds that have passed since now, which is 0 the first time."""
        begun = trio.current_time()
        self._is_another = True
        while self._is_another:
            self._is_another = False
            with trio.CancelScope() as self._scope:
                await follow(trio.current_time() - begun)

    def again(self) -> None:
        """Another one is to be followed from now on."""
        self._is_another = True
        if self._scope is not None:
            self._scope.cancel()
