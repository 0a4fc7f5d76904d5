"""Thresholds while a run goes on: those that abort it, and the search for the rate that holds."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from actors.measurement import Phase
from sim.config import Group
from sim.grammar.threshold import Threshold
from sim.measure.recorder import Recorder
from sim.measure.thresholds import Verdict, judge
from sim.profile.shapes import OpenProfile

LEAST_CHECK_S = 1.0
CHECKS = 60
"""How often a run looks at its limits, unless that were more often than every `LEAST_CHECK_S`."""


@attrs.define
class Breakpoint:
    """What a search found, in arrivals a second.

    Attributes:
        held: the highest rate at the end of an interval in which every limit held; None: none did.
        broke: the rate at the end of the first interval in which one did not; None: all held to the end.
        by: the limits that broke.
    """

    held: float | None = None
    broke: float | None = None
    by: tuple[str, ...] = ()

    def __str__(self) -> str:
        held = "no rate held" if self.held is None else f"{self.held:.4g}/s held"
        if self.broke is None:
            return f"{held}, to the end of the profile"
        return f"{held}, {self.broke:.4g}/s did not ({'; '.join(self.by)})"


class Limits:
    """The limits of one run. Nothing here stops it: `watch` returns when it is to be stopped.

    Attributes:
        breakpoint: what the search has found, None where the run is none.
        stopped_it: whether one of them broke and is to end the run. What broke at one time may hold
            over the whole.
    """

    def __init__(self, thresholds: Sequence[Threshold], recorder: Recorder, groups: Sequence[Group]) -> None:
        self._recorder = recorder
        self._aborting = [threshold for threshold in thresholds if threshold.aborts]
        self._seeking = [
            g.profile for g in groups if isinstance(g.profile, OpenProfile) and g.profile.breakpoint
        ]
        longest_s = max(group.profile.duration_s for group in groups)
        self._interval_s = max(LEAST_CHECK_S, longest_s / CHECKS)
        self.stopped_it = False
        self.breakpoint = Breakpoint() if self._seeking else None

    async def watch(self) -> str:
        """From the begin of the measured phase on: returns why the run is to be stopped, when it is."""
        if not self._aborting:
            await trio.sleep_forever()
        begun = trio.current_time()
        while True:
            window = Recorder(phase=Phase.MEASURED)
            with self._recorder.watched_by(window):
                await trio.sleep(self._interval_s)
            elapsed_s = trio.current_time() - begun
            broken = self._broken(window if self._seeking else self._recorder, elapsed_s)
            if self.breakpoint is not None:
                self._note(self.breakpoint, elapsed_s, broken)
            if broken:
                self.stopped_it = True
                return f"threshold broken after {elapsed_s:.1f}s: {broken[0]}"

    def _broken(self, recorder: Recorder, elapsed_s: float) -> list[Verdict]:
        due = [t for t in self._aborting if elapsed_s >= (t.abort_after_s or 0.0)]
        verdicts = [judge(threshold, recorder) for threshold in due]
        # Before the first answer nothing is known; a search that gets no answer has found its limit.
        return [v for v in verdicts if not v.held and (v.measured is not None or self._seeking)]

    def _note(self, found: Breakpoint, elapsed_s: float, broken: Sequence[Verdict]) -> None:
        rate = sum(profile.level_at(elapsed_s) for profile in self._seeking)
        if broken:
            found.broke, found.by = rate, tuple(map(str, broken))
        else:
            found.held = rate
