"""What a kind of removable thing is, and what removing it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import attrs
import httpx

from actors.errors import SetupError
from actors.login.app_passwords import Devices
from actors.ports import Accounts, Person
from actors.secret import Secret
from sim.clean.ledger import Ledger
from sim.clean.ledger_text import Entry


class Hopeless(SetupError):
    """Trying again cannot help: something that only a person can give is missing, or it was refused."""


class StillThere(SetupError):
    """The removal was asked for, and a look afterwards found the thing."""


class Expires(SetupError):
    """Nobody can remove it, if it exists at all, and it goes by itself."""


@attrs.define
class Means:
    """What removing may use.

    Attributes:
        accounts: None where no admin account was given.
        http: with Nextcloud's base URL; it keeps no cookies.
        passwords: of accounts that stay, by the name they log in with.
        devices: the users' lists of app passwords.
        spared: names that a run which lives holds on this server, case-folded.
        say: tells a line.
        progressed: to be called when a part of a thing is gone: what takes long is not given up while it
            goes on.
        answered: to be called when the server has answered one of several requests of a try: the bound of
            the try begins anew. To be called a bounded number of times.
    """

    ledger: Ledger
    accounts: Accounts | None
    http: httpx.AsyncClient
    devices: Devices
    passwords: Mapping[str, Secret] = attrs.Factory(dict)
    spared: frozenset[str] = frozenset()
    say: Callable[[str], None] = lambda text: None
    progressed: Callable[[], None] = lambda: None
    answered: Callable[[], None] = lambda: None

    def person(self, entry: Entry, uid: str) -> Person:
        """The owner of an account that stays. Raises Hopeless where the password is not known."""
        if not str(self.http.base_url):
            raise Hopeless("NEXTCLOUD_HOST is not set, so nobody can look into the account")
        login = entry.details.get("login", uid)
        password = self.passwords.get(login)
        if password is None:
            raise Hopeless(f"no password for {login}: name the --accounts file of that run")
        return Person(uid, password, login_name=login)


class Thing(Protocol):
    """One kind of thing: how it is looked for, removed, and confirmed to be gone.

    Attributes:
        kind: the word in the ledger.
        goes_first: removed before all others, which make it void if that fails: it is never left behind.
    """

    kind: str
    goes_first: bool

    async def remove(self, entry: Entry, means: Means) -> None:
        """Return only when a well-formed answer showed it to be gone, or never to have been.

        May be called again after any error. Raises Hopeless and Expires; everything else that is
        raised says why it may still be there, and another try may help.
        """


@runtime_checkable
class SeenAgain(Protocol):
    """A kind that may come back after its removal: a server goes on with what it had begun."""

    async def back(self, entries: list[Entry], means: Means) -> list[Entry]:
        """Those of them that are there again, by one look for all of them."""
