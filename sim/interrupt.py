"""Signals: the first one stops the run in order, the second interrupts its work, the third leaves.

Trio's own handling of Ctrl-C raises KeyboardInterrupt in whatever code happens to run, clean-up
included; so both signals are received here and become requests.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """What signals have asked for so far.

    Attributes:
        stopping: set by the first signal: no new work.
        work: holds set-up and load; cancelled by the first signal while setting up, else by the second.
        everything: holds the clean-up too; cancelled by the third.
        signal: the first signal that came, None for none.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stopping = trio.Event()
        self.work = trio.CancelScope()
        self.everything = trio.CancelScope()
        self.signal: signal.Signals | None = None
        self.has_work_to_finish = False
        self._say = say
        self._count = 0

    def take(self, received: signal.Signals) -> None:
        """One more signal has come."""
        self._count += 1
        match self._count:
            case 1:
                self.signal = received
                self.stopping.set()
                if self.has_work_to_finish:
                    self._say(
                        "Stopping: workflows may finish, then everything is removed (again: interrupt them)"
                    )
                else:
                    self._say("Stopping: removing what was created")
                    self.work.cancel()
            case 2:
                self._say("Interrupting: removing what was created (again: leave at once)")
                self.work.cancel()
            case _:
                self._say("Leaving at once")
                self.everything.cancel()


@asynccontextmanager
async def open_interrupt(say: Callable[[str], None]) -> AsyncIterator[Interrupt]:
    """Receives signals while the block lasts. Only the main thread's run may open it."""
    interrupt = Interrupt(say)
    with trio.open_signal_receiver(*SIGNALS) as received:
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                async for number in received:
                    interrupt.take(signal.Signals(number))

            nursery.start_soon(watch)
            with interrupt.everything:
                yield interrupt
            nursery.cancel_scope.cancel()
