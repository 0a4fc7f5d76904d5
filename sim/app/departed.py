"""The end of a run of several shards: each removes what it made; for lost ones, their coordinator does.

A lost shard may live on, where only the way to it is cut: then it stops by itself when its lease ends, and
what it made is removed after that, so that nothing of it is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import attrs
import trio

from actors.errors import SetupError
from actors.events import Emit, Note
from sim.clean.cleanup_result import CleanupResult
from sim.clean.ledger import Ledger, take_over
from sim.clean.ledger_text import Entry
from sim.clean.removed import named
from sim.clean.remover import Remover
from sim.clean.thing import Means
from sim.config.model import Config
from sim.fleet.fleet import Fleet
from sim.fleet.lease import LEASE_S
from sim.fleet.mirror import Mirror
from sim.fleet.shard_state import ShardState

AFTER_LEASE_S = 5.0
"""So long a shard has after the end of its lease to notice it, and to let what it sent come to its answer."""


class Departed:
    """Made once, at the end of the run. `fleet` None: no shard was ever started."""

    def __init__(
        self,
        config: Config,
        fleet: Fleet | None,
        mirrors: Mapping[int, Mirror],
        means: Callable[[Ledger], Means],
    ) -> None:
        self._config = config
        self._fleet = fleet
        self._mirrors = mirrors
        self._means = means
        self._is_settled = fleet is None

    def unsettled(self) -> tuple[str, ...]:
        """What may be left where this was cut short; each shard knows its own then."""
        if self._fleet is None or self._is_settled:
            return ()
        for number, mirror in self._mirrors.items():
            shard = self._fleet.shards[number]
            if shard.left is None:
                shard.left = tuple(map(named, mirror.entries))
        return tuple(
            f"what {shard.name} made (named in {self._mirrors[shard.number].path})"
            for shard in self._fleet.shards.values()
            if shard.left and shard.number in self._mirrors
        )

    async def settle(self, emit: Emit) -> CleanupResult:
        """Wait for the last word of all who are there, then remove what the others left."""
        fleet = self._fleet
        if fleet is None:
            return CleanupResult(0, ())
        fleet.stop(1)
        await fleet.until(lambda: not fleet.there)
        parts = []
        for shard in fleet.shards.values():
            parts.append(await self._of_shard(shard, emit))
            shard.left = parts[-1].remaining
        self._is_settled = True
        return CleanupResult(
            sum(part.removed for part in parts),
            tuple(name for part in parts for name in part.remaining),
            tuple(name for part in parts for name in part.expiring),
            next((part.reason for part in parts if part.reason), ""),
            tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )

    async def _of_shard(self, shard: ShardState, emit: Emit) -> CleanupResult:
        """What it has removed itself, and what was removed for it, together."""
        mirror, own = self._mirrors.get(shard.number), removed_by_itself(shard)
        if mirror is None or self._keeps:
            return own
        if shard.rest is not None and own.is_clean:
            mirror.forget()
            return own
        entries = mirror.entries
        # What is named in no ledger cannot be removed from here: it may be there as ever.
        beside = [text for text in own.remaining if not any(is_about(text, entry) for entry in entries)]
        after = await self._remove_for(shard, mirror, emit)
        return attrs.evolve(
            after,
            removed=own.removed + after.removed,
            remaining=(*after.remaining, *beside),
            expiring=own.expiring + after.expiring,
            notes=own.notes + after.notes,
        )

    async def _remove_for(self, shard: ShardState, mirror: Mirror, emit: Emit) -> CleanupResult:
        await self._until_lease_ended(shard, emit)
        mirror.release()
        try:
            with take_over(mirror.path) as ledger:
                at_once = self._config.users.setup_concurrency
                result = await Remover(self._means(ledger), at_once, emit).remove_all()
            if result.is_clean:
                tick_off(mirror.original)
            return result
        except (SetupError, FileNotFoundError) as error:
            return CleanupResult(0, (f"what {shard.name} made ({error})",))

    @property
    def _keeps(self) -> bool:
        return not self._config.users.cleanup

    async def _until_lease_ended(self, shard: ShardState, emit: Emit) -> None:
        if shard.is_dead or shard.last is not None:
            return
        # Until it was given up it was sent beats, of which it may have heard.
        ends = shard.lost_at + LEASE_S + AFTER_LEASE_S
        if ends < trio.current_time():
            return
        wait_s = ends - trio.current_time()
        text = f"{shard.name} may live on until its lease ends: its users are removed in {wait_s:.0f}s"
        emit(Note(text, at=trio.current_time()))
        await trio.sleep_until(ends)


def removed_by_itself(shard: ShardState) -> CleanupResult:
    """As it has said, or as far as it was heard."""
    left = tuple(shard.last.left_behind) if shard.last is not None else ()
    if shard.rest is None:
        return CleanupResult(shard.removed, left)
    facts = shard.rest.facts
    return CleanupResult(facts.removed or 0, left, tuple(facts.expiring), "", tuple(facts.notes))


def is_about(text: str, entry: Entry) -> bool:
    """Whether a name of something that is left, with its reason or without, is that of an entry."""
    name = named(entry)
    return text == name or text.startswith(f"{name} (")


def tick_off(path: Path) -> None:
    """A ledger of a shard that died on this machine names what is gone by now."""
    with suppress(SetupError, FileNotFoundError), take_over(path) as ledger:
        for entry in ledger.entries:
            ledger.removed(entry.kind, entry.name)
