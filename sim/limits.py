"""Thresholds while a run goes on: those that abort it, and the search for the rate that holds."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from sim.config import Load
from sim.grammar.threshold import Threshold
from sim.measure.recorder import Recorder
from sim.measure.thresholds import Verdict, judge
from sim.profile.shapes import OpenProfile

LEAST_CHECK_S = 1.0
CHECKS = 600
"""How often a run looks at its limits, unless that were more often than every `LEAST_CHECK_S`."""

INTERVALS = 60
"""Into how many a search cuts its profile, unless they were shorter than `LEAST_CHECK_S`."""

COST = 100
"""A look holds up whatever else this process does; so it is not to take more than the COST-th part of
the time. (On the virtual clock it takes none, and so comes at the same instants in every run.)
"""


@attrs.define
class Breakpoint:
    """What a search found, in arrivals a second.

    The profile is cut into intervals. In each one the limits are compared with what came to an end
    within it, not with the whole run until then: what the server did well at ten a second must not
    hide what it does at a hundred. An interval *held* when something was measured for every limit and
    none broke. One *broke* when a limit did, or when nothing was measured for a limit for so long that
    an answer, or the time-out of a call, was due. Any other interval decides nothing. A limit with
    `abort after D` counts from D on.

    Attributes:
        held: the highest rate at the end of an interval that held; None: none did.
        broke: the rate at the end of the interval that broke; None: none did.
        by: the limits that broke, with what was measured.
        silent: limits for which nothing was measured in the last interval.
    """

    held: float | None = None
    broke: float | None = None
    by: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def __str__(self) -> str:
        held = "no rate held" if self.held is None else f"{self.held:.4g}/s held"
        if self.broke is not None:
            return f"{held}, {self.broke:.4g}/s did not ({'; '.join(self.by)})"
        if self.silent:
            return f"{held}; at the end nothing was measured of {'; '.join(self.silent)}"
        return held if self.held is None else f"{held}, up to the end of the profile"


class Limits:
    """The limits of one run. Nothing here stops it: `watch` returns when it is to be stopped.

    Attributes:
        breakpoint: what the search has found, None where the run is none.
        stopped_it: whether one of them broke and is to end the run. What broke at one time may hold
            over the whole.
    """

    def __init__(self, thresholds: Sequence[Threshold], recorder: Recorder, load: Load) -> None:
        self._recorder = recorder
        self._aborting = [threshold for threshold in thresholds if threshold.aborts]
        profiles = [group.profile for group in load.groups]
        self._seeking = [p for p in profiles if isinstance(p, OpenProfile) and p.breakpoint]
        self._longest_s = max(profile.duration_s for profile in profiles)
        self._patience_s = load.call_timeout_s
        self._heard = {limit: limit.abort_after_s or 0.0 for limit in self._aborting}
        self.stopped_it = False
        self.breakpoint = Breakpoint() if self._seeking else None

    async def watch(self) -> str:
        """From the begin of the measured phase on: returns why the run is to be stopped, when it is."""
        if not self._aborting:
            await trio.sleep_forever()
        begun = trio.current_time()
        if self.breakpoint is None:
            broken = await self._until_broken(begun)
        else:
            broken = await self._until_found(begun, self.breakpoint)
        self.stopped_it = True
        return f"threshold broken after {trio.current_time() - begun:.1f}s: {broken}"

    async def _until_broken(self, begun: float) -> Verdict:
        pause_s = max(LEAST_CHECK_S, self._longest_s / CHECKS)
        cost_s = 0.0
        while True:
            await trio.sleep(max(pause_s, COST * cost_s))
            now = trio.current_time()
            for verdict in self._judge(self._recorder, now - begun):
                # Before the first answer nothing is known.
                if not verdict.held and verdict.measured is not None:
                    return verdict
            cost_s = trio.current_time() - now

    async def _until_found(self, begun: float, found: Breakpoint) -> Verdict:
        interval_s = max(LEAST_CHECK_S, self._longest_s / INTERVALS)
        while True:
            with self._recorder.open_window() as window:
                await trio.sleep(interval_s)
            elapsed_s = trio.current_time() - begun
            verdicts = self._judge(window, elapsed_s)
            rate = sum(profile.level_at(elapsed_s) for profile in self._seeking)
            found.silent = tuple(str(v.threshold) for v in verdicts if v.measured is None)
            if broken := [v for v in verdicts if self._is_broken(v, elapsed_s)]:
                found.broke, found.by = rate, tuple(map(str, broken))
                return broken[0]
            if len(verdicts) == len(self._aborting) and not found.silent:
                found.held = max(rate, found.held or 0.0)

    def _judge(self, recorder: Recorder, elapsed_s: float) -> list[Verdict]:
        """Those limits that count by now."""
        return [judge(t, recorder) for t in self._aborting if elapsed_s >= (t.abort_after_s or 0.0)]

    def _is_broken(self, verdict: Verdict, elapsed_s: float) -> bool:
        if verdict.measured is None:
            return elapsed_s - self._heard[verdict.threshold] > self._patience_s
        self._heard[verdict.threshold] = elapsed_s
        return not verdict.held
