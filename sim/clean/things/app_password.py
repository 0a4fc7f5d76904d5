"""App passwords that an MCP server got of accounts that stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import trio

from actors.errors import LoginError
from actors.ocs import Denied
from actors.ports import Person
from sim.clean.ledger_text import Entry, EntryState
from sim.clean.thing import Hopeless, Means, StillThere

APP_PASSWORD_KIND = "app_password"  # noqa: S105 (a kind of thing, no password)
REFUSALS = ("wrong password", "HTTP 401", "HTTP 403")
LOOK_AGAIN_S = 5.0
"""What was only intended and is not there may still be being created."""


@attrs.frozen
class AppPasswordThing:
    """One app password, named `{uid}/{number}`; while it is intended, whatever came beyond those known."""

    kind: str = APP_PASSWORD_KIND
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        if entry.state is EntryState.INTENDED:
            person = means.person(entry, entry.name)
            known = frozenset(_number(word) for word in entry.details.get("known", "").split())
            with refused_for_good(person):
                await means.devices.revoke_new(person, known)
                await trio.sleep(LOOK_AGAIN_S)
                if await means.devices.revoke_new(person, known):
                    raise StillThere("another one came meanwhile")
            return
        uid, _, number = entry.name.rpartition("/")
        person = means.person(entry, uid)
        with refused_for_good(person):
            await means.devices.revoke(person, _number(number))
            if _number(number) in await means.devices.app_passwords(person):
                raise StillThere(f"it is still in the list of {uid}")


THING = AppPasswordThing()


@contextmanager
def refused_for_good(person: Person) -> Iterator[None]:
    """A login that was refused is not tried again: that only trips brute-force protection."""
    try:
        yield
    except LoginError as error:
        if any(word in error.reason for word in REFUSALS):
            raise Denied(person.login, str(error)) from None
        raise


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 20):
        raise Hopeless(f"{word!r} is no number of an app password")
    return int(word)
