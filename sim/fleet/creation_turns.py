"""How many users are being created at the same time, in all shards together.

More than two at once make a real Nextcloud dead-lock in its address book. A shard creates nobody before the
coordinator has acknowledged that it is about to: so the acknowledgement is its turn.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator

from sim.clean.ledger_text import EntryState
from sim.clean.things.created_user import USER_KIND

Line = tuple[int, str]
"""The number of a ledger's line in its shard, and the line."""


class CreationTurns:
    """Gives acknowledgements: in the order of each shard's lines, and one for a user when there is room.

    Args:
        at_once: so many users are being created at most. A turn ends when the ledger says what came of it.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: dict[int, deque[Line]] = {}
        self._creating: set[tuple[int, str]] = set()

    def take(self, shard: int, lines: Iterable[Line]) -> Iterator[tuple[int, int]]:
        """These have come, and are written: which lines of which shards may be acknowledged now."""
        for number, line in lines:
            state, uid = user_in(line)
            if state in (EntryState.CREATED, REMOVED):
                # Nobody waits for it behind its own line: what it says counts at once.
                self._creating.discard((shard, uid))
            self._waiting.setdefault(shard, deque()).append((number, line))
        yield from self._given()

    def drop(self, shard: int) -> Iterator[tuple[int, int]]:
        """A shard is lost; whoever it was creating takes no turn any more."""
        self._waiting.pop(shard, None)
        self._creating = {each for each in self._creating if each[0] != shard}
        yield from self._given()

    def _given(self) -> Iterator[tuple[int, int]]:
        for shard, lines in self._waiting.items():
            while lines and self._may(shard, lines[0][1]):
                yield shard, lines.popleft()[0]

    def _may(self, shard: int, line: str) -> bool:
        state, uid = user_in(line)
        if state != EntryState.INTENDED:
            return True
        if len(self._creating) >= self._at_once:
            return False
        self._creating.add((shard, uid))
        return True


REMOVED = "removed"


def user_in(line: str) -> tuple[str, str]:
    """What a line says of which user; ("", "") where it is about something else."""
    try:
        record = json.loads(line)
        for state in (*EntryState, REMOVED):
            if state in record:
                kind, name = record[state]
                return (str(state), str(name)) if kind == USER_KIND else ("", "")
    except (ValueError, TypeError):
        """Whoever reads the ledger judges it."""
    return "", ""
