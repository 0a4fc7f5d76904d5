"""A clock that leaps to the next instant at which anybody can go on, through trio's public interface.

trio asks a clock how long it may sleep only when no task can run, which is when this one leaps; the mock
clock of trio's tests waits for a whole idle turn of the loop first. Whoever sleeps by this module
is kept by the clock itself: without a cancel scope, and without an exception to wake by.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush

import outcome
import trio


class LeapingClock(trio.abc.Clock):
    """Begins at 0. Sockets and threads are out of bounds: it does not see that they are at work.

    Where nobody waits for an instant it stands still, as everybody does then: a run has a horizon.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, int, Nap]] = []
        self._number = 0

    def start_clock(self) -> None:
        """trio's."""

    def current_time(self) -> float:
        """Seconds since the run began."""
        return self._now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Nobody can run: leap to the first sleeper, or to trio's own `deadline` where that comes before."""
        sleepers = self._sleepers
        while sleepers and not sleepers[0][2].is_asleep:
            heappop(sleepers)
        first = min(deadline, sleepers[0][0]) if sleepers else deadline
        if first == math.inf:
            return math.inf
        self._now = max(first, self._now)
        while sleepers and sleepers[0][0] <= first:
            heappop(sleepers)[2].end(was_woken=False)
        return 0.0

    def expect(self, at: float, nap: Nap) -> None:
        """End this nap then. Those of one instant end in the order in which they began."""
        self._number += 1
        heappush(self._sleepers, (at, self._number, nap))


class Nap:
    """One sleep of one task, which somebody else may end.

    Attributes:
        is_asleep: it has begun, and neither its end nor a cancellation has come.
    """

    __slots__ = ("_task", "is_asleep")

    def __init__(self) -> None:
        self.is_asleep = False
        self._task: trio.lowlevel.Task

    async def until(self, at: float) -> bool:
        """Sleep until `at`, on the run's leaping clock. True where somebody has ended it before.

        Cancelled, it is over, and nothing that comes later ends it again.
        """
        if at < math.inf:
            clock_of_run().expect(at, self)
        self._task, self.is_asleep = trio.lowlevel.current_task(), True
        was_woken: bool = await trio.lowlevel.wait_task_rescheduled(self._give_up)
        return was_woken

    def end(self, *, was_woken: bool = True) -> bool:
        """Let the sleeper go on; False where nobody sleeps here any more."""
        if not self.is_asleep:
            return False
        self.is_asleep = False
        trio.lowlevel.reschedule(self._task, outcome.Value(was_woken))
        return True

    def _give_up(self, raise_cancel: object) -> trio.lowlevel.Abort:
        self.is_asleep = False
        return trio.lowlevel.Abort.SUCCEEDED


async def pass_time(seconds: float, until: float = math.inf) -> None:
    """Let so much time pass. Raises trio.TooSlowError at `until`, where that does not come later."""
    end = clock_of_run().current_time() + seconds
    await Nap().until(min(end, until))
    if end >= until:
        raise trio.TooSlowError


def clock_of_run() -> LeapingClock:
    """The clock of this run, which has to be a leaping one."""
    clock = trio.lowlevel.current_clock()
    assert isinstance(clock, LeapingClock)
    return clock
