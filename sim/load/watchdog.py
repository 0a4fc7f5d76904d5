"""Thresholds while a run goes on: those that abort it, and the search for the rate that holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum

import attrs
import trio

from actors.events import Ending, Missed
from sim.config.grammar.threshold import Threshold, format_bound
from sim.config.model import Load
from sim.load.verdicts import Verdicts
from sim.measure.hub import Hub, Subscription, is_snapshot
from sim.measure.leaves import Leaves
from sim.measure.levels import USERS
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot
from sim.measure.thresholds import Verdict, judge

MIN_CHECK_S = 1.0
CHECKS = 600
"""How often a run looks at its limits, unless that were more often than every `MIN_CHECK_S`."""

INTERVALS = 60
"""Into how many a search cuts its profile, unless they were shorter than `MIN_CHECK_S`."""


@attrs.define
class Breakpoint:
    """What a search found, in arrivals a second.

    The profile is cut into intervals. In each one the limits are compared with what came to an end
    within it, not with the whole run until then: what the server did well at ten a second must not
    hide what it does at a hundred. An interval *held* when something was measured for every limit, none
    broke, and what was due was carried out. One *broke* when a limit did, when an arrival was dropped or
    came too late, or when nothing was measured for a limit for so long that an answer, or the time-out
    of a call, was due. Any other interval decides nothing. A limit with `abort after D` counts from D on,
    and what was due from where the first limit does.

    Attributes:
        held: the highest rate at the end of an interval that held; None: none did.
        succeeded: how many executions a second succeeded in that interval; None where none came to an end.
        broke: the rate at the end of the interval that broke; None: none did.
        by: the limits that broke, with what was measured, and what was not carried out.
        silent: limits for which nothing was measured in the last interval.
        note: what the users at hand can carry at most, where they were too few; else "".
    """

    held: float | None = None
    broke: float | None = None
    by: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    succeeded: float | None = None
    note: str = ""

    def __str__(self) -> str:
        held = "no rate held" if self.held is None else f"{self.held:.4g}/s held"
        if self.held is not None and self.succeeded is not None:
            held = f"{self.succeeded:.4g}/s held (executions that succeeded, of {self.held:.4g}/s due)"
        if self.broke is not None:
            note = f". {self.note}" if self.note else ""
            return f"{held}, {self.broke:.4g}/s did not ({'; '.join(self.by)}){note}"
        if self.silent:
            return f"{held}; at the end nothing was measured of {'; '.join(self.silent)}"
        return held if self.held is None else f"{held}, up to the end of the profile"


class Watchdog:
    """The limits of one run: it looks on, and says when the run is to be stopped.

    Attributes:
        breakpoint: what the search has found, None where the run is none.
        stopped_it: whether one of them broke on the way, or a search came to a rate that did not hold. What
            broke at one time may hold over the whole.
    """

    def __init__(self, thresholds: Sequence[Threshold], hub: Hub, load: Load) -> None:
        self._hub = hub
        self._thresholds = tuple(thresholds)
        self._aborting = [threshold for threshold in thresholds if threshold.aborts]
        self._seeking = [group for group in load.groups if group.profile.breakpoint]
        self._is_of_users = all(group.profile.unit == USERS for group in load.groups)
        self._longest_s = max(group.profile.duration_s for group in load.groups)
        self._patience_s = load.call_timeout_s
        self._max_lag_s = load.max_lag_s
        self._heard = {limit: limit.abort_after_s or 0.0 for limit in self._aborting}
        self._broken: dict[Threshold, str] = {}
        self._known = Verdicts(hub.emit)
        self._last: tuple[Verdict, ...] = ()
        self._holding: list[tuple[float, float, float | None]] = []
        """The intervals that held so far: when each ended, its rate, and what succeeded."""
        self._begun = 0.0
        self.stopped_it = False
        self.breakpoint = Breakpoint() if self._seeking else None

    async def watch(self, stop: Callable[[str], None]) -> None:
        """From the begin of the measured phase on; `stop` is told why the run is to be stopped."""
        if not self._thresholds:
            return
        begun = self._begun = trio.current_time()
        with self._hub.subscribe(is_snapshot) as windows:
            if self.breakpoint is None:
                broken = await self._until_broken(windows, begun)
            else:
                broken = await self._until_found(windows, begun, self.breakpoint)
                self.settle()
        self.stopped_it = True
        users = self._hub.users_there if self._is_of_users else 0
        on_stage = f" with {users} users on stage" if users else ""
        stop(f"threshold broken after {trio.current_time() - begun:.1f}s{on_stage}: {broken}")

    def conclude(self) -> None:
        """The load is over, and every call of it has come to its end: tell the last word on each limit."""
        self._last = self._known.conclude(self._over_the_whole(), trio.current_time())

    def verdicts(self, leaves: Leaves | None = None) -> tuple[Verdict, ...]:
        """Of all limits, at the end: over the whole measured phase. What broke on the way does not hold.

        Args:
            leaves: of the run, as far as it has come; None: of all of it.
        """
        return self._last or self._over_the_whole(leaves)

    def _over_the_whole(self, leaves: Leaves | None = None) -> tuple[Verdict, ...]:
        leaves = self._hub.so_far() if leaves is None else leaves
        whole = [judge(threshold, leaves) for threshold in self._thresholds]
        return tuple(
            attrs.evolve(verdict, held=False, note=f"over the whole run; it broke {broken}")
            if verdict.held and (broken := self._broken.get(verdict.threshold))
            else verdict
            for verdict in whole
        )

    async def _until_broken(self, windows: Subscription, begun: float) -> str:
        pause_s, looked = max(MIN_CHECK_S, self._longest_s / CHECKS), begun
        async for _ in windows:
            now = trio.current_time()
            if now - looked < pause_s - 1e-6:
                continue
            looked = now
            # Before the first answer nothing is known.
            whole = self._hub.so_far()
            verdicts = [v for v in judged(self._thresholds, whole, now - begun) if v.measured is not None]
            self._known.note(verdicts, now)
            if broken := [v for v in verdicts if not v.held and v.threshold.aborts]:
                self._note_broken(broken, now - begun)
                return str(broken[0])
        return "the run ended"

    async def _until_found(self, windows: Subscription, begun: float, found: Breakpoint) -> str:
        interval_s = max(MIN_CHECK_S, self._longest_s / INTERVALS)
        for number in range(1, 10**9):
            await trio.sleep_until(begun + number * interval_s)
            # Intervals of a search need not end with a window's second.
            self._hub.close_window()
            window = Leaves.merged(told.leaves for told in windows.take() if isinstance(told, Snapshot))
            if reason := self._take_interval(window.all_measured(), interval_s, found):
                return reason
        raise AssertionError("no search lasts for ever")

    def _take_interval(self, window: Leaves, interval_s: float, found: Breakpoint) -> str:
        """What an interval shows; why it broke, "" where it did not."""
        window.seconds = interval_s
        elapsed_s = trio.current_time() - self._begun
        verdicts = judged(self._aborting, window, elapsed_s)
        rate = self._rate_at(elapsed_s)
        found.silent = tuple(str(v.threshold) for v in verdicts if v.measured is None)
        broken = [v for v in verdicts if self._is_broken(v, elapsed_s)]
        undone = not_carried_out(window, self._max_lag_s) if verdicts else ()
        self._note_interval(verdicts, broken, elapsed_s)
        if broken or undone:
            self._note_broken(broken, elapsed_s)
            found.broke, found.by = rate, (*map(str, broken), *undone)
            found.note = self._capacity(window, rate) if undone else ""
            return found.by[0]
        if len(verdicts) == len(self._aborting) and not found.silent:
            self._holding.append((trio.current_time(), rate, succeeded_per_s(window)))
            self._name_best(found)
        return ""

    def _note_interval(
        self, verdicts: Sequence[Verdict], broken: Sequence[Verdict], elapsed_s: float
    ) -> None:
        """The limits that a search is for are known by the interval; the others by the whole."""
        now = trio.current_time()
        self._known.note((verdict for verdict in verdicts if verdict not in broken), now)
        for verdict in broken:
            self._known.find(attrs.evolve(verdict, held=False), now)
        others = [limit for limit in self._thresholds if not limit.aborts]
        self._known.note(judged(others, self._hub.so_far(), elapsed_s), now)

    def settle(self) -> None:
        """Once what was due has been played or dropped: what was due while a rate seemed to hold, and was
        dropped since, takes it back.
        """
        found = self.breakpoint
        counted_from = self._begun + min((t.abort_after_s or 0.0 for t in self._aborting), default=0.0)
        if found is None or not (lost := [at for at in self._hub.so_far().dropped_due if at >= counted_from]):
            return
        first = min(lost)
        self._holding = [each for each in self._holding if each[0] <= first]
        self._name_best(found)
        if found.broke is None:
            found.broke = self._rate_at(first - self._begun)
            found.by = not_carried_out(self._hub.so_far(), self._max_lag_s)
            found.note = self._capacity(self._hub.so_far(), found.broke)
            self.stopped_it = True

    def _name_best(self, found: Breakpoint) -> None:
        best = max(self._holding, key=lambda each: each[1], default=(0.0, None, None))
        _, found.held, found.succeeded = best

    def _rate_at(self, elapsed_s: float) -> float:
        return fsum(group.profile.level_at(elapsed_s) for group in self._seeking)

    def _note_broken(self, broken: Sequence[Verdict], elapsed_s: float) -> None:
        for verdict in broken:
            value = "" if verdict.measured is None else format_bound(verdict.measured, verdict.threshold.unit)
            self._broken[verdict.threshold] = f"after {elapsed_s:.1f}s" + (f", at {value}" if value else "")

    def _capacity(self, window: Leaves, rate: float) -> str:
        """What the users at hand can carry, where that is less than was due (Little 1961: L = λ·W)."""
        stories = (window.stories or self._hub.so_far().stories).values()
        mean_s = Sketch.merged(leaf.duration for leaf in stories).mean
        users = sum(group.users for group in self._seeking)
        if not mean_s or users / mean_s >= rate:
            return ""
        return (
            f"{users} users, each busy for {mean_s:.3g}s with a workflow, carry {users / mean_s:.4g}/s at "
            "most, whatever the server could do: --users gives more"
        )

    def _is_broken(self, verdict: Verdict, elapsed_s: float) -> bool:
        if verdict.measured is None:
            return elapsed_s - self._heard[verdict.threshold] > self._patience_s
        self._heard[verdict.threshold] = elapsed_s
        return not verdict.held


def judged(limits: Sequence[Threshold], leaves: Leaves, elapsed_s: float) -> list[Verdict]:
    """Those that count by now."""
    return [judge(limit, leaves) for limit in limits if elapsed_s >= (limit.abort_after_s or 0.0)]


def not_carried_out(window: Leaves, max_lag_s: float) -> tuple[str, ...]:
    """What was due within the window and found nobody, or found somebody too late; () when all was well."""
    dropped = window.count_not_started(Missed.DROPPED)
    due = dropped + sum(leaf.arrived.total() for leaf in window.stories.values())
    found = [f"{dropped} of {due} workflows that were due were dropped"] if dropped else []
    latest_s = max((leaf.latest_start_s for leaf in window.stories.values()), default=0.0)
    if max(latest_s, window.lateness.max) > max_lag_s:
        found.append(f"workflows began up to {max(latest_s, window.lateness.max):.3g}s late")
    return tuple(found)


def succeeded_per_s(window: Leaves) -> float | None:
    """Executions that succeeded, a second; None where none came to an end."""
    if not window.executions:
        return None
    count = sum(leaf.endings[Ending.SUCCEEDED] for leaf in window.stories.values())
    return count / window.seconds if window.seconds else None
