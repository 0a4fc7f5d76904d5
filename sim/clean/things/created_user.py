"""Users that a run created."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from actors.errors import SetupError
from actors.ocs import Denied
from actors.ports import Accounts, ListedUser
from sim.clean.ledger_text import Entry, EntryState
from sim.clean.marker import is_marker
from sim.clean.thing import Hopeless, Means, StillThere

USER_KIND = "user"
LOOKS_S = (0.0, 0.5, 1.0, 2.0, 3.0)
"""Pauses before each look for what may still be coming into being: it does so in steps, and goes on
after its caller has hung up."""

GONE_LOOKS_S = (0.0, 0.5, 1.0)


@attrs.frozen
class UserThing:
    """A user; homes, notes, files, shares and app passwords go with them."""

    kind: str = USER_KIND
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        accounts = admin_of(means)
        if entry.state is EntryState.INTENDED:
            found = await settled(accounts, entry.name, means.answered)
            if found is None:
                return
            if found.email and not _is_ours(found, means):
                means.say(f"  the user {entry.name} is somebody else's (another address), and stays")
                return
            if not found.email:
                _check_spared(entry, means)
        elif not means.ledger.is_own:
            found = await accounts.look(entry.name)
            means.answered()
            if found is None:
                return
            if found.email and not _is_ours(found, means):
                raise Hopeless("the address is not of that run any more: if it is yours, remove it by hand")
            _check_spared(entry, means)
        await remove_user(accounts, entry.name, means.answered)

    async def back(self, entries: list[Entry], means: Means) -> list[Entry]:
        """Those of our users who are there again. Raises SetupError."""
        accounts = admin_of(means)
        there = await accounts.existing(frozenset(entry.name for entry in entries))
        found = []
        for entry in (one for one in entries if one.name in there):
            user = await settled(accounts, entry.name)
            if user is not None and (not user.email or _is_ours(user, means)):
                found.append(entry)
        return found


THING = UserThing()


def heard() -> None:
    """Where nobody counts answers."""


async def settled(accounts: Accounts, uid: str, answered: Callable[[], None] = heard) -> ListedUser | None:
    """The user, once the address is set; without one only if it does not come within seconds.

    None where well-formed answers said over all this time that there is no such user. Raises
    SetupError where not even that is known; at once where the account that asks is refused.
    """
    found: ListedUser | None = None
    unknown: SetupError | None = None
    for pause_s in LOOKS_S:
        await trio.sleep(pause_s)
        try:
            found = await accounts.look(uid)
        except Denied:
            raise
        except SetupError as error:
            # While a home is half made a look at its user fails.
            unknown = error
        answered()
        if found is not None and found.email:
            return found
    if found is None and unknown is not None:
        raise unknown
    return found


async def remove_user(accounts: Accounts, uid: str, answered: Callable[[], None] = heard) -> None:
    """Ask for it, and look until a well-formed answer shows the user gone. Raises SetupError."""
    reason: SetupError = StillThere(f"the user {uid} is still there")
    try:
        await accounts.delete(uid)
    except Denied:
        raise
    except SetupError as error:
        # It may have been carried out all the same: only the look tells.
        reason = error
    answered()
    for pause_s in GONE_LOOKS_S:
        await trio.sleep(pause_s)
        try:
            found = await accounts.look(uid)
        except Denied:
            raise
        except SetupError as error:
            raise SetupError(f"possibly: no answer says whether the user is gone: {error}") from error
        if found is None:
            return
        answered()
    raise reason


def admin_of(means: Means) -> Accounts:
    """Raises Hopeless where there is no admin account."""
    if means.accounts is None:
        raise Hopeless("no admin account was given: set NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD")
    return means.accounts


def _is_ours(user: ListedUser, means: Means) -> bool:
    head = means.ledger.head
    domains = (head.mail_domain,) if head.mail_domain else ()
    if is_marker(user.email, user.uid, head.mark, domains):
        return True
    # A ledger of an earlier release: its users bear no mark.
    return not head.mail_domain and is_marker(user.email, user.uid) and "+" not in user.email


def _check_spared(entry: Entry, means: Means) -> None:
    if entry.name.casefold() in means.spared:
        raise Hopeless("a run that is still alive holds this name")
