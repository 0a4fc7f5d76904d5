"""What became of what a ledger named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actors.text import harmless
from sim.clean.ledger import Ledger
from sim.clean.ledger_text import Entry
from sim.clean.thing import Thing
from sim.clean.things import all_things


def remaining(
    ledger: Ledger,
    reasons: Mapping[tuple[str, str], str] | None = None,
    things: Mapping[str, Thing] | None = None,
) -> tuple[str, ...]:
    """Names of what the ledger still has, with what is known of the reason."""
    things, known = all_things() if things is None else things, reasons or {}
    return tuple(
        named(entry, known.get(entry.key, ""))
        for entry in ledger.entries
        if entry.kind not in things or not things[entry.kind].goes_first
    )


def possibly_left(uids: Iterable[str]) -> tuple[str, ...]:
    """Those whose last calls were never answered: they may have made the home anew, where no API shows it."""
    return tuple(
        f"files (home) of {uid} (possibly: a call was never answered, and may end after the user was removed)"
        for uid in sorted(uids)
    )


def named(entry: Entry, reason: str = "") -> str:
    """For a person, with the reason why it is there."""
    name = harmless(f"{entry.kind} {entry.name}")
    return f"{name} ({reason})" if reason else name
