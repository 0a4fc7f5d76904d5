"""The figures of a run that several shards drive: their windows, added up each second as if one's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import trio

from actors.events import Call, Event, Execution, Lateness, NotStarted, OnStage, Phase
from sim.measure.bins import BIN_EDGES_S
from sim.measure.documents import MAX_LEAVES
from sim.measure.hub import WINDOW_S
from sim.measure.leaves import Leaves
from sim.measure.snapshot import GeneratorUsage, Snapshot
from sim.measure.tally import Tally

ORDER = tuple(Phase)
LATE_S = 0.25
"""How long a window may be on its way without falling into a later second than its like."""
MAX_AHEAD_S = 60.0
"""Clocks that go at different rates part by less in a day; more is a clock that jumped."""


class BadWindow(ValueError):
    """It cannot be counted; the text says why, in one line."""


class FleetTally(Tally):
    """A `Tally` that is told windows beside events, and that whoever looks on cannot tell from another.

    A shard's windows keep to a grid of its own. Each is counted in the second in which its middle lies, so
    that none of ours has two of one shard, and the next one none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[int, Snapshot]] = []
        self._numbers: Counter[int] = Counter()
        """The last window of each shard."""
        self._dropped: set[int] = set()
        self._latest: dict[int, Snapshot] = {}
        self._busiest: dict[int, float] = {}
        self._rss_bytes = 0
        self._bins: Counter[int] = Counter()
        self.calls: Counter[int] = Counter()
        """Of the measured phase, by shard."""
        self._is_complete = False
        """Whether all that happened until now has been counted, and not until a second ago alone."""
        self.is_over = False
        """Whether nothing more will come: then nothing waits any longer."""

    def take(self, event: Event) -> None:
        """Count it, unless it is of a kind that the shards' windows have counted."""
        if not isinstance(event, Call | Execution | NotStarted | Lateness | OnStage):
            super().take(event)

    def put_window(self, shard: int, window: Snapshot) -> None:
        """A shard has closed it; its instants are those of our clock.

        Raises BadWindow for one that came before, or after one that is missing: then nothing of it counts.
        """
        expected = self._numbers[shard] + 1
        if window.number != expected:
            raise BadWindow(f"its window {window.number} comes where {expected} was to come")
        if window.started + window.seconds > trio.current_time() + MAX_AHEAD_S:
            raise BadWindow(f"its window {expected} is of a time to come")
        if max(window.bins, default=0) > len(BIN_EDGES_S):
            raise BadWindow(f"its window {expected} has bins that there are not")
        self._check_bound(window.leaves)
        self._numbers[shard] = expected
        self._waiting.append((shard, window))

    def drop_shard(self, shard: int) -> None:
        """Its users are not there any more; what it did counts, also what has yet to be counted."""
        self._dropped.add(shard)
        self._latest.pop(shard, None)
        self._add_up()

    def close_window(self, now: float, generator: GeneratorUsage | None = None) -> Snapshot:
        """With what the busiest of the shards used, for ours says little about how the load was made."""
        self._take_due()
        # What is in it happened about a second ago, and that is when it is said to have been.
        ended = now if self._is_complete or self.is_over else max(self._began, now - WINDOW_S)
        self._is_complete = False
        if generator is not None:
            used_s = max([*self._busiest.values(), 0.0])
            generator = GeneratorUsage(used_s, max(self._rss_bytes, generator.rss_bytes))
        self._busiest, self._rss_bytes = {}, 0
        return super().close_window(ended, generator)

    def end_phases_before(self, phase: Phase) -> None:
        """Count the windows of earlier phases that have come; the one that is open now ends with them."""
        self._count_those(lambda window: ORDER.index(window.phase) < ORDER.index(phase))
        self._is_complete = True

    def _peeked(self) -> Leaves:
        self._take_due()
        return super()._peeked()

    def _take_due(self) -> None:
        latest = trio.current_time() - WINDOW_S / 2 - LATE_S
        self._count_those(lambda window: self.is_over or middle_of(window) <= latest)

    def _count_those(self, is_due: Callable[[Snapshot], bool]) -> None:
        due = [each for each in self._waiting if is_due(each[1])]
        if not due:
            return
        self._waiting = [each for each in self._waiting if not is_due(each[1])]
        self._window.absorb_all([window.leaves for _, window in due])
        for shard, window in due:
            self._count(shard, window)
        self._add_up()
        self.changes += 1
        self._has_begun = True

    def _bins_of(self, window: Leaves) -> Mapping[int, int]:
        """As the shards have counted them: to sort all samples anew takes as long as adding up all else."""
        bins, self._bins = self._bins, Counter()
        return bins

    def _count(self, shard: int, window: Snapshot) -> None:
        if shard not in self._dropped:
            self._latest[shard] = window
        self._bins.update(window.bins)
        self.calls[shard] += window.leaves.counts_in(Phase.MEASURED).total
        if window.stalled_s:
            ended = window.started + window.seconds
            self.stalls.note(ended - window.stalled_s, ended)
        if window.generator is not None:
            self._busiest[shard] = self._busiest.get(shard, 0.0) + window.generator.cpu_s
            self._rss_bytes = max(self._rss_bytes, window.generator.rss_bytes)

    def _check_bound(self, leaves: Leaves) -> None:
        """Memory does not grow with what a shard makes up. Raises BadWindow."""
        for known, told in ((self.whole.steps, leaves.steps), (self.whole.stories, leaves.stories)):
            # Most often there are few, and who is new need not be asked.
            if len(known) + len(told) > MAX_LEAVES and len(known.keys() | told.keys()) > MAX_LEAVES:
                raise BadWindow(f"its windows tell of more than {MAX_LEAVES:,} different steps")

    def _add_up(self) -> None:
        wanted: dict[str, float] = {}
        there: Counter[str] = Counter()
        for window in self._latest.values():
            for group, level in window.wanted.items():
                wanted[group] = wanted.get(group, 0.0) + level
            there.update(window.there)
            self._units.update(window.units)
        self._wanted, self._there = wanted, dict(there)


def middle_of(window: Snapshot) -> float:
    return window.started + window.seconds / 2
