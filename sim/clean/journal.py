"""The ledger of a run as those see it who make things: also where somebody elsewhere keeps a copy of it."""

from __future__ import annotations

from typing import Protocol

from actors.secret import Secret
from sim.clean.ledger import Ledger
from sim.clean.ledger_text import LedgerHead


class LedgerMirror(Protocol):
    """Keeps a copy somewhere else."""

    def tell(self, line: str) -> None:
        """It is in the ledger. Neither waits nor raises."""

    async def written(self) -> None:
        """Return when all that was told before is on the other's disk."""


class NoMirror:
    """The ledger is the only one."""

    def tell(self, line: str) -> None:
        """To nobody."""

    async def written(self) -> None:
        """At once."""


class RunJournal:
    """See `actors.ports.Journal`. Nothing is made before the ledger, and its copy, name it.

    Cancelled while the copy is awaited, the ledger names what was never asked for, and that harms nobody.
    """

    def __init__(self, ledger: Ledger, mirror: LedgerMirror | None = None) -> None:
        self._ledger = ledger
        self._mirror = mirror or NoMirror()

    @property
    def head(self) -> LedgerHead:
        """Which run it is."""
        return self._ledger.head

    async def intend(self, kind: str, name: str, **details: str) -> None:
        """Raises SetupError where it cannot be noted: then the thing must not be made."""
        self._ledger.intend(kind, name, **details)
        await self.written()

    async def written(self) -> None:
        """Return when the copy names all that the ledger does."""
        await self._mirror.written()

    def created(self, kind: str, name: str, **details: str) -> None:
        """It exists now."""
        self._ledger.created(kind, name, **details)

    def removed(self, kind: str, name: str) -> None:
        """It is gone, or never came to be."""
        self._ledger.removed(kind, name)

    def keep_secret(self, kind: str, name: str, value: Secret) -> None:
        """What removing it needs."""
        self._ledger.keep_secret(kind, name, value)
