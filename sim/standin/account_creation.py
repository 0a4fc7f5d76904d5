"""How a user comes into being: in steps, whoever waits for it, and now and then only by half."""

from __future__ import annotations

from collections import Counter
from random import Random

import anyio

from sim.standin.store import Store
from sim.standin.store_errors import StoreError
from sim.standin.work import Work

UNDISTURBED = 2
"""So many creations at once never fail; beyond, they lock each other out by chance."""


class CreationFailed(Exception):
    """The user is there, without address and name for ever, and the answer is an error."""


class Creations:
    """Makes users as Nextcloud does: first the row, then the home, the e-mail last.

    Args:
        work: carries the steps on when the caller has left.
        seconds: from the first step to the last one.
        failures: the share of creations that fail while more than `UNDISTURBED` are under way.
        seed: of the draws of that; each user has draws of their own.
        counts: `users_created` is counted here: those that began to be.
    """

    def __init__(
        self,
        store: Store,
        work: Work,
        seconds: float,
        failures: float,
        seed: int,
        counts: Counter[str],
    ) -> None:
        self._store = store
        self._work = work
        self._step_s = seconds / 3
        self._failures = failures
        self._seed = seed
        self._counts = counts
        self._attempts: Counter[str] = Counter()
        self._under_way = 0

    async def create(self, uid: str, password: str, display_name: str, email: str) -> None:
        """Raises StoreError 409 where the user exists, 400 where a home of that name does; CreationFailed."""
        if uid in self._store.lost_homes:
            raise StoreError(400, "Login is invalid because files already exist for this user")
        account = self._store.begin_account(uid, password)
        self._counts["users_created"] += 1

        async def steps() -> None:
            self._under_way += 1
            try:
                await anyio.sleep(self._step_s)
                fails = self._fails(uid)
                account.is_making_home = True
                await anyio.sleep(self._step_s)
                account.is_making_home = False
                self._store.make_home(account)
                if fails:
                    raise CreationFailed
                await anyio.sleep(self._step_s)
                account.display_name, account.email = display_name or uid, email.lower()
            finally:
                self._under_way -= 1

        await self._work.finish(steps)

    def _fails(self, uid: str) -> bool:
        if self._under_way <= UNDISTURBED:
            return False
        self._attempts[uid] += 1
        draws = Random(f"{self._seed}/creation/{uid}/{self._attempts[uid]}")  # noqa: S311  no secrets
        return draws.random() < self._failures
