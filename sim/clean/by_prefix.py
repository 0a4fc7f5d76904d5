"""Users of a prefix: for runs whose ledger has gone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import trio

from actors.errors import SetupError
from actors.ocs import Denied
from actors.ports import Accounts
from actors.text import harmless
from sim.clean.ledger import look_at_living
from sim.clean.marker import is_marker, place_of
from sim.clean.telling import say
from sim.clean.things.created_user import USER_KIND, remove_user

MAX_TRIES, PAUSE_S = 4, 2.0
T = TypeVar("T")


class MarkedUsers:
    """Those named `{prefix}_user_{n}` in full who have a marker address: others may have such names too.

    Args:
        domain: of marker addresses, beside the usual one.
        spared: names that runs which are alive hold, case-folded.

    Attributes:
        left: who could not be removed or looked at, with the reason.
        alone: who was left alone, and why.
    """

    def __init__(self, accounts: Accounts, prefix: str, domain: str, spared: frozenset[str]) -> None:
        self._accounts = accounts
        self._prefix = prefix
        self._domain = domain
        self._spared = spared
        self.left: list[str] = []
        self.alone: list[str] = []

    async def remove(self, is_dry_run: bool) -> None:
        """Each stands alone."""
        pattern = re.compile(rf"{re.escape(self._prefix)}_user_[1-9][0-9]*", re.IGNORECASE)
        try:
            found = await _insist(lambda: self._accounts.search(f"{self._prefix}_user_"))
        except SetupError as error:
            self.left.append(harmless(f"users named {self._prefix}_user_… ({error})"))
            return
        for uid in sorted(filter(pattern.fullmatch, found)):
            if uid.casefold() in self._spared:
                self._leave_alone(f"user {uid}: a run that is still alive holds this name, left alone")
                continue
            try:
                await self._remove_marked(uid, is_dry_run)
            except Exception as error:
                # Whatever it is, the others are removed; this one is named.
                self.left.append(harmless(f"{USER_KIND} {uid} ({error or type(error).__name__})"))

    async def _remove_marked(self, uid: str, is_dry_run: bool) -> None:
        user = await _insist(lambda: self._accounts.look(uid))
        if user is None:
            return
        if not is_marker(user.email, uid, domains=(self._domain,)):
            whose = "another address" if user.email else "no address"
            self._leave_alone(f"user {uid}: has {whose}, no marker; left alone")
        elif is_dry_run:
            say(f"would remove {USER_KIND} {uid}")
        else:
            await _insist(lambda: remove_user(self._accounts, uid))
            say(f"removed {USER_KIND} {uid}")

    def _leave_alone(self, text: str) -> None:
        text = harmless(text)
        self.alone.append(text)
        say(text)


def held_by_living(paths: Iterable[Path], host: str) -> frozenset[str]:
    """Users that runs which are alive have in their ledgers, at this server under whatever spelling."""
    held: set[str] = set()
    for path in paths:
        text = look_at_living(path)
        if text is not None and text.head is not None and place_of(text.head.nextcloud_url) == place_of(host):
            held.update(name.casefold() for kind, name in text.entries if kind == USER_KIND)
    return frozenset(held)


async def _insist(act: Callable[[], Awaitable[T]]) -> T:
    """`act`, tried a few times; raises SetupError of the last try.

    Credentials that were refused are not shown again.
    """
    for _ in range(MAX_TRIES - 1):
        try:
            return await act()
        except Denied:
            raise
        except SetupError:
            await trio.sleep(PAUSE_S)
    return await act()
