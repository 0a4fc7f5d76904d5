"""What a run made in accounts that stay: what bears its mark, and nothing else."""

from __future__ import annotations

import attrs

from actors.content import Account
from sim.clean.ledger_text import Entry
from sim.clean.marker import MARK
from sim.clean.thing import Hopeless, Means, StillThere

MARK_KIND = "mark"
ROUNDS = 3
"""Removing a folder removes what lies in it, and brings it all to the trash bin."""


@attrs.frozen
class ContentThing:
    """All shares, notes and files with the run's mark in one account, in its trash bin too.

    Shares first: that of a file which went to the trash bin no API shows any more, and it outlives the file.
    """

    kind: str = MARK_KIND
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        mark = means.ledger.head.mark
        if not MARK.fullmatch(mark):
            raise Hopeless(f"{mark!r} is no run's mark, so what bears it cannot be told from other things")
        account = Account(means.http, means.person(entry, entry.name))
        for look in (account.shares, account.notes, account.files, account.trash):
            for _ in range(ROUNDS):
                found = await look(mark)
                if not found:
                    break
                for address in dict.fromkeys(found):
                    await account.delete(address)
                    means.progressed()
            else:
                if left := await look(mark):
                    raise StillThere(f"{len(left)} things with the run's mark are still there")


THING = ContentThing()
