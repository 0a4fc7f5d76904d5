"""Work in somebody's account: it takes its time, and goes on when its caller has left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from sim.standin.store import Store
from sim.standin.store_errors import not_found
from sim.standin.work import Work

T = TypeVar("T")


class Changes:
    """Carries out what users ask for.

    Args:
        seconds: how long each change takes, before it is there.
    """

    def __init__(self, store: Store, work: Work, seconds: float) -> None:
        self._store = store
        self._work = work
        self._seconds = seconds

    async def read(self, uid: str, act: Callable[[], Awaitable[T]], delay_s: float = 0.0) -> T:
        """What changes nothing; `delay_s` later, whether or not somebody waits for it."""
        if not delay_s:
            return await act()
        return await self._after(delay_s, uid, act, leaves_home=False)

    async def change(
        self, uid: str, act: Callable[[], Awaitable[T]], *, leaves_home: bool, delay_s: float = 0.0
    ) -> T:
        """What changes something.

        Args:
            leaves_home: it writes files. Where the user was deleted meanwhile, their home is made anew by
                it, which no API shows, and nobody can be created under that name.

        Raises StoreError 404 where the user was deleted meanwhile.
        """
        return await self._after(delay_s + self._seconds, uid, act, leaves_home=leaves_home)

    async def _after(
        self, delay_s: float, uid: str, act: Callable[[], Awaitable[T]], *, leaves_home: bool
    ) -> T:
        account = self._store.account(uid)

        async def carry_out() -> T:
            if delay_s:
                await anyio.sleep(delay_s)
            if self._store.accounts.get(uid) is not account:
                if leaves_home:
                    self._store.leave_home(uid)
                raise not_found(f"User {uid}")
            return await act()

        return await self._work.finish(carry_out)
