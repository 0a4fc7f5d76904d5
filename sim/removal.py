"""Removing what a ledger names: last created first, retried, and named when it cannot be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
import httpx
import trio

from actors.errors import SetupError
from actors.login.client import CLIENT_KIND, remove
from actors.ports import Accounts
from sim.ledger import Entry, EntryState, Ledger
from sim.marks import APP_PASSWORD_KIND, MARK_KIND, Sweeper

USER_KIND = "user"
GIVE_UP_S = 30.0
"""How long after the last removal that worked the clean-up goes on trying."""

LOOK_AGAIN_S = 5.0
"""What was only intended and is not there may still be being created."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0


def marker_email(uid: str) -> str:
    """The address that tells a simulated user from a real one of the same name."""
    return f"{uid}@benchmark.local"


@attrs.frozen
class CleanupResult:
    """What became of what was there.

    Attributes:
        removed: how many things are confirmed to be gone.
        remaining: names of what is, or may be, still there.
        expiring: OAuth clients that nobody can remove, and that expire by themselves.
        reason: why the last removal that failed did so.
    """

    removed: int
    remaining: tuple[str, ...]
    expiring: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.remaining


def remaining(ledger: Ledger) -> tuple[str, ...]:
    """Names of what the ledger still has."""
    return tuple(f"{entry.kind} {entry.name}" for entry in ledger.entries)


class Remover:
    """Removes the entries of one ledger. Run it in a shielded scope: it bounds itself.

    Args:
        accounts: None where the run created no users.
        http: for removing the OAuth client.
        concurrency: how many users are removed at the same time.
        sweeper: removes what was made in accounts that stay.
        on_removed: told the number done and the number of all.
    """

    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts | None,
        http: httpx.AsyncClient,
        concurrency: int,
        sweeper: Sweeper,
        on_removed: Callable[[int, int], None] = lambda done, of: None,
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._http = http
        self._concurrency = concurrency
        self._sweeper = sweeper
        self._on_removed = on_removed
        self._removed = 0
        self._last_success = 0.0
        self._failure = ""
        self._expiring: list[str] = []

    async def remove_all(self) -> CleanupResult:
        """Remove everything; what is left after `GIVE_UP_S` without progress is named."""
        entries = list(reversed(self._ledger.entries))
        self._last_success = trio.current_time()
        limit = trio.CapacityLimiter(self._concurrency)
        async with trio.open_nursery() as nursery:
            for entry in entries:
                nursery.start_soon(self._remove_in_turn, entry, limit, len(entries))
        return CleanupResult(self._removed, remaining(self._ledger), tuple(self._expiring), self._failure)

    async def _remove_in_turn(self, entry: Entry, limit: trio.CapacityLimiter, of: int) -> None:
        async with limit:
            if await self._insist(entry):
                self._ledger.removed(entry.kind, entry.name)
                self._removed += 1
                self._last_success = trio.current_time()
                self._on_removed(self._removed, of)

    async def _insist(self, entry: Entry) -> bool:
        """Try until it is gone, or until nothing has worked anywhere for `GIVE_UP_S`."""
        pause = FIRST_PAUSE_S
        act = self._act_for(entry.kind)
        while True:
            # Asked anew at each try: every removal that works gives the others more time.
            if trio.current_time() > self._last_success + GIVE_UP_S:
                return False
            try:
                with trio.fail_after(GIVE_UP_S):
                    return await act(entry)
            except (SetupError, httpx.TransportError) as error:
                self._failure = str(error) or type(error).__name__
            except trio.TooSlowError:
                self._failure = "no answer"
            await trio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)

    def _act_for(self, kind: str) -> Callable[[Entry], Awaitable[bool]]:
        acts = {
            CLIENT_KIND: self._remove_client,
            MARK_KIND: self._sweep,
            APP_PASSWORD_KIND: self._revoke,
        }
        return acts.get(kind, self._remove_user)

    async def _revoke(self, entry: Entry) -> bool:
        if entry.state is EntryState.INTENDED:
            known = frozenset(map(int, entry.details.get("known", "").split()))
            if not await self._sweeper.revoke_new(entry.name, known):
                await trio.sleep(LOOK_AGAIN_S)
                await self._sweeper.revoke_new(entry.name, known)
            return True
        uid, _, number = entry.name.rpartition("/")
        await self._sweeper.revoke(uid, int(number))
        return True

    async def _sweep(self, entry: Entry) -> bool:
        await self._sweeper.sweep(entry.name)
        return True

    async def _remove_user(self, entry: Entry) -> bool:
        if self._accounts is None:
            self._failure = "no admin account was given"
            return False
        if entry.state is EntryState.CREATED:
            await self._accounts.delete(entry.name)
            return True
        # Whether our request got through is not known: only the marker makes him ours.
        email = await self._accounts.email(entry.name)
        if email is None:
            await trio.sleep(LOOK_AGAIN_S)
            email = await self._accounts.email(entry.name)
        if email == marker_email(entry.name):
            await self._accounts.delete(entry.name)
        return True

    async def _remove_client(self, entry: Entry) -> bool:
        uri, token = entry.details.get("uri"), self._ledger.secret(entry.kind, entry.name)
        if not uri or token is None:
            # Its registration was never answered, so there is no handle to remove it by.
            self._expiring.append(entry.name)
            return True
        await remove(self._http, uri, token)
        return True
