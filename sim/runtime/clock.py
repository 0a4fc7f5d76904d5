"""The time in which a run happens: everybody's, or virtual time, which leaps.

The only place that knows trio's switch for a reproducible order of tasks. That switch is private to
trio, which is therefore pinned to an exact version; `tests/sim/runtime/test_clock.py` holds what is relied
on here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import trio
import trio._core._run as scheduler

from sim.runtime.leaping import LeapingClock
from sim.runtime.process_usage import usage_meter

T = TypeVar("T")


class Clock(Protocol):
    """The time in which a run happens.

    Attributes:
        name: `wall` or `virtual`, as reports say it.
        goes_by_itself: whether it passes also while something is computed, or waited for.
    """

    name: str
    goes_by_itself: bool

    def run(self, main: Callable[[], Awaitable[T]], seed: int) -> T:
        """`trio.run(main)` in this time."""

    def date(self) -> str:
        """What a calendar says now (ISO 8601, UTC); "" where there is none."""

    def usage_meter(self) -> Callable[[], tuple[float, int]] | None:
        """See `sim.runtime.process_usage`; None where what this process uses means nothing."""

    async def meanwhile(self, act: Callable[[], Awaitable[None]]) -> None:
        """`act`, for somebody who waits; nobody does where time leaps."""


class RealClock:
    """Everybody's time."""

    name = "wall"
    goes_by_itself = True

    def run(self, main: Callable[[], Awaitable[T]], seed: int) -> T:
        """The order of tasks that are ready at once is trio's own, whatever the seed."""
        return trio.run(main)

    def date(self) -> str:
        """To the second."""
        return datetime.now(UTC).isoformat(timespec="seconds")

    def usage_meter(self) -> Callable[[], tuple[float, int]]:
        """Of CPU time and memory."""
        return usage_meter()

    async def meanwhile(self, act: Callable[[], Awaitable[None]]) -> None:
        """To its end."""
        await act()


class VirtualClock:
    """Time that passes only while every task waits; the same seed, the same run."""

    name = "virtual"
    goes_by_itself = False

    def run(self, main: Callable[[], Awaitable[T]], seed: int) -> T:
        """See `run_virtual`."""
        return run_virtual(main, seed)

    def date(self) -> str:
        """Runs of one seed are the same whenever they are made."""
        return ""

    def usage_meter(self) -> None:
        """None: no second of it is one of the processor's."""
        return

    async def meanwhile(self, act: Callable[[], Awaitable[None]]) -> None:
        """Not at all."""


def run_virtual(main: Callable[[], Awaitable[T]], seed: int) -> T:
    """`trio.run(main)` on virtual time, which begins at 0. The same seed runs tasks in the same order.

    Sockets and threads are out of bounds inside: the clock does not see that they are at work.
    """
    with reproducible_order(seed):
        return trio.run(main, clock=LeapingClock())


@contextmanager
def reproducible_order(seed: int) -> Iterator[None]:
    """Tasks that are ready at once run in an order drawn from `seed`, not from their addresses."""
    before = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    scheduler._r.seed(seed)
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = before[0]  # type: ignore[misc]
        scheduler._r.setstate(before[1])
