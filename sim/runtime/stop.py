"""Signals: the first one stops the run in order, the second interrupts its work, the third leaves.

Trio's own handling of Ctrl-C raises KeyboardInterrupt in whatever code happens to run, clean-up
included; so signals are received here and become requests.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from actors.shelter import Shelter

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Received in any case; SIGHUP too, unless it is ignored already."""


class Interrupt:
    """What signals have asked for so far.

    Attributes:
        stopping: set by the first signal: no new work.
        work: holds set-up and load; cancelled by the first signal while setting up, else by the second.
            Requests that are under way then come to their answer under the `shelter`.
        everything: holds the clean-up too; cancelled by the third.
        shelter: the run's own, for whatever sends requests that change something; the third signal opens it.
        signal: the first signal that came, None for none.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stopping = trio.Event()
        self.work = trio.CancelScope()
        self.everything = trio.CancelScope()
        self.shelter = Shelter()
        self.signal: signal.Signals | None = None
        self.has_work_to_finish = False
        self._say = say
        self._count = 0

    def take(self, received: signal.Signals) -> None:
        """One more signal has come. It is carried out before it is told, so telling cannot prevent it.

        A terminal goes only once, though kernel and shell may both say so: SIGHUP only ever counts as
        the first signal.
        """
        if received is signal.SIGHUP and self._count:
            return
        self._count += 1
        match self._count:
            case 1:
                self._stop(received)
            case 2:
                self.work.cancel()
                self._say(
                    "Interrupting: calls under way are awaited, then everything is removed "
                    "(again: leave at once)"
                )
            case _:
                self.shelter.leave()
                self.everything.cancel()
                self._say("Leaving at once: what has not been removed is named")

    def _stop(self, received: signal.Signals) -> None:
        self.signal = received
        self.stopping.set()
        if self.has_work_to_finish:
            self._say("Stopping: workflows may finish, then everything is removed (again: interrupt them)")
        else:
            self.work.cancel()
            self._say("Stopping: removing what was created")


@asynccontextmanager
async def open_interrupt(say: Callable[[str], None]) -> AsyncIterator[Interrupt]:
    """Receives signals while the block lasts; at its end what was done about them before is back.

    Only the main thread's run may open it.
    """
    interrupt = Interrupt(say)
    with trio.open_signal_receiver(*received_signals()) as received:
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                async for number in received:
                    interrupt.take(signal.Signals(number))

            nursery.start_soon(watch)
            with interrupt.everything:
                yield interrupt
            nursery.cancel_scope.cancel()


def received_signals() -> tuple[signal.Signals, ...]:
    """`SIGNALS`, and SIGHUP where it means anything: under nohup it is ignored from the start."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return SIGNALS
    return (*SIGNALS, signal.SIGHUP)
