"""Stopping a run: in order, then at once what is being done, then everything.

Whoever asks for it (`StopSource`: the signals of this process; the coordinator of several) asks for a
`StopLevel`; what that means is done here.
"""

from __future__ import annotations

import enum
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from actors.events import Emit, Note
from actors.shelter import Shelter


class StopLevel(enum.IntEnum):
    """How much of a run is to end; each holds those before it."""

    NO_NEW_WORK = 1
    """What is being played may finish within the grace; while setting up, all work ends."""
    NO_WORK = 2
    """Calls under way come to their answer, then everything is removed."""
    LEAVE = 3
    """At once, without removing what has not been removed yet."""


class Stop:
    """What has been asked for so far.

    Attributes:
        level: the highest that was asked for, None for none.
        stopping: set from the first level on: no new work.
        work: holds set-up and load; cancelled by the first level while setting up, else by the second.
            Requests that are under way then come to their answer under the `shelter`.
        everything: holds the clean-up too; cancelled by the third.
        shelter: the run's own, for whatever sends requests that change something; the third opens it.
        signal: the one that asked first, None where it was none.
        has_work_to_finish: set once the load has begun.
        followers: told each level as it is carried out; they neither wait nor raise.
    """

    def __init__(self, emit: Emit) -> None:
        self.level: StopLevel | None = None
        self.stopping = trio.Event()
        self.work = trio.CancelScope()
        self.everything = trio.CancelScope()
        self.shelter = Shelter()
        self.signal: signal.Signals | None = None
        self.has_work_to_finish = False
        self.followers: list[Callable[[StopLevel], None]] = []
        self._emit = emit

    def request(self, level: StopLevel, by: signal.Signals | None = None) -> None:
        """Ask for `level`. It is carried out before it is told, so telling cannot prevent it."""
        before, self.level = self.level, max(level, self.level or level)
        if before is None:
            self.signal = by
        told = [self._carry_out(each) for each in StopLevel if (before or 0) < each <= level]
        if told:
            for follower in self.followers:
                follower(self.level)
        if told:
            self._emit(Note(told[-1], at=trio.current_time()))

    def _carry_out(self, level: StopLevel) -> str:
        match level:
            case StopLevel.NO_NEW_WORK:
                self.stopping.set()
                if self.has_work_to_finish:
                    return "Stopping: workflows may finish, then all is removed (again: interrupt them)"
                self.work.cancel()
                return "Stopping: removing what was created"
            case StopLevel.NO_WORK:
                self.work.cancel()
                return "Interrupting: calls under way end, then all is removed (again: leave at once)"
            case StopLevel.LEAVE:
                self.shelter.leave()
                self.everything.cancel()
                return "Leaving at once: what has not been removed is named"


StopSource = Callable[[Stop], AbstractAsyncContextManager[None]]
"""While its block lasts it makes requests of the `Stop`."""


@asynccontextmanager
async def open_stop(emit: Emit, source: StopSource) -> AsyncIterator[Stop]:
    """A `Stop` that `source` makes requests of while the block lasts."""
    stop = Stop(emit)
    async with source(stop):
        with stop.everything:
            yield stop
